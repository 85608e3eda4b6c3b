"""What may be left away of a text that is no YAML, so that the rest of it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.job.text.layout import BEGINS, KEY, MARK, is_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.job.text.composing import NotYamlError
    from runner.job.text.guessing import Change

_NAMED = re.compile(rf"""^({MARK}(?:{KEY}|"[^"]*"|'[^']*'):)(?=\s|$)""")
_TOP = re.compile(r"[^\s#\]}-]")


def cuts(text: str, error: NotYamlError) -> Iterator[Change]:
    """Yield a text without a value, a line or what belongs to a line, the least first.

    A key keeps its name where it can: that it is there is known.
    """
    lines = text.split("\n")
    noticed = min(error.noticed.line, len(lines)) - 1
    places = tuple(dict.fromkeys((error.fault.line - 1, noticed)))
    for place in places:
        yield from _without(lines, place, place + 1)
    for place in places:
        yield from _without(lines, place, _end(lines, place))
    for place in _around(lines, places[0]):
        yield _blank(lines, place + 1, _end(lines, place))
        yield from _without(lines, place, _end(lines, place))


def cut_off(text: str, line: int) -> Change:
    """Return a text that ends before the part, at its left edge, in which a line (from 1) stands.

    It has as many lines as before.
    """
    lines = text.split("\n")
    start = line - 1
    while start > 0 and not _TOP.match(lines[start]):
        start -= 1
    return _blank(lines, start, len(lines) - (not lines[-1]))


def _without(lines: list[str], first: int, end: int) -> Iterator[Change]:
    """Yield a text without the value that starts in a line, and without that line."""
    found = _NAMED.match(lines[first])
    rest = next((line for line in lines[end:] if is_content(line)), "")
    is_torn = _indent(rest) > _indent(lines[first]) and not BEGINS.match(rest)
    if found is not None and not is_torn:
        text, places = _blank(lines, first, end, found[1])
        yield text, {**places, first + 1: found.end() + 1}
    yield _blank(lines, first, end)


def _blank(lines: list[str], first: int, end: int, left: str = "") -> Change:
    """Return a text with nothing in some lines, but for what is left of the first."""
    kept = [left, *[""] * (end - first - 1)] if end > first else []
    changed = [*lines[:first], *kept, *lines[end:]]
    return "\n".join(changed), {n + 1: 1 for n in range(first, end) if lines[n]}


def _end(lines: list[str], first: int) -> int:
    """Return the line behind all that is indented more than a line."""
    indent, end = _indent(lines[first]), first + 1
    for number in range(first + 1, len(lines)):
        if is_content(lines[number]):
            if _indent(lines[number]) <= indent:
                break
            end = number + 1
    return end


def _around(lines: list[str], place: int) -> Iterator[int]:
    """Yield the lines that a line belongs to, the nearest first."""
    indent = _indent(lines[place])
    for number in range(place - 1, -1, -1):
        if indent and is_content(lines[number]) and _indent(lines[number]) < indent:
            indent = _indent(lines[number])
            yield number


def _indent(line: str) -> int:
    """Return how many blanks a line starts with as YAML counts them: other blanks are text."""
    return len(line) - len(line.lstrip(" \t"))
