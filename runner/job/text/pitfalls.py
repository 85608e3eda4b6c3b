"""What YAML's own error messages mean in plain words, and what usually caused them."""

from __future__ import annotations

import re

from runner.job.schemas.meant import BARE_TEMPLATE, BARE_TEMPLATE_HINT
from runner.job.text.brackets import explain_brackets
from runner.job.text.complaint import Complaint, Pitfall
from runner.job.text.foreign import (
    explain_comment,
    explain_conflict,
    explain_other_colon,
    explain_stars,
)

INDENTATION = "keys of the same mapping start in the same column"
"""What a hint says where a line may start in a wrong column."""

_TEMPLATE = re.compile(r"(?:[:,\[-][ \t]+|\[|^\s*)(\{\{.*?\}\}|\{\{|\{%)")
_GLUED = re.compile(r"^[ \t]*(?:- +)*([A-Za-z_][\w-]*):(?=[^ \t\r\n/:])")
_BULLET_GLUED = re.compile(r"^[ \t]*(-)[^\s-]")
_TABBED_LINES = re.compile(r"(?:\r?\n *\t[^\n\r]*)+")
_MARKED_COLON = re.compile(r":(?=\s|$)")
# A text in quotes that goes on over a line with a key has most likely lost its closing quote.
_SWALLOWED = re.compile(r"\n[ \t]*(?:- +)?[A-Za-z_][\w-]*:(?:[ \t]|\r?\n)")
_INSIDE_SINGLE = "inside single quotes an apostrophe is written ''"
_INSIDE_DOUBLE = 'inside double quotes a quote is written \\"'

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
        "start the text on the next line, indented; a text that starts with > or | needs quotes",
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
        "mapping keys are not allowed",
        "a value without quotes cannot start with ?",
        "put the value in quotes",
    ),
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
        "start it with - in the column of the others, or line it up with the keys above it",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot start here",
        "put each - on a line of its own, below the key; a text that starts with - needs quotes",
    ),
    ("unexpected document indicator", "--- inside a quoted text", "close the quote before it"),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("maximum nesting depth", "values are nested more than 100 deep", "flatten the structure"),
    ("did not find expected key", "a key is expected here", INDENTATION),
    ("more expected indentation", "the indentation of this text shrinks", INDENTATION),
    ("expected <document start>", "this line does not belong to the text above", INDENTATION),
)


def explain(
    text: str, problem: str, index: int, context: int | None, quoted: tuple[int, int]
) -> Pitfall:
    """Return a YAML parser's error in plain words.

    Args:
        text: The whole file.
        problem: What the parser says.
        index: Where it noticed.
        context: Where the construct it was reading starts, if it says so.
        quoted: Where the last value in quotes starts and ends; 0 and 0 if there is none.
    """
    index = min(index, len(text))
    start = text.rfind("\n", 0, index) + 1
    complaint = Complaint(
        text=text,
        words=problem,
        index=index,
        context=context,
        quoted=quoted,
        start=start,
        line=text[start:].split("\n", 1)[0],
    )
    for explanation in _EXPLANATIONS:
        if (found := explanation(complaint)) is not None:
            return found
    return _by_words(complaint)


def _tab(complaint: Complaint) -> Pitfall | None:
    line = complaint.line
    at = line[: len(line) - len(line.lstrip(" \t"))].find("\t")
    if at < 0 and complaint.character != "\t":
        return None
    after = _TABBED_LINES.match(complaint.text, complaint.start + len(line)) if at >= 0 else None
    count = after[0].count("\n") if after else 0
    also = f", as in the next {count} lines" if count > 1 else ", as in the next line"
    return Pitfall(
        index=complaint.start + at if at >= 0 else complaint.index,
        message=f"a tab where YAML wants spaces{also if count else ''}",
        hint="indent with spaces; most editors can do so for you",
    )


def _bare_template(complaint: Complaint) -> Pitfall | None:
    match = _TEMPLATE.search(complaint.line)
    if match is None or complaint.line.count('"', 0, match.start(1)) % 2:
        return None
    return Pitfall(
        index=complaint.start + match.start(1),
        width=len(match[1]),
        message=BARE_TEMPLATE,
        hint=BARE_TEMPLATE_HINT,
    )


def _colon(complaint: Complaint) -> Pitfall | None:
    """Explain a colon that YAML did not expect, or did not find."""
    is_missing = complaint.words.startswith("could not find expected ':'")
    if not is_missing and not complaint.words.startswith("mapping values are not allowed"):
        return None
    if (found := _glued(complaint)) is not None:
        return found
    if is_missing:
        # The parser notices on the next line; the word that lacks its colon is in its context.
        begin = complaint.index if complaint.context is None else complaint.context
        return _has_no_colon(begin, complaint.text[begin:].split("\n", 1)[0].rstrip())
    line, start, index = complaint.line, complaint.start, complaint.index
    colons = [match.start() for match in _MARKED_COLON.finditer(line)]
    if len(colons) > 1 and start + colons[0] < index:
        return Pitfall(
            index=index,
            message="a second colon in a value without quotes",
            hint='put the value in quotes: key: "a: b"',
        )
    indent = len(line) - len(line.lstrip())
    begun, before = complaint.before
    word = before.lstrip()
    if word and len(before) - len(word) == indent and not _MARKED_COLON.search(before):
        return _has_no_colon(begun + indent, word)
    return Pitfall(
        index=start + indent,
        width=max(1, index - start - indent),
        message="a key cannot stand here",
        hint=f'{INDENTATION}; a text that holds ": " needs quotes, or > before it',
    )


def _has_no_colon(index: int, line: str) -> Pitfall:
    return Pitfall(
        index=index,
        width=len(line),
        message="this line has no colon, and belongs to no text above",
        hint="write key: value; a text of several lines starts with > and is indented",
    )


def _glued(complaint: Complaint) -> Pitfall | None:
    """Explain a missing space after a colon or a dash, in this line or the one before."""
    text, start = complaint.text, complaint.start
    before = text.rfind("\n", 0, max(0, start - 1)) + 1
    lines = [(before, text[before : max(0, start - 1)]), (start, complaint.line)]
    found = (_glued_in(line, at) for at, line in (lines if start else lines[1:]))
    return next(filter(None, found), None)


def _glued_in(line: str, start: int) -> Pitfall | None:
    if glued := _GLUED.match(line):
        return Pitfall(
            index=start + glued.end(1),
            message=f"no space after the colon of {glued[1]}",
            hint=f"write {glued[1]}: and then a space",
        )
    if bullet := _BULLET_GLUED.match(line):
        return Pitfall(
            index=start + bullet.start(1),
            message="no space after the dash",
            hint="write - and then a space",
        )
    return None


def _unclosed(complaint: Complaint) -> Pitfall | None:
    """Explain a quote that is never closed."""
    context, words = complaint.context, complaint.words
    if context is None:
        return None
    is_key = words.startswith("could not find expected ':'")
    is_swallowed = is_key and _SWALLOWED.search(complaint.text, context, complaint.index)
    if "end of stream" not in words and not is_swallowed:
        return None
    mark = complaint.text[context : context + 1]
    if mark not in ("'", '"'):
        return None
    return _never_closed(context, mark)


def _never_closed(index: int, mark: str) -> Pitfall:
    is_double = mark == '"'
    return Pitfall(
        index=index,
        message=f"a {'double' if is_double else 'single'} quote is opened and never closed",
        hint=f"close it with {mark}; {_INSIDE_DOUBLE if is_double else _INSIDE_SINGLE}",
    )


def _after_quote(complaint: Complaint) -> Pitfall | None:
    """Explain text that follows a closing quote, or that a quote too few makes follow one."""
    start, end = complaint.quoted
    text = complaint.text
    if not end or text[end : complaint.index].strip() or not complaint.character.strip():
        return None
    found = re.search(r"did not find expected (key|',')", complaint.words)
    if found is None or (found[1] != "key" and complaint.character in "\"'"):
        return None
    if _SWALLOWED.search(text, start, end):
        return _never_closed(start, text[start])
    rest = text[end:].split("\n", 1)[0]
    if rest.lstrip()[:1] in ("", ",", "]", "}", "#") or "\n" in text[end : complaint.index]:
        return None
    single = "put the whole value in single quotes"
    hint = single if text[start] == '"' else f"quote the whole value; {_INSIDE_SINGLE}"
    return Pitfall(index=complaint.index, message="text after a closing quote", hint=hint)


def _outdented(complaint: Complaint) -> Pitfall | None:
    """Explain a line of text that is indented less than the text it belongs to."""
    line = complaint.line.rstrip()
    is_start = not complaint.text[complaint.start : complaint.index].strip()
    if "did not find expected key" not in complaint.words or not is_start:
        return None
    if _MARKED_COLON.search(line) or line.lstrip().startswith("-"):
        return None
    return Pitfall(
        index=complaint.index,
        width=len(line.lstrip()),
        message="this line has no colon, and belongs to no text above",
        hint="lines of one text are indented alike; a key is written key: value",
    )


def _end_of_document(complaint: Complaint) -> Pitfall | None:
    """Explain a line that makes YAML end, or begin again."""
    if "expected <document start>" not in complaint.words:
        return None
    lines = complaint.text[: complaint.start].split("\n")
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number].rstrip()
        start = sum(len(each) + 1 for each in lines[:number])
        if line.startswith(("...", "%")):
            mark = "..." if line.startswith("...") else "%"
            return Pitfall(
                index=start,
                width=len(line),
                message=f"a line that starts with {mark} ends what is read",
                hint="remove it; a line that is a note starts with #",
            )
        if line and not line.lstrip().startswith("#"):
            glued = _glued_in(line, start)
            return glued or (None if _MARKED_COLON.search(line) else _has_no_colon(start, line))
    return None


def _start_of_value(complaint: Complaint) -> Pitfall | None:
    """Explain a character that no value without quotes starts with."""
    if complaint.words.startswith("found character that cannot start any token"):
        hint = "put the value in quotes"
    elif "expected node content" in complaint.words:
        hint = "put the value in quotes, or remove the character"
    else:
        return None
    return Pitfall(
        index=complaint.index,
        message=f"a value without quotes cannot start with {complaint.character}",
        hint=hint,
    )


def _among_keys(complaint: Complaint) -> Pitfall | None:
    """Explain an entry of a list among keys, or the first entry that lacks its dash."""
    line = complaint.line
    if "did not find expected key" not in complaint.words or not line.lstrip().startswith("- "):
        return None
    column, first, start = len(line) - len(line.lstrip()), "", complaint.start
    at = start
    while at and (not first.strip() or len(first) - len(first.lstrip()) > column):
        if first.strip():
            start = at
        begun = complaint.text.rfind("\n", 0, at - 1) + 1
        first, at = complaint.text[begun:at].rstrip(), begun
    above = complaint.text[start:].split("\n", 1)[0].rstrip()
    last = complaint.text[: complaint.start].rstrip().rsplit("\n", 1)[-1]
    is_entry = any(each.lstrip().startswith("- ") for each in (above, last))
    if len(above) - len(above.lstrip()) == column + 2 and not is_entry:
        return Pitfall(
            index=start + column + 2,
            width=len(above) - column - 2,
            message="the first entry of this list has no dash",
            hint="start every entry with - in the same column",
        )
    return Pitfall(
        index=complaint.index,
        message="an entry of a list cannot stand among keys",
        hint="start every entry with - in the same column, or remove this -",
    )


def _by_words(complaint: Complaint) -> Pitfall:
    for words, message, hint in _WORDS:
        if words in complaint.words:
            begins = "not closed" in message or "cannot start" in message
            index = complaint.context if begins else None
            return Pitfall(
                index=complaint.index if index is None else index, message=message, hint=hint
            )
    message = f"this is not YAML: {complaint.words}"
    return Pitfall(index=complaint.index, message=message, hint=INDENTATION)


_EXPLANATIONS = (
    explain_conflict,
    _tab,
    _unclosed,
    _after_quote,
    _bare_template,
    explain_comment,
    explain_other_colon,
    _colon,
    explain_brackets,
    explain_stars,
    _outdented,
    _among_keys,
    _end_of_document,
    _start_of_value,
)
