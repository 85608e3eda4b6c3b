"""A report parted into its footnotes, its tables and lists of single lines, and the rest.

Tables and lists come by the thousand rows, and are written straight from their lines; the full
parser sees one line in the place of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from runner.frozen import frozen

STANDS_FOR: Final = "."

# A fence stands at the very start of a line wherever the report has one.
_FENCE = re.compile(r"`{3,}|~{3,}")
_NOTE = re.compile(r"\[\^(\d{1,9})\]: (.*)")
_ROW = re.compile(r"\| .* \|")
_RULE = re.compile(r"\|(?: ---:? \|)+")
# A bar with a backslash before it is none.
_BAR = re.compile(r"(?<!\\)\|")
# Is it the backslash that has a backslash before it, or the bar?
_DISPUTED = re.compile(r"(?<!\\)(?:\\\\)+\|")
# What begins so is one line of text: no list in a list, no heading, no rule.
_ITEM = re.compile(r"- (?:[^\W\d_]|\*\*[^\s*])")
# What may belong to a list that stands before it, or be one.
_LISTED = re.compile(r"[-*+\s]|\d{1,9}[.)]")


@frozen
class Parted:
    """A report in parts.

    Attributes:
        rest: What is left of it.
        tables: The lines of each table, by the number of the line of `rest` that stands for it.
        lists: Likewise of each list.
        notes: The texts of the footnotes, by number.
    """

    rest: str
    tables: Mapping[int, Sequence[str]]
    lists: Mapping[int, Sequence[str]]
    notes: Mapping[str, str]


def parted(markdown: str) -> Parted:
    """Return a report in parts; what is not as the report itself writes it is left in the rest."""
    lines = markdown.split("\n")
    rest: list[str] = []
    tables: dict[int, Sequence[str]] = {}
    lists: dict[int, Sequence[str]] = {}
    notes: dict[str, str] = {}
    fence = ""
    begins, listed = True, False
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif not line or line.isspace():
            begins = True
        elif note := _NOTE.match(line):
            notes.setdefault(note[1], note[2])
            continue
        elif begins and (table := _table(lines, index - 1)):
            tables[len(rest)] = table
            index += len(table) - 1
            line, begins, listed = STANDS_FOR, False, False
        elif begins and not listed and (items := _list(lines, index - 1)):
            lists[len(rest)] = items
            index += len(items) - 1
            line, begins, listed = STANDS_FOR, False, True
        else:
            opening = _FENCE.match(line)
            fence = opening[0] if opening else ""
            if begins:
                begins, listed = False, bool(_LISTED.match(line))
        rest.append(line)
    return Parted(rest="\n".join(rest), tables=tables, lists=lists, notes=notes)


def _table(lines: Sequence[str], start: int) -> Sequence[str]:
    """Return the lines of a table that begins there, [] where it is none of the report's own."""
    if not lines[start].startswith("| "):
        return []
    found = _run(lines, start, _ROW)
    if len(found) < 2 or not _RULE.fullmatch(found[1]):  # noqa: PLR2004 - head and rule
        return []
    columns = _bars(found[0])
    # A list is faster here.
    alike = columns > 0 and all([_bars(row) == columns for row in found])  # noqa: C419
    return found if alike else []


def _list(lines: Sequence[str], start: int) -> Sequence[str]:
    """Return the lines of a list that begins there, [] where they are not all of it."""
    found = _run(lines, start, _ITEM)
    following = start + len(found)
    while following < len(lines) and not lines[following].strip():
        following += 1
    ends = following == len(lines) or not _LISTED.match(lines[following])
    return found if ends else []


def _run(lines: Sequence[str], start: int, kind: re.Pattern[str]) -> Sequence[str]:
    """Return the lines of a kind from there on to a blank one; [] where another one is between."""
    end = start
    while end < len(lines) and lines[end]:
        if not kind.match(lines[end]):
            return []
        end += 1
    return lines[start:end]


def _bars(row: str) -> int:
    """Return how many bars part the cells of a row, 0 where readers of markdown disagree."""
    if "\\" not in row:
        return row.count("|")
    return 0 if _DISPUTED.search(row) else len(_BAR.findall(row))


def cells_of(row: str) -> list[str]:
    """Return the cells of a table's row, as markdown."""
    inner = row[1:-1]
    cells = _BAR.split(inner) if "\\" in inner else inner.split("|")
    return [cell.strip().replace("\\|", "|") for cell in cells]
