"""Values of typed tables (parquet, xlsx) as JSON: dates and times as text, no NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.jsonvalue import JSON


def as_json(value: Any) -> JSON:
    """Return a cell's value as JSON: a midnight is its day, a whole number has no `.0`."""
    cell: JSON
    match value:
        case None | str() | bool() | int():
            cell = value
        case float() | Decimal():
            cell = _number(value)
        case datetime() if value.time() == time() and value.tzinfo is None:
            cell = value.date().isoformat()
        case datetime() | date() | time():
            cell = value.isoformat()
        case timedelta():
            cell = value.total_seconds()
        case bytes():
            cell = value.decode("utf-8", "replace")
        case Mapping():
            cell = {str(key): as_json(entry) for key, entry in value.items()}
        case list() | tuple():
            cell = [as_json(entry) for entry in value]
        case _:
            cell = str(value)
    return cell


def _number(value: float | Decimal) -> JSON:
    is_finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
    if not is_finite:
        return None
    whole = int(value)
    return whole if whole == value else float(value)
