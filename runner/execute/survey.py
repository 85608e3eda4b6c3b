"""A job's calls counted before anything is asked: what is new, why, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from runner.execute.standing import Standing, Standings
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.plan.distinct import Distinct

CHUNK = 500
"""So many calls are looked up at a time."""


@dataclass(slots=True)
class Count:
    """Distinct calls by how they stand, and what the new ones cost in US dollars.

    `cost_usd` and `cost_usd_max` differ only where the provider charges by what it finds.
    """

    calls: int = 0
    cached: int = 0
    attached: int = 0
    new: int = 0
    cost_usd: Decimal = field(default_factory=Decimal)
    cost_usd_max: Decimal = field(default_factory=Decimal)

    def add(self, call: Call, standing: Standing) -> None:
        """Count one distinct call."""
        self.calls += 1
        match standing.state:
            case "cached":
                self.cached += 1
            case "attached":
                self.attached += 1
            case "new":
                self.new += 1
                least = call.price_usd if call.least_usd is None else call.least_usd
                self.cost_usd += least
                self.cost_usd_max += call.price_usd


@dataclass(slots=True, kw_only=True)
class Survey:
    """What a job would ask.

    Attributes:
        rows: All rows, also those beyond the limit.
        rows_beyond: Rows after the limit.
        steps: The counts of each step; `total` of all.
        ages: The ages in seconds of the youngest and the oldest answer that would be used.
        fits: So many first rows fit the budget; None where all do.
        reasons: How many of the new calls are new for which reason.
    """

    rows: int = 0
    rows_beyond: int = 0
    total: Count = field(default_factory=Count)
    steps: dict[str, Count] = field(default_factory=dict)
    ages: tuple[float, float] | None = None
    fits: int | None = None
    reasons: Counter[str] = field(default_factory=Counter)


def survey(
    calls: Iterable[Call],
    standings: Standings,
    steps: Iterable[str],
    *,
    limit: int | None = None,
    budget: Decimal | None = None,
    why: Callable[[Call], str] | None = None,
) -> Survey:
    """Count calls, each distinct one once; nothing is asked and the calls are not held.

    Args:
        calls: In the order of their rows.
        standings: How calls stand.
        steps: The ids of the job's steps.
        limit: Only so many first rows count.
        budget: In US dollars.
        why: Says why a call that was never stored is new.
    """
    found = Survey(steps={step: Count() for step in steps})
    met = Distinct()
    for chunk in _chunks(_counted(calls, found, limit)):
        firsts = [call for call in chunk if met.add(call.fingerprint)]
        for call, standing in zip(firsts, standings.of(firsts), strict=True):
            found.total.add(call, standing)
            found.steps[call.step].add(call, standing)
            if standing.state == "cached":
                found.ages = _widened(found.ages, standing.age or 0.0)
            elif standing.state == "new":
                if budget is not None and found.total.cost_usd_max > budget and found.fits is None:
                    found.fits = call.row
                if why is not None:
                    found.reasons[standing.why or why(call)] += 1
    return found


def _counted(calls: Iterable[Call], found: Survey, limit: int | None) -> Iterator[Call]:
    """Count the rows of calls as they pass; only those of the first `limit` rows come through."""
    last = -1
    for call in calls:
        is_beyond = limit is not None and call.row >= limit
        if call.row != last:
            last = call.row
            found.rows += 1
            found.rows_beyond += is_beyond
        if not is_beyond:
            yield call


def _chunks(calls: Iterator[Call]) -> Iterator[list[Call]]:
    while chunk := list(islice(calls, CHUNK)):
        yield chunk


def _widened(ages: tuple[float, float] | None, age: float) -> tuple[float, float]:
    return (age, age) if ages is None else (min(ages[0], age), max(ages[1], age))


def reasons_sorted(reasons: Mapping[str, int]) -> dict[str, JSON]:
    """Return reasons, the most frequent first."""
    return dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))
