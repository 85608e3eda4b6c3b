"""How long asking takes: from the documented latencies and rate limits.

Tasks run side by side once the provider has taken them on, so many take hardly longer than one; a
search or an extract occupies a request. The documentation leaves open whether the limit of tasks
counts requests or runs: the shortest time counts requests of 1,000 runs, the longest counts runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from runner.job.model import Kind
from runner.planning.processors import PROCESSORS

QUOTAS: Mapping[str, int] = {"search": 600, "extract": 600, "task": 2_000, "findall": 5}
"""Requests a minute that create something; the vendor's documented limits."""

RUNS_A_REQUEST: Final = 1_000
"""The most runs that one request may buy."""

RUNS_AT_ONCE: Final = 20_000
"""So many runs are under way at once at most; the next are bought as these end."""

SECONDS: Mapping[Kind, tuple[float, float]] = {
    "search": (1.0, 5.0),
    "extract": (1.0, 20.0),
    "findall": (300.0, 3_600.0),
}
"""What a call that no processor answers takes; not documented, an estimate."""


def expected_seconds(
    kind: Kind, processor: str | None, calls: int, concurrency: int
) -> tuple[float, float]:
    """Return the shortest and the longest time that so many calls of one step take, in seconds."""
    if not calls:
        return 0.0, 0.0
    quota = QUOTAS[kind]
    if kind == "task" and processor is not None:
        shortest, longest = (_seconds(each) for each in PROCESSORS[processor].latency)
        rounds = -(-calls // RUNS_AT_ONCE)
        requests = -(-calls // RUNS_A_REQUEST)
        return (
            max(shortest, _paced(requests, quota)) * rounds,
            (longest + _paced(calls, quota)) * rounds,
        )
    shortest, longest = SECONDS[kind]
    rounds = -(-calls // concurrency)
    paced = _paced(calls, quota)
    return max(shortest * rounds, paced + shortest), max(longest * rounds, paced + longest)


def _paced(requests: int, quota: int) -> float:
    """Return how long the rate limit holds the last of some requests back, in seconds."""
    return 60.0 * ((requests - 1) // quota)


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
