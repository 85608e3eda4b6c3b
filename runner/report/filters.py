"""The filters of report templates. They return plain text, which is escaped where it is printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from runner.errors import UsageError
from runner.evidence.numbers import number_of
from runner.evidence.text import shortened
from runner.jsonvalue import JSON
from runner.report.blocks import block
from runner.report.escape import QUOTE_LENGTH, quoted
from runner.report.tables import table
from runner.report.values import cell, plain
from runner.templating import Markdown

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def money(value: JSON, currency: str = "$", digits: int | None = None) -> JSON:
    """Return an amount as `$1,234,567` or `$0.05`; what is no number is returned as it is."""
    number = number_of(value)
    if number is None:
        return value
    places = (0 if number == number.to_integral_value() else 2) if digits is None else digits
    sign = "-" if number < 0 else ""
    return f"{sign}{currency}{abs(number):,.{places}f}"


def percent(value: JSON, digits: int = 1) -> JSON:
    """Return a share (0.123) as a percentage (`12.3%`); what is no number as it is."""
    number = number_of(value)
    if number is None:
        return value
    text = f"{number * 100:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def date(value: JSON, pattern: str | None = None) -> JSON:
    """Return an ISO date as `10 October 2025`, or by a strftime pattern; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        day = dt.date.fromisoformat(value.strip()[:10])
    except ValueError:
        return value
    if pattern is not None:
        try:
            return day.strftime(pattern)
        except ValueError as error:
            raise UsageError(f"The date pattern '{pattern}' cannot be used") from error
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _prose(value: JSON, below: int = 1) -> Markdown:
    """Return markdown from a provider with its formatting, made safe."""
    from runner.report.prose import prose  # noqa: PLC0415 - for texts only

    return prose(value, below) if isinstance(value, str) else block(value, below + 1)


def _block(value: JSON, level: int = 3) -> Markdown:
    """Return a value laid out in paragraphs, bullets and tables."""
    return block(value, level)


def _table(rows: Sequence[Any], columns: Sequence[Any] = (), key: str = "Row") -> Markdown:
    """Return rows as a table."""
    if isinstance(rows, Mapping | str):
        return cell(rows)
    return table(rows, columns, key)


def _quote(value: JSON, limit: int = QUOTE_LENGTH) -> Markdown:
    """Return a text as a block quote."""
    return quoted(value if isinstance(value, str) else plain(value), limit)


def _short(value: JSON, limit: int = 300) -> JSON:
    """Return the beginning of a text, cut between words."""
    return shortened(value, limit) if isinstance(value, str) else value


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "money": money,
    "percent": percent,
    "date": date,
    "prose": _prose,
    "block": _block,
    "table": _table,
    "quote": _quote,
    "short": _short,
}
