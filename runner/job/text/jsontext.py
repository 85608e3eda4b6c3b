"""JSON text to data, or why it is no JSON: where, and in plain words."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from runner.jsonvalue import JSON

# What Python's reader says, and what it means.
_WORDS: tuple[tuple[str, str], ...] = (
    ("Expecting property name", "a name in double quotes is expected"),
    ("Expecting value", "a value is expected"),
    ("Expecting ',' delimiter", "a comma or a closing bracket is expected"),
    ("Expecting ':' delimiter", "a colon is expected"),
    ("Extra data", "something stands behind the end"),
    ("Unterminated string", "a double quote is opened and never closed"),
    ("Invalid control character", "a line break or control character stands in a text"),
    ("Invalid \\", "an unknown escape stands behind a backslash"),
    ("Illegal trailing comma", "a comma stands before a closing bracket"),
)
# What a text goes on with where it stops being JSON.
_MARKS = (
    ("'", 'texts and names stand in double quotes: "name"'),
    ("//", "JSON has no comments: remove it"),
    ("/*", "JSON has no comments: remove it"),
    ("#", "JSON has no comments: remove it"),
    ("True", "write true in small letters"),
    ("False", "write false in small letters"),
    ("None", "write null"),
)
_HINTS = (
    ("Unterminated string", 'close it; a double quote inside a text is written \\"'),
    ("Invalid control character", "a line break is written \\n, and a tab \\t"),
    ("Invalid \\", "a backslash is written \\\\"),
    ("Expecting ':' delimiter", "put a colon between name and value"),
)
SEVERAL = "put [ ] around all and commas between; one object a line is saved as .jsonl"
"""What to do about several values where one is expected."""

_TEXT = r'"(?:[^"\\]|\\.)*"'
_CONSTANT = re.compile(rf"{_TEXT}|(NaN|-?Infinity)")
_NUMBER = re.compile(rf"{_TEXT}|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_PART = re.compile(rf"({_TEXT}|[{{}}\[\]])(\s*:)?")
_LONG_NUMBER = re.compile(rf"{_TEXT}|([0-9]{{1000,}})")
# A pair of escapes is one character; half of one is none.
_HALF = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class JsonError(Exception):
    """A text is no JSON; line and column from 1, or 0 where the place is not known."""

    def __init__(
        self, reason: str, line: int = 0, column: int = 0, hint: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.line = line
        self.column = column


class _NoNumberError(ValueError):
    """A number that JSON cannot say."""


class _TwiceError(ValueError):
    """A name that stands twice in one object: one of the values would be lost."""


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NoNumberError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NoNumberError(text)
    return number


_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_object
)


def parse_json(text: str) -> JSON:
    """Return what a JSON text means.

    Raises:
        JsonError: it is no JSON, an object has a name twice, or it holds a number too large for
            JSON, or half a character.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = error.msg
        words = next((w for start, w in _WORDS if message.startswith(start)), message)
        raise JsonError(words, error.lineno, error.colno, _hint(text, error)) from None
    except _TwiceError:
        raise _twice(text) from None
    except _NoNumberError as error:
        pattern = _CONSTANT if str(error).strip("-").isalpha() else _NUMBER
        broken = _at(text, pattern, f"{str(error)[:40]} is no number JSON knows", str(error))
        broken.hint = "write null, or a text in double quotes"
        raise broken from None
    except ValueError:
        raise _at(text, _LONG_NUMBER, "a number is too long") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    if "\\u" in text and any(match[1] for match in _HALF.finditer(text)):
        raise _at(text, _HALF, "half a character stands in a text (\\ud800 to \\udfff)")
    return value


def _hint(text: str, error: json.JSONDecodeError) -> str | None:
    """Return how to mend what most often is no JSON, or None."""
    rest = text[error.pos :]
    is_after_comma = text[: error.pos].rstrip().endswith(",")
    expected = error.msg.partition(" ")[2]
    for start, hint in _MARKS:
        if rest.startswith(start):
            return hint
    if rest[:1] in ("]", "}") and is_after_comma:
        return "remove the comma before it"
    if error.msg == "Extra data":
        return "remove the comma" if rest.startswith(",") else SEVERAL
    if error.msg.startswith("Expecting ',' delimiter"):
        return "put a comma before it" if rest.strip() else "close every [ and {"
    if expected in {"value", "property name enclosed in double quotes"} and rest[:1].isalpha():
        return "put it in double quotes"
    return next((hint for start, hint in _HINTS if error.msg.startswith(start)), None)


def _twice(text: str) -> JsonError:
    """Return an error at the first name that its object has already."""
    inside: list[set[str]] = []
    for match in _PART.finditer(text):
        part, colon = match[1], match[2]
        if part in "{[":
            inside.append(set())
        elif part in "}]":
            inside.pop()
        elif colon:
            name = json.loads(part)
            if name in inside[-1]:
                return _error_at(text, match.start(), f"the name '{name[:40]}' stands twice")
            inside[-1].add(name)
    return JsonError("a name stands twice")


def _at(text: str, pattern: re.Pattern[str], reason: str, wanted: str | None = None) -> JsonError:
    """Return an error at the first place where a pattern's group is what is wanted."""
    for match in pattern.finditer(text):
        if match[1] and wanted in (None, match[1]):
            return _error_at(text, match.start(1), reason)
    return JsonError(reason)


def _error_at(text: str, start: int, reason: str) -> JsonError:
    return JsonError(reason, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
