"""Counts, money and times as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from runner.evidence.text import plural

__all__ = ["dollars", "duration", "moment", "plural"]


def dollars(amount: Decimal) -> str:
    """Return an amount as `$0.05`, with as many decimals as it needs and two at least."""
    text = f"{amount.normalize():f}"
    decimals = max(2, len(text.partition(".")[2]))
    return f"${amount:,.{decimals}f}"


def price_range(least: Decimal, most: Decimal | None) -> str:
    """Return a price as `free`, `$1.00`, `$1.00 to $2.50`, or `$1.00 or more` (no `most`)."""
    if most is None:
        return f"{dollars(least)} or more"
    if most != least:
        return f"{dollars(least)} to {dollars(most)}"
    return dollars(least) if least else "free"


def duration(seconds: float) -> str:
    """Return a time in its largest fitting unit: `40 s`, `5 min`, `2.5 h`, `3 days`."""
    for unit, size, next_size in (("s", 1, 90), ("min", 60, 5_400), ("h", 3_600, 172_800)):
        if seconds < next_size:
            return f"{round(seconds / size, 1 if unit == 'h' else 0):,g} {unit}"
    return f"{seconds / 86_400:,.0f} days"


def moment(seconds: float) -> str:
    """Return seconds since 1970 as `2026-11-26T09:30:00+00:00`."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
