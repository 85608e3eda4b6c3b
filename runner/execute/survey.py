"""A job's calls counted before anything is asked: what is new, why, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from runner.execute.portions import portions
from runner.execute.standing import Standing, Standings
from runner.jsonvalue import JSON
from runner.planning.calls import Call
from runner.planning.distinct import Distinct
from runner.planning.expand import BEYOND_LIMIT

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
        if standing.state == "cached":
            self.cached += 1
        elif standing.state == "attached":
            self.attached += 1
        else:
            self.new += 1
            self.cost_usd += call.price_usd if call.least_usd is None else call.least_usd
            self.cost_usd_max += call.price_usd


@dataclass(slots=True, kw_only=True)
class Survey:
    """What a job would ask.

    Attributes:
        rows: All rows, also those beyond the limit.
        rows_beyond: Rows after the limit.
        steps: The counts of each step.
        ages: The ages in seconds of the youngest and the oldest answer that would be used.
        fits: So many first rows fit the budget; None where all do.
        waiting: By step, for how many rows it waits for an answer that is not there yet.
        reasons: How many of the new calls are new for which reason.
    """

    rows: int = 0
    rows_beyond: int = 0
    steps: dict[str, Count] = field(default_factory=dict)
    ages: tuple[float, float] | None = None
    fits: int | None = None
    waiting: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> Count:
        """The counts of all steps together."""
        steps = self.steps.values()
        return Count(
            calls=sum(step.calls for step in steps),
            cached=sum(step.cached for step in steps),
            attached=sum(step.attached for step in steps),
            new=sum(step.new for step in steps),
            cost_usd=sum((step.cost_usd for step in steps), Decimal(0)),
            cost_usd_max=sum((step.cost_usd_max for step in steps), Decimal(0)),
        )


class Surveyor:
    """Counts the calls of steps, wave after wave, each distinct call once.

    Args:
        standings: How calls stand.
        steps: The ids of the job's steps.
        budget: In US dollars.
        why: Says why a call that was never stored is new.
        met: The calls that were counted before, and are not counted again.
    """

    def __init__(
        self,
        standings: Standings,
        steps: Iterable[str],
        *,
        budget: Decimal | None = None,
        why: Callable[[Call], str] | None = None,
        met: Distinct | None = None,
    ) -> None:
        self.found = Survey(steps={step: Count() for step in steps})
        self._standings = standings
        self._budget = budget
        self._why = why
        self._committed = Decimal(0)
        self._met = Distinct() if met is None else met

    def count(self, calls: Iterable[Call]) -> None:
        """Count calls, in the order of their rows; nothing is asked and they are not held."""
        for _ in self.counting(calls):
            pass

    def counting(self, calls: Iterable[Call]) -> Iterator[None]:
        """Count calls like `count`, a portion a step, so that others have their turn between."""
        for chunk in portions(_counted(calls, self.found), CHUNK):
            firsts = [call for call in chunk if self._met.add(call.fingerprint)]
            standings = self._standings.of(firsts)
            for call, standing in zip(firsts, standings, strict=True):
                self.found.steps[call.step].add(call, standing)
                if standing.state == "new":
                    self._note(call, standing)
            self._widen([standing.age for standing in standings if standing.age is not None])
            yield

    def _note(self, call: Call, standing: Standing) -> None:
        """Note of a new call why it is new, and whether it still fits the budget."""
        found, budget = self.found, self._budget
        self._committed += call.price_usd
        if budget is not None and self._committed > budget and found.fits is None:
            found.fits = call.row
        if self._why is not None:
            found.reasons[standing.why or self._why(call)] += 1

    def _widen(self, ages: Sequence[float]) -> None:
        if ages:
            youngest, oldest = self.found.ages or (ages[0], ages[0])
            self.found.ages = (min(youngest, *ages), max(oldest, *ages))


def _counted(calls: Iterable[Call], found: Survey) -> Iterator[Call]:
    """Count the rows of calls as they pass; what is withheld does not come through."""
    last = -1
    for call in calls:
        if call.row != last:
            last = call.row
            found.rows = max(found.rows, last + 1)
            found.rows_beyond += call.withheld is BEYOND_LIMIT
        if call.withheld is None:
            yield call
        elif call.withheld.status == "pending":
            found.waiting[call.step] += 1


def reasons_sorted(reasons: Mapping[str, int]) -> dict[str, JSON]:
    """Return reasons, the most frequent first."""
    return dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))
