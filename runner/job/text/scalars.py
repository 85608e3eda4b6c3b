"""Scalars of YAML 1.2: what a plain word means, and where a character of a value stands."""

from __future__ import annotations

import math
import re
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.jsonvalue import JSON

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# A number with a leading zero (a postal code, a bank's code) stays the text it was.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,299})|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,200}")
_NUMBER_STARTS = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_NAMED = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_NAMED |= {"e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}
_PROPERTIES = re.compile(r"(?:[&!][^\s]*[ \t]+)*")
_BLOCK_HEADER = re.compile(r"[|>][^\n]*\n")


def plain(text: str) -> JSON:
    """Return what an unquoted word means in YAML 1.2's core schema.

    Only `true`, `false`, `null`, `~` and numbers are not text: `yes`, `NO`, `on`, dates, `12:30`
    and numbers with a leading zero stay text, as do numbers JSON cannot say (`.inf`, `1e999`).
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def place(written: str, value: str, offset: int) -> int:
    """Return where a character of a scalar's value stands in the scalar as it was written.

    Args:
        written: The scalar's source text, with quotes, escapes, block header and indentation.
        value: What it means.
        offset: Index into `value`; beyond its end means the end.
    """
    # Folding and indentation add and drop only white space, so that the visible characters of
    # both texts pair off one to one, whatever the style.
    skipped = len("".join(value[:offset].split()))
    starts = _starts(written)
    return min(starts[min(skipped, len(starts) - 1)], len(written))


@lru_cache(maxsize=4)
def _starts(written: str) -> Sequence[int]:
    """Return where the pieces that mean a visible character start; last, where the last ends."""
    starts = array("L")
    end = 0
    for index, length in _visible(written):
        starts.append(index)
        end = index + length
    starts.append(end)
    return starts


def _visible(written: str) -> Iterator[tuple[int, int]]:
    """Yield index and length of each piece of source that means one visible character."""
    match = _PROPERTIES.match(written)
    index = match.end() if match else 0
    style = written[index : index + 1]
    if style in ("|", ">"):
        header = _BLOCK_HEADER.match(written, index)
        index = header.end() if header else len(written)
    elif style in ("'", '"'):
        index += 1
    while index < len(written):
        length, meaning = 1, written[index]
        if style == "'" and meaning == "'":
            length = 2
        elif style == '"' and meaning == "\\":
            length, meaning = _escape(written, index)
        elif style == '"' and meaning == '"':
            return
        if not meaning.isspace():
            yield index, length
        index += length


def _escape(written: str, index: int) -> tuple[int, str]:
    """Return the length of the escape at `index` and the character it means."""
    match = _ESCAPE.match(written, index)
    if match is None:
        return 1, "\\"
    digits = match[1] or match[2] or match[3]
    if digits:
        return len(match[0]), chr(min(int(digits, 16), 0x10FFFF))
    return len(match[0]), _NAMED.get(match[4], match[4])
