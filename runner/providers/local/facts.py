"""Labels and values that a document states outright, found once while it is indexed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.providers.local.corpus import Block, Document, Fact
from runner.providers.local.lexicon import word_set

LEAD = "(lead paragraph)"
"""The label of a document's first paragraph."""

HEADING = "(main heading)"
"""The label of a document's first heading."""

_LABEL_WORDS = 6
_LABEL_CHARS = 60
_VALUE_CHARS = 600
_ITEM_CHARS = 160
_LINK_WORDS = 4
_EXCERPT_CHARS = 4_000

_LABELLED = re.compile(
    r"^[\s*_•>-]{0,4}(?P<label>[^\W\d_][^:=|\n]{0,58}?)[*_]{0,2}(?:\s*:[*_]{0,2}\s+|\s+[–—]\s+)(?P<value>\S.*)$"
)
_NAMED_URL = re.compile(r"^(?P<label>[^\W\d_][\w :/.&-]{0,40}?), +(?P<url>https?://\S+)$")
_INLINE_BREAK = re.compile(r"\s+[|•·]\s+")
_YEAR = re.compile(r"^(?:FY ?|fiscal year )?(?:1[5-9]|20)\d\d(?:[/-]\d{2,4})?$")
_PERIOD = re.compile(
    r"^(?:fiscal |financial |reporting )?(?:year|period|fy)(?: ended)?$", re.IGNORECASE
)
_ANY_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_AS_OF = re.compile(r"(.+?),? (?:as of|as at|at|on)$", re.IGNORECASE)
_UNIT = re.compile(
    r"^in (?=(?:thousand|million|billion))|^(?=(?:thousand|million|billion)s?\b)", re.IGNORECASE
)
_NUMERIC = re.compile(r"^[\W\d]*\d[\W\d]*$")
_NAMES_A_LABEL = word_set(
    """
    attribute aspect characteristic detail fact feature field indicator item key label measure
    metric parameter property question topic what
    """
)
_NAMES_AN_ENTITY = word_set(
    """
    brand company entity firm market name organisation organization package person product project
    title
    """
)


def extract_facts(document: Document) -> list[Fact]:
    """Return what the document states as label and value, in reading order.

    Front matter and `Label: value` lines, definitions, the cells of tables (about the row's first
    cell, or about the document in a table of labels and values), links (text and URL), the items
    and the first paragraph below a heading (the heading is the label), a heading with nothing
    below it (value ""), and the document's first heading and paragraph.
    """
    found: list[Fact] = []
    seen: set[tuple[str, str, str, str]] = set()
    row: Block | None = None
    cells: dict[str, str] = {}
    for entity, label, value, block in _statements(document.blocks):
        if block is not row:
            row, cells = block, _cells_of_long_row(block)
        section = " > ".join(block.headings)
        for one_label, one_value in _parts(label, value):
            key = (entity, one_label, one_value, section)
            # Said twice, a cell or a link is one statement; lines and items may be counted.
            if key in seen and block.kind not in ("pair", "item"):
                continue
            seen.add(key)
            found.append(
                Fact(
                    document=document.path,
                    title=document.title,
                    entity=entity,
                    label=one_label,
                    value=one_value,
                    excerpt=cells.get(value, block.text),
                    section=section,
                )
            )
    return found


def _cells_of_long_row(block: Block) -> dict[str, str]:
    """Return the text of each cell by its value, where the whole row is too long to quote."""
    if block.kind != "row" or len(block.text) <= _EXCERPT_CHARS:
        return {}
    return {value: f"{header}: {value}" if header else value for header, value in block.cells}


def _statements(blocks: tuple[Block, ...]) -> Iterator[tuple[str, str, str, Block]]:
    """Yield (entity, label, value, block) for every statement of the document."""
    headed = led = False
    announced = ""
    before: Block | None = None
    for place, block in enumerate(blocks):
        found: list[tuple[str, str, str]] = []
        match block.kind:
            case "heading":
                found += _heading(block, first=not headed, empty=_is_empty(blocks, place))
                headed = True
            case "pair" | "definition":
                found += [("", n.strip().rstrip(":"), v.strip()) for n, v in block.cells]
            case "row":
                found += _row(block.cells)
            case "item":
                found += _item(block, announced)
            case "paragraph":
                found += _paragraph(block, before, led=led)
                led = led or any(label == LEAD for _, label, _ in found)
        found += [("", text.strip(), url) for text, url in block.links if _is_link(text, url)]
        for entity, label, value in found:
            yield entity, label, value, block
        if block.kind != "item":
            announced = _announcement(block)
        before = block


def _heading(block: Block, *, first: bool, empty: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what a heading states: the document's name, and a label with nothing below it."""
    if first:
        yield "", HEADING, block.text
    if empty and _is_label(block.text):
        yield "", block.text, ""


def _item(block: Block, announced: str) -> Iterator[tuple[str, str, str]]:
    """Yield what a list's item states: its own labels, and itself below what heads the list."""
    for label, value in _labelled(block.text):
        yield "", label, value
    heading = announced or (block.headings[-1] if block.headings else "")
    if _is_label(heading) and len(block.text) <= _ITEM_CHARS:
        yield "", heading, block.text.strip()


def _paragraph(block: Block, before: Block | None, *, led: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what a paragraph states: its labels; else itself, as the lead or below its heading."""
    labelled = list(_labelled(block.text))
    for label, value in labelled:
        yield "", label, value
    if len(labelled) > 1:
        return  # A list of labels is no text.
    if not led and _is_prose(block.text):
        yield "", LEAD, block.text
    if before and before.kind == "heading" and _is_label(before.text):
        yield "", before.text, block.text[:_VALUE_CHARS]


def _parts(label: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the statement, and what its value states in turn: `Homepage, https://…`, `A :: B`."""
    if not label or len(value) > _VALUE_CHARS * 10:
        return
    yield label, value
    if match := _NAMED_URL.match(value):
        yield match["label"], match["url"]
    if " :: " in value:
        first, rest = value.split(" :: ", 1)
        yield first.strip(), rest.strip()


def _labelled(text: str) -> Iterator[tuple[str, str]]:
    """Yield the `Label: value` lines of a text."""
    if ":" not in text and "–" not in text and "—" not in text:
        return
    for line in text.split("\n"):
        for piece in _INLINE_BREAK.split(line) if " " in line else (line,):
            match = _LABELLED.match(piece)
            if match and _is_label(match["label"]):
                yield match["label"].strip(), match["value"].strip().strip("*_").strip()


def _row(cells: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (entity, label, value) for the cells of a table's row.

    A table whose first column names labels (two columns, or headed `Metric`, `Item`, nothing)
    states facts by row; any other states facts by column, about what the row begins with.
    """
    cells = tuple((header.strip(), cell.strip()) for header, cell in cells)
    if len(cells) < 2:  # noqa: PLR2004 - one cell has no label
        return
    (first_header, first), *rest = cells
    dated = any(_YEAR.match(header) for header, _ in rest)
    by_row = dated or first_header.lower() in _NAMES_A_LABEL or not first_header
    if by_row and not _NUMERIC.match(first):
        unit = _UNIT.sub("", first_header) if _UNIT.search(first_header) else ""
        for header, cell in rest:
            if not cell:
                continue
            if _YEAR.match(header):
                measured = unit and _NUMERIC.match(cell) and "%" not in cell
                yield "", f"{first} {header}", f"{cell} {unit.lower()}" if measured else cell
            else:
                # With one column of values its header names no entity: `| Item | Value |`.
                yield header if len(rest) > 1 else "", first, cell
        return
    if len(rest) == 1 and _is_label(first) and rest[0][1]:
        yield "", first, rest[0][1]
    entity = _entity_of(cells)
    period = next((c for h, c in cells if _YEAR.match(c) and _PERIOD.match(h)), "")
    as_of = {match[1]: cell for header, cell in cells if (match := _AS_OF.match(header))}
    for header, cell in cells:
        if header and cell:
            of = period if cell not in (period, entity) else ""
            of = next(iter(_ANY_YEAR.findall(as_of.get(header, ""))), of)
            yield "" if entity == period else entity, f"{header} {of}".strip(), cell


def _entity_of(cells: tuple[tuple[str, str], ...]) -> str:
    """Return the cell that names what the row is about."""
    for header, cell in cells:
        if cell and set(re.split(r"[\W_]+", header.lower())) & _NAMES_AN_ENTITY:
            return cell
    if _YEAR.match(cells[0][1]):
        return cells[0][1]
    return next((cell for _, cell in cells if cell and not _NUMERIC.match(cell)), cells[0][1])


def _is_label(text: str) -> bool:
    return 0 < len(text) <= _LABEL_CHARS and text.count(" ") < _LABEL_WORDS


def _is_prose(text: str) -> bool:
    """Whether a paragraph is words, not a row of badges or markup that was not understood."""
    letters = sum(c.isalpha() or c.isspace() for c in text)
    marked = text.startswith(("..", "|", "!", "<", ":")) or " • " in text
    return not marked and " " in text and letters > 0.7 * len(text)


def _is_link(text: str, url: str) -> bool:
    return (
        url.startswith(("http://", "https://"))
        and _is_label(text)
        and text.strip().count(" ") < _LINK_WORDS
        and "://" not in text
    )


def _is_empty(blocks: tuple[Block, ...], place: int) -> bool:
    """Whether nothing follows a heading before the next one of its level or above."""
    if place + 1 >= len(blocks):
        return True
    following = blocks[place + 1]
    return following.kind == "heading" and following.level <= blocks[place].level and place > 0


def _announcement(block: Block) -> str:
    """Return the label that a line such as `Key products:` gives to the list below it."""
    text = block.text.strip()
    if block.kind == "paragraph" and text.endswith(":") and _is_label(text[:-1]):
        return text[:-1]
    return ""
