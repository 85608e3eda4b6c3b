"""JSON values: the one name for them, and their canonical text."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeAlias

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict from str to JSON."""


def canonical(value: JSON) -> str:
    """Return the one text of a JSON value: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON cannot say.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: JSON) -> str:
    """Return the sha256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()
