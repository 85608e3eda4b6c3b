"""What a line that is no YAML may have been meant to be: with a quote more, a colon, a blank."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.job.text.composing import NotYamlError

Change: TypeAlias = "tuple[str, Mapping[int, int]]"
"""A changed text, and by line the column from which on it is changed, both from 1."""

_MARK = r"[ \t]*(?:-[ \t]+)*"
_KEY = r"[A-Za-z_][\w-]*"
_BEGINS = re.compile(rf"{_MARK}{_KEY}:(?:\s|$)|[ \t]*-[ \t]")
_GLUED = re.compile(rf"^({_MARK}{_KEY}):(?=\S)")
_GLUED_BULLET = re.compile(r"^([ \t]*)-(?=[^\s-])")
_NO_COLON = re.compile(rf"^({_MARK}{_KEY})[ \t]+(?=[^\s:\"'][^:]*$|([\"']).*\2\s*$)")
_VALUE = re.compile(rf"^({_MARK}(?:{_KEY}:[ \t]+)?)(\S.*?)(\s+#.*)?$")
_TEMPLATES = re.compile(r"""(?<!["'])\{\{[^{}]*\}\}(?!["'])""")
_LEAD = re.compile(_MARK)
_QUOTES: Final = ("'", '"')
_OPENING: Final = ("[", "{")
_PUNCTUATION: Final = ("]", "}", ",", *_QUOTES)
_OPENS_TEXT = re.compile(r"[|>][-+]?[ \t]*$")


def guesses(text: str, error: NotYamlError) -> Iterator[Change]:
    """Yield what may mend a fault, the likeliest first."""
    lines = text.split("\n")
    place = error.fault.line - 1
    for mark in _QUOTES:
        if lines[place][error.fault.column - 1 :].startswith(mark):
            yield from _closed(lines, place, mark)
    for number in dict.fromkeys((place, min(error.noticed, len(lines)) - 1)):
        above = next((each for each in reversed(lines[:number]) if _is_content(each)), "")
        if _OPENS_TEXT.search(above):
            yield _indented(lines, number, _lead(above) + "  ")
        for each in dict.fromkeys((number, max(0, number - 1))):
            key = _NO_COLON.sub(r"\1: ", lines[each])
            yield _changed(lines, each, [key], is_guess=True)
        for line in _lines_for(lines[number], above, error.fault.column - 1):
            yield _changed(lines, number, [line])
        levels = _levels(lines, number)
        if len(levels) == 1:
            yield _changed(lines, number, [" " * levels[0] + lines[number].lstrip()])


def _closed(lines: list[str], place: int, mark: str) -> Iterator[Change]:
    """Yield texts in which a quote is closed before the next line that begins something."""
    for number in dict.fromkeys((_last(lines, place), place)):
        body = [*lines[place:number], lines[number].rstrip() + mark]
        yield _changed(lines, place, body)


def _indented(lines: list[str], first: int, lead: str) -> Change:
    """Return a text in which lines, until something begins, belong to the > or | above."""
    body = [lead + line.lstrip() for line in lines[first : _last(lines, first) + 1]]
    return _changed(lines, first, body)


def _last(lines: list[str], first: int) -> int:
    """Return the last line of a text that starts in a line and goes on until something begins."""
    last = first
    while last + 1 < len(lines) and not _BEGINS.match(lines[last + 1]):
        last += 1
    while last > first and not _is_content(lines[last]):
        last -= 1
    return last


def _changed(lines: list[str], first: int, body: list[str], *, is_guess: bool = False) -> Change:
    """Return a text with other lines from `first` on; of a guess nothing in them is told."""
    places = {
        first + number + 1: 1 if is_guess else _shared(old, new) + 1
        for number, (old, new) in enumerate(zip(lines[first:], body, strict=False))
    }
    text = "\n".join([*lines[:first], *body, *lines[first + len(body) :]])
    return text, places


def _shared(old: str, new: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)))


def _lines_for(line: str, above: str, column: int) -> Iterator[str]:
    """Yield what a line may have been meant to be; `column` is where its fault stands, from 0."""
    indent = len(line) - len(line.lstrip(" \t"))
    if "\t" in line:
        body = line[indent:].replace("\t", " ")
        yield _lead(above) + ("  " if above.rstrip().endswith(":") else "") + body
        for width in (2, 4, 8):
            yield line[:indent].replace("\t", " " * width) + body
    yield _GLUED.sub(r"\1: ", line)
    yield _GLUED_BULLET.sub(r"\1- ", line)
    yield _TEMPLATES.sub(lambda found: _quoted(found[0]), line)
    value = _VALUE.match(line)
    if value and value[2][0] in _OPENING and not value[2].startswith(("{{", "{%")):
        for closing in ("]", "}", "]}", "}]"):
            yield f"{value[1]}{value[2]}{closing}{value[3] or ''}"
        yield f"{line[:column].rstrip()}, {line[column:]}"
    if line[column : column + 1] in _PUNCTUATION:
        yield line[:column] + line[column + 1 :]
    if value:
        yield f"{value[1]}{_quoted(value[2])}{value[3] or ''}"


def _levels(lines: list[str], number: int) -> list[int]:
    """Return the columns, from 0, in which a key (an entry) would go on with what is above it."""
    is_entry = _GLUED_BULLET.sub("- ", lines[number].lstrip()).startswith("- ")
    levels: list[int] = []
    for line in filter(_is_content, reversed(lines[:number])):
        indent = len(line) - len(line.lstrip())
        column = indent if is_entry else len(_lead(line))
        if (not is_entry or line.lstrip().startswith("- ")) and column < min(levels, default=1000):
            levels.append(column)
        if not indent:
            break
    return levels


def _lead(line: str) -> str:
    """Return the blanks that bring the next line below the first word of this one."""
    found = _LEAD.match(line)
    return " " * (found.end() if found else 0)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
