"""Numbers in values: as JSON has them, or as people write them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from runner.jsonvalue import JSON

# A comma parts thousands; one that stands elsewhere may be a decimal one, which nobody can tell.
_WRITTEN: Final = re.compile(
    r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,4})?",
    re.ASCII | re.IGNORECASE,
)
_HUGE: Final = 10**30


def number_of(value: JSON) -> Decimal | None:
    """Return a value as a number (`1234`, `"1,234.5"`), None where it is none or huge."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, int) and abs(value) >= _HUGE:
        return None  # too long to be written, perhaps
    text = str(value).strip()
    if not _WRITTEN.fullmatch(text):
        return None
    number = Decimal(text.replace(",", ""))
    return number if number.is_finite() and abs(number) < _HUGE else None
