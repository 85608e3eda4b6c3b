"""The one table of processors: documented latency, and how many output fields each serves.

Source: the Parallel API's documentation, as of 2026-11. Each costs more than the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from runner.frozen import frozen


@frozen
class Processor:
    """One processor of the task API.

    Attributes:
        latency: The documented shortest and longest time of a run.
        fields: About how many output fields it handles well.
        deep: It serves text and auto output (deep research).
    """

    name: str
    latency: tuple[timedelta, timedelta]
    fields: int
    deep: bool


def _seconds(shortest: float, longest: float) -> tuple[timedelta, timedelta]:
    return timedelta(seconds=shortest), timedelta(seconds=longest)


def _minutes(shortest: float, longest: float) -> tuple[timedelta, timedelta]:
    return timedelta(minutes=shortest), timedelta(minutes=longest)


_STANDARD = (
    ("lite", _seconds(10, 60), 2, False),
    ("base", _seconds(15, 100), 5, False),
    ("core", _minutes(1, 5), 10, False),
    ("core2x", _minutes(1, 10), 10, False),
    ("pro", _minutes(2, 10), 20, True),
    ("ultra", _minutes(5, 25), 20, True),
    ("ultra2x", _minutes(5, 50), 25, True),
    ("ultra4x", _minutes(5, 90), 25, True),
    ("ultra8x", _minutes(5, 120), 25, True),
)

FAST = "-fast"
FAST_FACTOR = 2
"""A `-fast` variant is documented as 2 to 5 times faster; we count on the least."""


def _table() -> Mapping[str, Processor]:
    table: dict[str, Processor] = {}
    for name, (shortest, longest), fields, deep in _STANDARD:
        table[name] = Processor(
            name=name,
            latency=(shortest, longest),
            fields=fields,
            deep=deep,
        )
    for name in tuple(table):
        standard = table[name]
        shortest, longest = standard.latency
        table[name + FAST] = Processor(
            name=name + FAST,
            latency=(shortest / FAST_FACTOR, longest / FAST_FACTOR),
            fields=standard.fields,
            deep=standard.deep,
        )
    return MappingProxyType(table)


PROCESSORS = _table()
"""Every processor by name, `-fast` variants included."""
