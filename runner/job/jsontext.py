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
_TEXT = r'"(?:[^"\\]|\\.)*"'
_CONSTANT = re.compile(rf"{_TEXT}|(NaN|-?Infinity)")
_NUMBER = re.compile(rf"{_TEXT}|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_LONG_NUMBER = re.compile(rf"{_TEXT}|([0-9]{{1000,}})")
# A pair of escapes is one character; half of one is none.
_HALF = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class JsonError(Exception):
    """A text is no JSON; line and column from 1, or 0 where the place is not known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class _NoNumberError(ValueError):
    """A number that JSON cannot say."""


def _no_constant(name: str) -> NoReturn:
    raise _NoNumberError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NoNumberError(text)
    return number


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def parse_json(text: str) -> JSON:
    """Return what a JSON text means.

    Raises:
        JsonError: it is no JSON, holds a number too large for it, or half a character.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = error.msg
        words = next((w for start, w in _WORDS if message.startswith(start)), message)
        raise JsonError(words, error.lineno, error.colno) from None
    except _NoNumberError as error:
        pattern = _CONSTANT if str(error).strip("-").isalpha() else _NUMBER
        raise _at(text, pattern, f"{str(error)[:40]} is no number JSON knows", str(error)) from None
    except ValueError:
        raise _at(text, _LONG_NUMBER, "a number is too long") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    if "\\u" in text and any(match[1] for match in _HALF.finditer(text)):
        raise _at(text, _HALF, "half a character stands in a text (\\ud800 to \\udfff)")
    return value


def _at(text: str, pattern: re.Pattern[str], reason: str, wanted: str | None = None) -> JsonError:
    """Return an error at the first place where a pattern's group is what is wanted."""
    for match in pattern.finditer(text):
        if match[1] and wanted in (None, match[1]):
            start = match.start(1)
            column = start - text.rfind("\n", 0, start)
            return JsonError(reason, text.count("\n", 0, start) + 1, column)
    return JsonError(reason)
