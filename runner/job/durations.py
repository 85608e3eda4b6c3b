"""Durations and sums of money as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MONEY = re.compile(r"\$?([0-9]{1,12}(?:\.[0-9]{1,6})?)(?: ?USD)?")

LONGEST = timedelta(days=3650)
"""No duration in a job file makes sense beyond ten years."""


def parse_duration(text: str) -> timedelta:
    """Return the duration that `90s`, `10m`, `24h` or `7d` means.

    Raises:
        ValueError: the text is no duration, or one of more than ten years.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a number and s, m, h or d, such as 90s or 24h")
    duration = timedelta(**{_UNITS[match[2]]: float(match[1])})
    if duration > LONGEST:
        raise ValueError("a duration is at most ten years, 3650d")
    return duration


def parse_money(value: float | str) -> Decimal:
    """Return the US dollars that `5`, `5.00`, `$5` or `5 USD` means.

    Raises:
        ValueError: it is no sum of money, or a negative one.
    """
    match = _MONEY.fullmatch(value) if isinstance(value, str) else None
    try:
        amount = Decimal(match[1] if match else str(value))
    except InvalidOperation:
        raise ValueError("a sum is an amount of US dollars, such as 5.00") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("a sum of money is 0 or more")
    return amount
