"""Durations and sums of money as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])")
DURATION = r"^[0-9]+(\.[0-9]+)?[smhd]$"
"""The pattern of durations in the JSON Schema of job files."""

_SPOKEN = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_DAYS = {
    **dict.fromkeys(("w", "week", "weeks"), 7),
    **dict.fromkeys(("month", "months"), 30),
    **dict.fromkeys(("y", "yr", "year", "years"), 365),
}
_ONE = ["a", "an", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_PIECE = re.compile(
    r"([0-9]{1,6}|[a-z]{1,5}(?=\s))\s*([a-z]{1,7})(?:\s*(?:,|and)\s*|\s*)", re.IGNORECASE
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MONEY = re.compile(r"\$?([0-9]{1,12}(?:\.[0-9]{1,6})?)(?: ?USD)?")

MONEY = r"^\$?[0-9]+(\.[0-9]+)?( ?USD)?$"
"""Likewise of sums."""

_SUM = re.compile(
    r"(?:\$|USD|US\$)?\s*([0-9](?:[0-9.,' ]{0,18}[0-9])?)\s*(?:\$|USD|US dollars?|dollars?)?",
    re.IGNORECASE,
)
_GROUP = 4
"""A comma and the three digits behind it."""

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
    """Return the duration that a text such as `10 minutes`, `1h30m` or `1w` means, or None."""
    text, at = text.strip(), 0
    found: list[tuple[int, str]] = []
    while (match := _PIECE.match(text, at)) and match.end() > at:
        number, word = match[1].lower(), match[2].lower()
        if not number.isdigit() and number not in _ONE:
            return None
        count = int(number) if number.isdigit() else max(1, _ONE.index(number) - 1)
        unit = next((u for u in _SECONDS if word in _SPOKEN[u]), None)
        if word not in _DAYS and unit is None:
            return None
        found.append((count * _DAYS.get(word, 1), unit or "d"))
        at = match.end()
    if not found or at < len(text):
        return None
    if len(found) == 1:
        return f"{found[0][0]}{found[0][1]}"
    unit = min((unit for _, unit in found), key=lambda u: _SECONDS[u])
    return f"{sum(n * _SECONDS[u] for n, u in found) // _SECONDS[unit]}{unit}"


def suggested_money(text: str) -> str | None:
    """Return the dollars that a text such as `5$`, `5,00` or `USD 1,000.50` means, or None."""
    match = _SUM.fullmatch(text.strip())
    if match is None:
        return None
    digits = re.sub(r"[ ']", "", match[1])
    comma, point = digits.rfind(","), digits.rfind(".")
    is_decimal = comma > point and (point >= 0 or len(digits) - comma != _GROUP)
    if is_decimal:
        digits = digits.replace(".", "").replace(",", ".")
    digits = digits.replace(",", "")
    return digits if digits.count(".") <= 1 else None


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
