"""JSON values: the one name for them, their canonical text, and how they read in a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

if TYPE_CHECKING:
    import hashlib

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict from str to JSON."""


def canonical(value: JSON) -> str:
    """Return the one text of a JSON value: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON cannot say.
    """
    return _canonical(value).decode("utf-8", "surrogatepass")


def readable(value: JSON) -> str:
    """Return a value as it stands in a text: nothing is empty, and what is no text is JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def digest(value: JSON) -> str:
    """Return the sha256 of the canonical text, as 64 hexadecimal digits."""
    return _sha256()(_canonical(value)).hexdigest()


@cache
def _sha256() -> Callable[[bytes], hashlib._Hash]:
    from hashlib import sha256

    return sha256


def _canonical(value: JSON) -> bytes:
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        pass  # Lone surrogates, and integers beyond 64 bits.
    else:
        if b"null" not in text:
            return text
        # The null may have been NaN, which only the other writer refuses.
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "surrogatepass")
