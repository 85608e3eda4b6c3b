"""Brackets that are not closed or closed twice, and commas that are missing in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.job.text.complaint import Complaint, Pitfall
from runner.job.text.layout import BEGINS, indent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSING: Final = {"[": "]", "{": "}"}
_COMMENT = re.compile(r"[ \t]+#.*$|[ \t]+$")
# What matters in brackets: texts in quotes, comments, brackets.
_TOKEN = re.compile(r"""(?<=[\[{,:\s])(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*')|(?:^|\s)\#.*|[\[\]{}]""")
_NAME_ALONE: Final = re.compile(r"""[ \t]*(?:[\w-]+|"[^"]*"|'[^']*')?[ \t]*$""")
_QUOTED_NAME = re.compile(r"""[{,]\s*(?:"[^"]*"|'[^']*')\s*$""")
_NAME_BEFORE = re.compile(r"""(?:^|[{,])[ \t]*(?:"[^"]*"|'[^']*')[ \t]*$""")


def explain_brackets(complaint: Complaint) -> Pitfall | None:
    """Explain a bracket too much, one that closes another kind, or a comma that is missing."""
    found = re.search(r"did not find expected (?:key|',' or '(.)')", complaint.words)
    if found is None:
        return None
    character, closing = complaint.character, found[1]
    if closing and character in ("]", "}") and character != closing:
        return Pitfall(
            index=complaint.index,
            message=f"{closing} is expected here, not {character}",
            hint="close [ with ], and { with }",
        )
    if closing:
        return _missing_comma(complaint, is_list=closing == "]") if character.strip() else None
    before = complaint.text[: complaint.index].rstrip(" \t")
    if not before.endswith(("]", "}")):
        return None
    if character in ("]", "}"):
        return Pitfall(index=complaint.index, message=f"one {character} too many", hint="remove it")
    opening = "[" if before.endswith("]") else "{"
    return Pitfall(
        index=complaint.index,
        message=f"text after a closing {before[-1]}",
        hint=f"a text that starts with {opening} needs quotes",
    )


def _missing_comma(complaint: Complaint, *, is_list: bool) -> Pitfall | None:
    """Explain a missing comma, or a missing colon; None where a bracket is more likely missing."""
    text, index = complaint.text, complaint.index
    begun = index if complaint.context is None else complaint.context
    opening = text[text.rfind("\n", 0, begun) + 1 :].split("\n", 1)[0]
    if begun < complaint.start and _is_beyond(complaint.line, opening):
        return None
    if not is_list and _QUOTED_NAME.search(text, begun, index):
        hint = "write a colon between a name and its value"
        return Pitfall(index=index, message="a colon is missing here", hint=hint)
    hint = "separate entries with commas; a text with a quote, comma or bracket needs quotes"
    before = text[complaint.start : index]
    if begun < complaint.start and _NAME_ALONE.match(before):
        line = complaint.line.strip()
        return Pitfall(
            index=complaint.start + complaint.line.index(line),
            width=len(line),
            message="a comma is missing before this line",
            hint=hint,
        )
    return Pitfall(index=index, message="a comma is missing here", hint=hint)


def missing_brackets(lines: list[str], begun: int, noticed: int) -> Iterator[tuple[int, str]]:
    """Yield the line, from 0, in which brackets that open in a line have to be closed, closed.

    They are closed where the next key, or entry, begins that is not indented more than the line;
    none is missing if the parser could not go on before that, in the line `noticed`.
    """
    end = begun + 1
    while end < len(lines) and not _is_beyond(lines[end], lines[begun]):
        end += 1
    if begun < noticed < end - 1:
        return
    while end > begun + 1 and not lines[end - 1].split("#")[0].strip():
        end -= 1
    open_ones = _open(lines[begun:end])
    if open_ones:
        line = lines[end - 1]
        at = found.start() if (found := _COMMENT.search(line)) else len(line)
        body = line[:at].removesuffix(",")
        yield end - 1, body + "".join(reversed(open_ones)) + line[at:]


def comma_added(
    lines: list[str], begun: int, noticed: int, column: int
) -> Iterator[tuple[int, str]]:
    """Yield a line, from 0, with the comma (the colon) that is missing before a place in brackets.

    Args:
        lines: The text.
        begun: The line in which the bracket opens.
        noticed: The line in which the parser could not go on.
        column: The column in which it could not.
    """
    if not _open(lines[begun:noticed]) and noticed != begun:
        return
    line = lines[noticed]
    before = line[:column]
    if _NAME_BEFORE.search(before):
        yield noticed, f"{before.rstrip()}: {line[column:]}"
    if before.strip() and not _NAME_ALONE.match(before):
        yield noticed, f"{before.rstrip()}, {line[column:]}"
    if noticed > begun and _NAME_ALONE.match(before):
        last = noticed - 1
        while last > begun and not lines[last].split("#")[0].strip():
            last -= 1
        at = found.start() if (found := _COMMENT.search(lines[last])) else len(lines[last])
        yield last, f"{lines[last][:at]},{lines[last][at:]}"


def _is_beyond(line: str, opening: str) -> bool:
    """Return whether a line goes on with what is around the line in which a bracket opens."""
    return bool(BEGINS.match(line)) and indent_of(line) <= indent_of(opening)


def _open(lines: list[str]) -> list[str]:
    """Return what closes the brackets that are open at the end of some lines, outermost first."""
    closing: list[str] = []
    for found in _TOKEN.finditer("\n".join(lines)):
        if found[0] in _CLOSING:
            closing.append(_CLOSING[found[0]])
        elif closing and found[0] == closing[-1]:
            closing.pop()
    return closing
