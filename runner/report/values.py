"""JSON values on one line, as text and as markdown."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Protocol, runtime_checkable

from runner.evidence.basis import is_empty, is_scalar
from runner.evidence.text import json_text, one_line
from runner.jsonvalue import JSON
from runner.report.escape import MISSING, inline
from runner.report.links import link_of
from runner.templating import Markdown


@runtime_checkable
class Printable(Protocol):
    """Something that knows how a template prints it."""

    def as_markdown(self) -> Markdown:
        """Return what is printed."""
        ...


_PLAIN: Final = frozenset((type(None), bool, int, float, list, tuple, dict))

MAX_DEPTH: Final = 8
"""Below this depth a value is shown as JSON text."""

REPEATED: Final = 60
"""Texts up to this length are worth remembering."""

LONG_INTEGER: Final = 10**30
LARGE: Final = 1e21
SMALL: Final = 1e-9


def number_text(value: float) -> str:
    """Return a number as written by hand: no exponent unless it is huge or tiny."""
    if isinstance(value, int):
        return str(value) if -LONG_INTEGER < value < LONG_INTEGER else f"{Decimal(value):.15E}"
    text = str(value)
    if "e" in text.lower() and SMALL < abs(value) < LARGE:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def plain(value: JSON, depth: int = 0) -> str:  # noqa: PLR0911 - one case a kind of value
    """Return a value as text on one line, not escaped: lists by "; ", mappings as "key: value"."""
    match value:
        case str():
            return one_line(value)
        case None:
            return MISSING
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number_text(value)
        case Mapping() | list() | tuple() if depth >= MAX_DEPTH:
            return json_text(value)
        case Mapping():
            pairs = (f"{label(str(key))}: {_part(each, depth)}" for key, each in value.items())
            return ", ".join(pairs)
        case list() | tuple():
            return "; ".join([plain(each, depth + 1) for each in value])
        case _:
            return one_line(str(value))


def _part(value: JSON, depth: int) -> str:
    if is_empty(value):
        return MISSING
    text = plain(value, depth + 1)
    return text if is_scalar(value) else f"({text})"


def cell(value: JSON) -> Markdown:
    """Return a value as markdown on one line, for a table's cell or a list's item."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, str):
        return _short_text(value) if len(value) <= REPEATED else _text(value)
    if type(value) is int:
        return Markdown(number_text(value))
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        # Each by itself: an address in a list is a link, too.
        return Markdown("; ".join([cell(each) for each in value]))
    return MISSING if is_empty(value) else inline(plain(value))


def _text(value: str) -> Markdown:
    return link_of(value) or inline(value) or MISSING


# Short values come again and again: countries, categories, names.
_short_text = functools.lru_cache(maxsize=10_000)(_text)


def printed(value: Any) -> Any:
    """Return what a template prints for any value: safe text, unless it is `Markdown` already."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, str):
        # A separator keeps its blanks; no blanks of a value can indent a line into code.
        head = " " if value[:1].isspace() else ""
        tail = " " if value[1:] and value[-1].isspace() else ""
        return f"{head}{link_of(value) or inline(value)}{tail}"
    # Asking what a plain value can do is slow; a list of sources is no plain list.
    if type(value) not in _PLAIN and isinstance(value, Printable):
        return value.as_markdown()
    if value is None or isinstance(value, bool | int | float | list | tuple | Mapping):
        return cell(value)
    # Undefined names raise here, and other objects are shown as text.
    return inline(str(value))


def label(name: str) -> str:
    """Return a field's name as words: `founded_year` becomes `Founded year`."""
    words = one_line(name.replace("_", " ").replace("-", " "))
    return words[:1].upper() + words[1:]
