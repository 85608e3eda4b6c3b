"""HTML tables: rows with their column headers, spans unfolded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from runner.providers.local.readers.reading import BREAK, BlockBuilder, row_text, tidy

_LAYOUT: Final = ("table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "form")
_UNREAD: Final = frozenset(("script", "style", "template", "noscript", "svg", "select"))
_WIDEST = 200
_LONGEST = 5000
_SEPARATE: Final = frozenset(("p", "div", "li", "tr", "ul", "ol", "section", "blockquote", "dd"))


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    header: bool
    columns: int
    rows: int
    links: tuple[tuple[str, str], ...]


def is_layout(table: etree._Element) -> bool:
    """Return whether a table only places other things on the page."""
    if table.get("role") in ("presentation", "none"):
        return True
    inside = table.iter(*_LAYOUT)
    next(inside)
    return next(inside, None) is not None


def add_table(builder: BlockBuilder, table: etree._Element) -> None:
    """Add a table's caption and rows.

    A header is the rows of `thead`, else a first row of nothing but `th`. A row of one `th` and
    one `td` is a definition; a table of one column is a list.
    """
    for caption in table.iter("caption"):
        builder.add("paragraph", _content(caption)[0].replace("\n", " "))
    header: list[str] = []
    for row, heads in _grid(table):
        if heads and (len(row) > 1 or header):
            header = _joined(header, row)
            continue
        _add_row(builder, header, row)
    if header and not builder:
        builder.add("row", row_text([("", name) for name in header]))


def _add_row(builder: BlockBuilder, header: Sequence[str], row: Sequence[_Cell]) -> None:
    links = [link for cell in row for link in cell.links]
    texts = [cell.text for cell in row]
    if not header and len(row) == 2 and row[0].header and not row[1].header and all(texts):  # noqa: PLR2004 - label and value
        label, value = texts[0].rstrip(" :"), texts[1].replace("\n", "; ")
        builder.add("definition", f"{label}: {value}", cells=[(label, value)], links=links)
        return
    if len(row) == 1:
        builder.add("item", texts[0], links=links)
        return
    names = [*header, *[""] * (len(row) - len(header))]
    cells = []
    for name, text in zip(names, texts, strict=False):
        if text:
            cells.append((name, text.replace("\n", "; ")))
    builder.add("row", row_text(cells), cells=cells, links=links)


def _joined(header: list[str], row: Sequence[_Cell]) -> list[str]:
    """Return the header with another header row beneath it."""
    if not header:
        return [cell.text.replace("\n", " ") for cell in row]
    width = max(len(header), len(row))
    upper = [*header, *[""] * (width - len(header))]
    lower = [*(cell.text for cell in row), *[""] * (width - len(row))]
    return [
        above if above == below or not below else f"{above} {below}".strip()
        for above, below in zip(upper, lower, strict=True)
    ]


def _grid(table: etree._Element) -> Iterator[tuple[list[_Cell], bool]]:
    """Yield each row with spanned cells repeated, and whether it is part of the header."""
    hanging: dict[int, tuple[int, _Cell]] = {}
    started = False
    for line in table.iter("tr"):
        cells = [_cell(child) for child in line if child.tag in ("td", "th")]
        if not cells:
            continue
        row: list[_Cell] = []
        for cell in cells:
            _hang(hanging, row)
            for column in range(len(row), min(len(row) + cell.columns, _WIDEST)):
                row.append(cell)
                if cell.rows > 1:
                    hanging[column] = (cell.rows - 1, cell)
        _hang(hanging, row)
        parent = line.getparent()
        in_head = parent is not None and parent.tag == "thead"
        all_heads = all(cell.header for cell in cells)
        if len(cells) == 1 and cells[0].columns > 1:
            row = row[:1]
            in_head = all_heads = False
        heads = in_head or (all_heads and not started)
        started = started or not heads
        if any(cell.text for cell in row):
            yield row, heads


def _hang(hanging: dict[int, tuple[int, _Cell]], row: list[_Cell]) -> None:
    """Append the cells that reach down from earlier rows into the next columns."""
    while len(row) in hanging and len(row) < _WIDEST:
        left, cell = hanging[len(row)]
        if left > 1:
            hanging[len(row)] = (left - 1, cell)
        else:
            del hanging[len(row)]
        row.append(cell)


def _cell(element: etree._Element) -> _Cell:
    text, links = _content(element)
    return _Cell(
        text=text,
        header=element.tag == "th",
        columns=_span(element.get("colspan"), _WIDEST),
        rows=_span(element.get("rowspan"), _LONGEST),
        links=links,
    )


def _span(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() else 1


def _content(element: etree._Element) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a cell's text, its inner blocks on lines of their own, and its links."""
    if not len(element):
        return tidy(element.text or ""), ()
    parts: list[str] = [element.text or ""]
    links: list[tuple[str, str]] = []
    events = etree.iterwalk(element, events=("start", "end"))
    for event, inner in events:
        if inner is element:
            continue
        tag = inner.tag
        if event == "start":
            if tag in _UNREAD:
                events.skip_subtree()
                continue
            if tag == "br" or tag in _SEPARATE:
                parts.append(BREAK)
            if tag == "a" and (href := inner.get("href")) and not href.startswith("#"):
                links.append((tidy("".join(inner.itertext())), href))
            parts.append(inner.text or "")
        else:
            if tag in _SEPARATE:
                parts.append(BREAK)
            parts.append(inner.tail or "")
    return tidy("".join(parts)), tuple(links)
