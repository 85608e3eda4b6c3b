"""What a line that is no YAML may have been meant to be: with a quote more, a colon, a blank."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from runner.job.text.brackets import comma_added, missing_brackets
from runner.job.text.layout import BEGINS, KEY, MARK, indent_of, is_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.job.text.composing import NotYamlError

Change: TypeAlias = "tuple[str, Mapping[int, int]]"
"""A changed text, and by line the column from which on it is changed, both from 1."""

_STARTS = re.compile(rf"{MARK}{KEY}:|[ \t]*-")
_GLUED = re.compile(rf"^({MARK}{KEY}):(?=[^ \t\r\n])")
_GLUED_BULLET = re.compile(r"^([ \t]*)-(?=[^\s-])")
_NO_COLON = re.compile(rf"^({MARK}{KEY})[ \t]+(?=[^\s:\"'][^:]*$|([\"']).*\2\s*$)")
_OTHER_COLON = re.compile(rf"^({MARK}{KEY})[ \t]*(?:=+>?|->|;|[：﹕︓])[ \t]*(?=\S)")
_DRESSED_KEY = re.compile(rf"^({MARK})[@*`%!&“”\"']+({KEY})[*`“”\"']*\s*:[*`]*")
_FOREIGN_COMMENT = re.compile(r"^[ \t]*(?:/[/*]|--[ \t]|;).*")
_LIST_BESIDE = re.compile(rf"^({MARK}{KEY}:)[ \t]+-[ \t]+(.*)")
_OTHER_BULLET = re.compile(r"^([ \t]*)(?:[*•·–—+](?=\s)|--(?=\s))")
_ODD_BLANKS = re.compile(r"^[^\S\r\n]+")
_VALUE = re.compile(rf"^({MARK}(?:{KEY}:[ \t]+)?)(\S.*?)(\s+#.*)?$")
_TEMPLATES = re.compile(r"""(?<!["'])\{\{[^{}]*\}\}(?!["'])""")
_LEAD = re.compile(MARK)
_QUOTES: Final = ("'", '"')
_OPENING: Final = ("[", "{")
_PUNCTUATION: Final = ("]", "}", ",", *_QUOTES)
_OPENS_TEXT = re.compile(r"[|>][-+]?[ \t]*$")
_SENTENCE = re.compile(rf"^({MARK}(?:{KEY}:[ \t]+)?)[|>][-+]?[ \t]*(\S.*)$")
_TABBED = re.compile(r"[ ]*\t[ \t]*(?=\S)")
_CONFLICT: Final = ("<<<<<<<", "=======", ">>>>>>>")


def guesses(text: str, error: NotYamlError) -> Iterator[Change]:
    """Yield what may mend a fault, the likeliest first."""
    lines = text.split("\n")
    place = error.fault.line - 1
    if lines[place].startswith(_CONFLICT[0]):
        yield _resolved(lines, place)
    for mark in _QUOTES:
        if lines[place][error.fault.column - 1 :].startswith(mark):
            yield from _closed(lines, place, mark)
    if _TABBED.match(lines[place]):
        yield from _untabbed(lines, place)
        return
    noticed = min(error.noticed.line, len(lines)) - 1
    begun = error.begun - 1
    for number, line in missing_brackets(lines, begun, noticed):
        yield _changed(lines, number, [line])
    for number, line in comma_added(lines, begun, noticed, error.noticed.column - 1):
        yield _changed(lines, number, [line])
    for number in dict.fromkeys((place, noticed)):
        yield from _for_line(lines, number, error)


def _for_line(lines: list[str], number: int, error: NotYamlError) -> Iterator[Change]:
    """Yield what may mend a fault that comes from a line or from the one before."""
    above = next((each for each in reversed(lines[:number]) if is_content(each)), "")
    if _OPENS_TEXT.search(above):
        yield _indented(lines, number, _lead(above) + "  ")
    elif (opener := _opener(lines, number)) is not None:
        yield _indented(lines, number, opener)
    for each in dict.fromkeys((number, max(0, number - 1))):
        for key in (_NO_COLON.sub(r"\1: ", lines[each]), _OTHER_COLON.sub(r"\1: ", lines[each])):
            yield _changed(lines, each, [key], is_guess=True)
    for line in _lines_for(lines[number], error.fault.column - 1):
        yield _changed(lines, number, [line])
    if sentence := _SENTENCE.match(lines[number]):
        last = _block_end(lines, number, 1) - 1
        body = _quoted("\n".join([sentence[2], *lines[number + 1 : last + 1]]))
        yield _changed(lines, number, (sentence[1] + body).split("\n"))
    yield from _for_column(lines, number)


def _for_column(lines: list[str], number: int) -> Iterator[Change]:
    """Yield what may mend a line that starts in a wrong column, or with no dash."""
    for each in dict.fromkeys((number, max(0, number - 1))):
        if _is_beside_entries(lines, each):
            dashed = f"{' ' * indent_of(lines[each])}- {lines[each].lstrip()}"
            yield _changed(lines, each, [dashed])
    if lines[number].lstrip().startswith("- "):
        yield from _first_dashed(lines, number)
    glued = _GLUED_BULLET.sub(r"\1- ", lines[number])
    if glued != lines[number]:
        end = _block_end(lines, number, 1)
        yield _changed(lines, number, [glued, *_moved(lines[number + 1 : end], 1)])
    levels = _levels(lines, number) if _STARTS.match(lines[number]) else []
    for level in levels:
        yield _shifted(lines, number, level, number + 1)
        yield _shifted(lines, number, level, _block_end(lines, number))
    last = max((n for n in range(number) if is_content(lines[n])), default=number)
    if levels and last < number:
        # The line before may be the one that starts in a wrong column.
        by = indent_of(lines[number]) - len(_lead(lines[last]))
        yield _shifted(lines, last, indent_of(lines[last]) + by, last + 1)
    if not _STARTS.match(lines[number]):
        # It may be a remark, or what something else left there.
        yield _changed(lines, number, [""], is_guess=True)


def _first_dashed(lines: list[str], number: int) -> Iterator[Change]:
    """Yield a text with a dash for the entry that stands before the one in a line."""
    column = indent_of(lines[number])
    first = number
    while first and (not is_content(lines[first - 1]) or indent_of(lines[first - 1]) > column):
        first -= 1
    last = next((each for each in reversed(lines[:number]) if is_content(each)), "")
    is_entry = any(each.lstrip().startswith("- ") for each in (lines[first], last))
    if indent_of(lines[first]) == column + 2 and not is_entry:
        yield _changed(lines, first, [" " * column + "- " + lines[first].lstrip()])


def _closed(lines: list[str], place: int, mark: str) -> Iterator[Change]:
    """Yield texts in which a quote is closed before the next line that begins something."""
    for number in dict.fromkeys((_last(lines, place), place)):
        body = [*lines[place:number], lines[number].rstrip() + mark]
        yield _changed(lines, place, body)


def _untabbed(lines: list[str], first: int) -> Iterator[Change]:
    """Yield texts in which lines one below the other are indented with spaces, not with tabs."""
    last = first
    while last + 1 < len(lines) and _TABBED.match(lines[last + 1]):
        last += 1
    run = lines[first : last + 1]
    above = next((each for each in reversed(lines[:first]) if is_content(each)), "")
    is_below = above.rstrip().endswith(":") or _OPENS_TEXT.search(above)
    base = len(_lead(above)) + (2 if is_below else 0)
    depth = _TABBED.match(run[0])
    tabs = depth[0].count("\t") if depth else 0
    for start, width in ((base, 2), (2 * tabs, 2), (4 * tabs, 4), (8 * tabs, 8)):
        yield _changed(lines, first, [_spaced(line, start - width * tabs, width) for line in run])


def _spaced(line: str, least: int, width: int) -> str:
    """Return a line with so many spaces for each tab that it starts with, and `least` before."""
    found = _TABBED.match(line)
    tabs = found[0].count("\t") if found else 0
    return " " * max(0, least + width * tabs) + line.strip().replace("\t", " ")


def _resolved(lines: list[str], place: int) -> Change:
    """Return a text with the first version of what two people changed."""
    changes: dict[int, int] = {}
    is_second = False
    kept = list(lines)
    end = next((n for n in range(place, len(lines)) if lines[n].startswith(_CONFLICT[2])), place)
    for number in range(place, end + 1):
        is_mark = lines[number].startswith(_CONFLICT)
        is_second = is_second or lines[number].startswith(_CONFLICT[1])
        if is_mark or is_second:
            kept[number] = ""
            changes[number + 1] = 1
    return "\n".join(kept), changes


def _indented(lines: list[str], first: int, lead: str) -> Change:
    """Return a text in which lines, until something begins, belong to the > or | above."""
    body = [lead + line.lstrip() for line in lines[first : _last(lines, first) + 1]]
    return _changed(lines, first, body)


def _opener(lines: list[str], number: int) -> str | None:
    """Return how the text of the > or | is indented that ends above a line; None for no such."""
    lead = ""
    for line in filter(is_content, reversed(lines[:number])):
        if _OPENS_TEXT.search(line) and lead:
            return lead
        if BEGINS.match(line):
            return None
        lead = " " * indent_of(line)
    return None


def _last(lines: list[str], first: int) -> int:
    """Return the last line of a text that starts in a line and goes on until something begins."""
    last = first
    while last + 1 < len(lines) and not BEGINS.match(lines[last + 1]):
        last += 1
    while last > first and not is_content(lines[last]):
        last -= 1
    return last


def _changed(lines: list[str], first: int, body: list[str], *, is_guess: bool = False) -> Change:
    """Return a text with other lines from `first` on; of a guess nothing in them is told."""
    places = {
        first + number + 1: 1 if is_guess else _shared(old, new) + 1
        for number, (old, new) in enumerate(zip(lines[first:], body, strict=False))
        if old != new
    }
    text = "\n".join([*lines[:first], *body, *lines[first + len(body) :]])
    return text, places


def _shared(old: str, new: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)))


def _lines_for(line: str, column: int) -> Iterator[str]:
    """Yield what a line may have been meant to be; `column` is where its fault stands, from 0."""
    if "\t" in line:
        yield line.replace("\t", " ")
    yield _ODD_BLANKS.sub(lambda found: " " * len(found[0]), line)
    yield _GLUED.sub(r"\1: ", line)
    yield _GLUED_BULLET.sub(r"\1- ", line)
    yield _OTHER_BULLET.sub(r"\1-", line)
    yield _FOREIGN_COMMENT.sub("", line)
    yield _LIST_BESIDE.sub(r"\1 \2", line)
    yield _LIST_BESIDE.sub(r"\1", line)
    yield _DRESSED_KEY.sub(r"\1\2:", line)
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
    """Return the columns, from 0, in which a key (an entry) would go on with what is above it.

    Those are first that are nearest to where it stands.
    """
    is_entry = _GLUED_BULLET.sub("- ", lines[number].lstrip()).startswith("- ")
    levels: list[int] = []
    for line in filter(is_content, reversed(lines[:number])):
        indent = indent_of(line)
        column = indent if is_entry else len(_lead(line))
        if (not is_entry or line.lstrip().startswith("- ")) and column < min(levels, default=1000):
            levels.append(column)
        if not indent:
            break
    return sorted(levels, key=lambda level: abs(level - indent_of(lines[number])))


def _shifted(lines: list[str], first: int, level: int, end: int) -> Change:
    """Return a text in which lines are moved so that the first of them starts at a level."""
    return _changed(lines, first, _moved(lines[first:end], level - indent_of(lines[first])))


def _moved(lines: list[str], by: int) -> list[str]:
    """Return lines that are indented more, or less."""
    return [
        " " * max(0, indent_of(line) + by) + line.lstrip() if line.strip() else line
        for line in lines
    ]


def _block_end(lines: list[str], first: int, more: int = 0) -> int:
    """Return the line behind those that are indented as much as a line, or so much more."""
    least, end = max(1, indent_of(lines[first]) + more), first + 1
    while end < len(lines) and (not is_content(lines[end]) or indent_of(lines[end]) >= least):
        end += 1
    return end


def _is_beside_entries(lines: list[str], number: int) -> bool:
    """Return whether a line is no entry, and starts in the column of an entry beside it."""
    indent = indent_of(lines[number])
    if not is_content(lines[number]) or lines[number].lstrip().startswith("-"):
        return False
    beside = (reversed(lines[:number]), iter(lines[number + 1 :]))
    for each in beside:
        for line in filter(is_content, each):
            if indent_of(line) <= indent:
                if indent_of(line) == indent and line.lstrip().startswith("- "):
                    return True
                break
    return False


def _lead(line: str) -> str:
    """Return the blanks that bring the next line below the first word of this one."""
    found = _LEAD.match(line)
    return " " * (found.end() if found else 0)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
