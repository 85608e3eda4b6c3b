"""What YAML's own error messages mean in plain words, and what usually caused them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitfall:
    """A syntax error explained: the index it points at, what is wrong, how to mend it."""

    index: int
    message: str
    hint: str | None = None
    width: int = 1


BARE_TEMPLATE = "a value that starts with {{ needs quotes"
BARE_TEMPLATE_HINT = 'write "{{ ... }}": without quotes YAML takes { for the start of a mapping'

_INDENT_HINT = "lines of the same mapping start in the same column"
_TEMPLATE = re.compile(r"(?:[:,\[-][ \t]+|\[|^\s*)(\{\{.*?\}\}|\{\{)")
_GLUED = re.compile(r"^[ \t]*(?:- +)*([A-Za-z_][\w-]*):(?=[^\s/:])")
_BULLET_GLUED = re.compile(r"^[ \t]*(-)[^\s-]")
_MARKED_COLON = re.compile(r":(?=\s|$)")
_QUOTED_REST = re.compile(r"(?:[:,\[-][ \t]+)(['\"])")

_WORDS: tuple[tuple[str, str, str | None], ...] = (
    (
        "found unknown escape character",
        "an unknown escape after a backslash",
        "in double quotes a backslash is written \\\\; in single quotes it stands for itself",
    ),
    (
        "did not find expected hexdecimal",
        "an unfinished escape after a backslash",
        "in double quotes a backslash is written \\\\; in single quotes it stands for itself",
    ),
    (
        "invalid Unicode character escape",
        "an escape that names no character",
        "write the character itself: the file is UTF-8",
    ),
    (
        "did not find expected comment or line break",
        "text after | or > on the same line",
        "start the text on the next line, indented by two spaces",
    ),
    (
        "did not find expected indentation indicator",
        "an indentation of 0 after | or >",
        "leave the number away: the first line of the text sets the indentation",
    ),
    (
        "expected alphabetic or numeric character",
        "a plain value cannot start with * or &",
        'put the value in quotes, as in "*.md"',
    ),
    ("undefined tag handle", "a value cannot start with !", "put the value in quotes"),
    (
        "incompatible YAML document",
        "this version of YAML is not known",
        "leave the %YAML line away",
    ),
    (
        "expected ',' or ']'",
        "a list that starts with [ is not closed, or lacks a comma",
        "separate its entries with commas and close it with ]",
    ),
    (
        "expected ',' or '}'",
        "a mapping that starts with { is not closed, or lacks a comma",
        "separate its entries with commas and close it with }",
    ),
    (
        "expected '-' indicator",
        "this line is not an entry of the list above",
        "start it with - in the column of the others, or indent it by two spaces more",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot start here",
        "put each - on a line of its own, below the key; a text that starts with - needs quotes",
    ),
    ("unexpected document indicator", "--- inside a quoted text", "close the quote before it"),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("more expected indentation", "the indentation of this text shrinks", _INDENT_HINT),
    ("expected <document start>", "this line does not belong to the text above", _INDENT_HINT),
)


def explain(text: str, problem: str, index: int, context: int | None) -> Pitfall:
    """Return a YAML parser's error in plain words.

    Args:
        text: The whole file.
        problem: What the parser says.
        index: Where it noticed.
        context: Where the construct it was reading starts, if it says so.
    """
    index = min(index, len(text))
    start = text.rfind("\n", 0, index) + 1
    line = text[start:].split("\n", 1)[0]
    return (
        _tab(text, start, line, index)
        or _bare_template(start, line)
        or _colon(text, start, line, index, problem)
        or _unclosed(text, problem, context)
        or _after_quote(line, start, index, problem)
        or _by_words(text, problem, index, context)
    )


def _tab(text: str, start: int, line: str, index: int) -> Pitfall | None:
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    at = indent.find("\t")
    if at < 0 and text[index : index + 1] != "\t":
        return None
    return Pitfall(
        index=start + at if at >= 0 else index,
        message="a tab where YAML wants spaces",
        hint="indent with spaces; most editors can do so for you",
    )


def _bare_template(start: int, line: str) -> Pitfall | None:
    match = _TEMPLATE.search(line)
    if match is None or line.count('"', 0, match.start(1)) % 2:
        return None
    return Pitfall(
        index=start + match.start(1),
        width=len(match[1]),
        message=BARE_TEMPLATE,
        hint=BARE_TEMPLATE_HINT,
    )


def _colon(text: str, start: int, line: str, index: int, problem: str) -> Pitfall | None:
    """Explain a colon that YAML did not expect, or did not find."""
    if not problem.startswith(("mapping values are not allowed", "could not find expected ':'")):
        return None
    for line_start, candidate in _with_line_before(text, start, line):
        if glued := _GLUED.match(candidate):
            return Pitfall(
                index=line_start + glued.end(1),
                message=f"no space after the colon of {glued[1]}",
                hint=f"write {glued[1]}: and then a space",
            )
        if bullet := _BULLET_GLUED.match(candidate):
            return Pitfall(
                index=line_start + bullet.start(1),
                message="no space after the dash",
                hint="write - and then a space",
            )
    if problem.startswith("could not"):
        return Pitfall(
            index=start + len(line) - len(line.lstrip()),
            width=len(line.strip()),
            message="this line has no colon, and belongs to no text above",
            hint="write key: value; a text of several lines starts with > and is indented",
        )
    colons = [match.start() for match in _MARKED_COLON.finditer(line)]
    if len(colons) > 1 and start + colons[0] < index:
        return Pitfall(
            index=index,
            message="a second colon in a value without quotes",
            hint='put the value in quotes: key: "a: b"',
        )
    return Pitfall(
        index=index,
        message="a key cannot stand here",
        hint=f"{_INDENT_HINT}; a key with a value of its own has no keys below it",
    )


def _with_line_before(text: str, start: int, line: str) -> list[tuple[int, str]]:
    if not start:
        return [(start, line)]
    before = text.rfind("\n", 0, start - 1) + 1
    return [(before, text[before : start - 1]), (start, line)]


def _unclosed(text: str, problem: str, context: int | None) -> Pitfall | None:
    """Explain a quote that is never closed."""
    if (
        "end of stream" not in problem
        or context is None
        or text[context : context + 1] not in "'\""
    ):
        return None
    mark = text[context : context + 1]
    name = "double" if mark == '"' else "single"
    return Pitfall(
        index=context,
        message=f"a {name} quote is opened and never closed",
        hint=f"close it with {mark}; inside single quotes an apostrophe is written ''",
    )


def _after_quote(line: str, start: int, index: int, problem: str) -> Pitfall | None:
    """Explain text that follows a closing quote."""
    if "did not find expected key" not in problem or not _QUOTED_REST.search(line[: index - start]):
        return None
    return Pitfall(
        index=index,
        message="text after a closing quote",
        hint="quote the whole value; inside single quotes an apostrophe is written ''",
    )


def _by_words(text: str, problem: str, index: int, context: int | None) -> Pitfall:
    if problem.startswith("found character that cannot start any token"):
        found = text[index : index + 1]
        return Pitfall(
            index=index,
            message=f"a value without quotes cannot start with {found}",
            hint="put the value in quotes",
        )
    if "did not find expected key" in problem:
        return Pitfall(index=index, message="a key is expected here", hint=_INDENT_HINT)
    if "expected node content" in problem:
        return Pitfall(
            index=index,
            message=f"a value without quotes cannot start with {text[index : index + 1]}",
            hint="put the value in quotes, or remove the character",
        )
    for words, message, hint in _WORDS:
        if words in problem:
            unclosed = context is not None and "not closed" in message
            return Pitfall(
                index=context if unclosed and context is not None else index,
                message=message,
                hint=hint,
            )
    return Pitfall(index=index, message=f"this is not YAML: {problem}", hint=_INDENT_HINT)
