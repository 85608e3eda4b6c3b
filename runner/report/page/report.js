// Sorts tables, and shows what a figure rests on where it is hovered or focused. Without it the
// report reads the same: the numbers lead to the notes at its end.
"use strict";

const tip = document.getElementById("tip");
let anchor = null;

function notesOf(target) {
  return [...target.querySelectorAll("a.ref"), ...(target.matches("a.ref") ? [target] : [])]
    .map((ref) => document.getElementById(ref.hash.slice(1)))
    .filter((note) => note !== null);
}

function show(target) {
  const notes = notesOf(target);
  if (notes.length === 0 || target === anchor) return;
  anchor = target;
  tip.replaceChildren(...notes.flatMap((note) => [...note.cloneNode(true).childNodes]));
  for (const copy of tip.querySelectorAll("[id]")) copy.removeAttribute("id");
  tip.hidden = false;
  const place = target.getBoundingClientRect();
  const page = document.documentElement;
  const left = Math.min(place.left, page.clientWidth - tip.offsetWidth - 8);
  const below = place.bottom + tip.offsetHeight + 4 < page.clientHeight;
  const top = below || place.top < tip.offsetHeight + 4 ? place.bottom : place.top - tip.offsetHeight;
  tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
  tip.style.top = `${top + window.scrollY}px`;
}

function hide() {
  anchor = null;
  tip.hidden = true;
}

function figureAt(node) {
  const cell = node.closest("td");
  return cell !== null && cell.querySelector("a.ref") !== null ? cell : node.closest("a.ref");
}

document.addEventListener("mouseover", (event) => {
  if (tip.contains(event.target)) return;
  const figure = figureAt(event.target);
  if (figure !== null) show(figure);
  else if (!(anchor instanceof Element && anchor.contains(document.activeElement))) hide();
});
document.addEventListener("focusin", (event) => {
  const ref = event.target.closest("a.ref");
  if (ref !== null) show(ref);
  else if (!tip.contains(event.target)) hide();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
});

function keyOf(row, column) {
  const cell = row.cells[column].cloneNode(true);
  for (const mark of cell.querySelectorAll("sup")) mark.remove();
  const text = cell.textContent.trim();
  const number = parseFloat(text.replace(/^[^\d+.-]+/, "").replace(/,(?=\d{3})/g, ""));
  return { text, number, empty: text === "" || text === "—" };
}

function compare(a, b, numeric) {
  if (numeric && !Number.isNaN(a.number) && !Number.isNaN(b.number)) return a.number - b.number;
  return a.text.localeCompare(b.text, undefined, { numeric: true });
}

function sort(table, column) {
  const head = table.tHead.rows[0].cells[column];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const numeric = head.classList.contains("n");
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column), row]);
  // What is empty stays last, whichever way the others go.
  rows.sort(([a], [b]) => a.empty - b.empty || (up ? 1 : -1) * compare(a, b, numeric));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table")) {
  if (table.tBodies.length === 0 || table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, column));
  });
}
