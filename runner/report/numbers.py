"""Numbers in values: as JSON has them, or as people write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from runner.jsonvalue import JSON


def number_of(value: JSON) -> Decimal | None:
    """Return a value as a number (`1234`, `"1,234.5"`), None where it is none or huge."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal("1e30") else None
