"""Durations and sums of money as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])")
DURATION = r"^[0-9]+(\.[0-9]+)?[smhd]$"
"""The pattern of durations in the JSON Schema of job files."""

_LOOSE = re.compile(r"([0-9]{1,6})\s*([a-z]+)", re.IGNORECASE)
_SPOKEN = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MONEY = re.compile(r"\$?([0-9]{1,12}(?:\.[0-9]{1,6})?)(?: ?USD)?")

LONGEST = timedelta(days=3650)
"""No duration in a job file makes sense beyond ten years."""


def parse_duration(text: str) -> timedelta | None:
    """Return the duration that `90s`, `10m`, `24h` or `7d` means.

    None where the text is no duration, or one of more than ten years.
    """
    match = _DURATION.fullmatch(text)
    if match is None or float(match[1]) * _SECONDS[match[2]] > LONGEST.total_seconds():
        return None
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def suggested(text: str) -> str | None:
    """Return the duration that a text such as `10 minutes` or `1w` was meant to be, or None."""
    match = _LOOSE.fullmatch(text.strip())
    if match is None:
        return None
    word = match[2].lower()
    if word in {"w", "week", "weeks"}:
        return f"{int(match[1]) * 7}d"
    unit = next((u for u in _SECONDS if word in _SPOKEN[u]), None)
    return None if unit is None else f"{int(match[1])}{unit}"


def parse_money(value: float | str) -> Decimal | None:
    """Return the US dollars that `5`, `5.00`, `$5` or `5 USD` means; None where it is no sum."""
    if isinstance(value, str):
        match = _MONEY.fullmatch(value)
        return None if match is None else Decimal(match[1])
    amount = Decimal(str(value))
    return amount if amount.is_finite() and amount >= 0 else None


def lowest(*limits: Decimal | None) -> Decimal | None:
    """Return the limit that holds where several are set; None where none is."""
    return min((limit for limit in limits if limit is not None), default=None)
