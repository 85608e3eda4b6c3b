"""A job's plan: its calls against what is known already, and what later steps may come to."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from runner.course.gathering import source_of, with_rows
from runner.course.stages import calls_of
from runner.execute.asked import LastRun
from runner.execute.cache import Cache
from runner.execute.earlier import Results
from runner.execute.known import known_outcomes
from runner.execute.ledger import Ledger
from runner.execute.standing import Standings
from runner.execute.state import State
from runner.execute.stored import outcome_line
from runner.execute.survey import Count, Survey, Surveyor, reasons_sorted
from runner.frozen import frozen
from runner.job.model import FoundItems, Job, Step, Task
from runner.jsonvalue import JSON
from runner.planning.calls import Call
from runner.planning.choosing import choose
from runner.planning.columns import columns_sent
from runner.planning.expand import Edition
from runner.planning.forecast import Forecast, forecast, most_found, of_found_rows
from runner.planning.prices import prices_of
from runner.planning.time import expected_seconds
from runner.planning.verification import verification_price
from runner.planning.waves import waves

Number = TypeVar("Number", int, Decimal)


def survey_job(
    job: Job,
    state: State,
    edition: Edition,
    limit: int | None,
    watched: Callable[[Iterable[Call]], Iterable[Call]],
) -> Survey:
    """Count a job's calls against what the state directory holds; it may not be there yet.

    Every call passes through `watched`.
    """
    with ExitStack() as stack:
        cache = ledger = None
        if state.cache.is_dir():
            cache = stack.enter_context(Cache(state.cache, time.time))
        if state.ledger.is_file():
            ledger = stack.enter_context(Ledger(state.ledger))
        last = LastRun(
            job,
            edition({}),
            asked_file=state.asked(job.name),
            outcomes=state.outcomes(job.name),
        )
        stack.callback(last.close)
        steps = {step.id: step for step in asking_steps(job)}
        standings = Standings(cache, ledger, steps)
        surveyor = Surveyor(standings, steps, budget=job.budget, why=last.why)
        source = source_of(job)
        if source is not None:
            calls = calls_of(source, source.steps, edition, None)
            surveyor.count(watched(calls))
            surveyor.found.rows = 0
            outcome = next(known_outcomes(calls, cache, standings))
            if outcome.status != "ok":
                surveyor.found.waiting.update(step.id for step in job.steps)
                return surveyor.found
            job = with_rows(job, outcome)
        first, *later = waves(job.steps)
        calls = calls_of(job, first.steps, edition, limit)
        surveyor.count(watched(calls))
        if later:
            # Steps that read others are planned as far as these are answered already.
            file = stack.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8"))
            place, results = Path(file.name), Results(job.steps)
            for wave in later:
                for outcome in known_outcomes(calls, cache, standings):
                    results.note(outcome)
                    file.write(outcome_line(outcome))
                file.flush()
                earlier = partial(results.before, lambda _step: place, wave.after)
                calls = calls_of(job, wave.steps, edition, limit, earlier)
                surveyor.count(watched(calls))
        return surveyor.found


@frozen
class Later:
    """What the rows of a step that wait for earlier answers may come to."""

    rows: int
    each: Forecast

    @property
    def calls(self) -> tuple[int, int | None]:
        """How many calls, at least and at most."""
        return self.rows * self.each.least, _times(self.rows, self.each.most)

    @property
    def cost(self) -> tuple[Decimal, Decimal | None]:
        """What they cost, at least and at most, in US dollars."""
        return self.rows * self.each.least_usd, _times(self.rows, self.each.most_usd)


def asking_steps(job: Job) -> tuple[Step, ...]:
    """Return what a job asks: first for its rows, where they are yet to be found."""
    return (job.items.step, *job.steps) if isinstance(job.items, FoundItems) else job.steps


def later_calls(job: Job, found: Survey) -> dict[str, Later]:
    """Return what waits for answers that are not there yet, by step."""
    steps = [step for step in job.steps if found.waiting[step.id]]
    if isinstance(job.items, FoundItems) and not found.rows:
        most = most_found(job, job.items)
        return {step.id: Later(rows=1, each=of_found_rows(job, most, step)) for step in steps}
    return {step.id: Later(rows=found.waiting[step.id], each=forecast(job, step)) for step in steps}


@frozen
class Plan:
    """What a job would ask.

    Attributes:
        rows: Those within the limit; 0 where they are yet to be found.
        rows_found: So many rows FindAll is yet to find at most; None where it is not asked again.
        calls: Distinct calls; `cached`, `attached` (bought earlier) and `new` among them.
        cost_usd: What the new ones cost in US dollars; `cost_usd_max` the most that it may come to,
            None where a later step's list may be of any length.
        steps: By step its id, processor and why, calls and cost.
        columns_sent: The columns of the data that leave the machine.
        seconds: The shortest and the longest time that is expected.
        rows_within_budget: So many first rows fit the budget; None where all do.
        ages: Of the youngest and the oldest cached answer, in seconds; None where there is none.
        new_because: How many of the new calls are new for which reason.
    """

    job: str
    rows: int
    rows_found: int | None = None
    calls: int
    cached: int
    attached: int
    new: int
    cost_usd: Decimal
    cost_usd_max: Decimal | None
    budget_usd: Decimal | None
    steps: tuple[Mapping[str, JSON], ...]
    columns_sent: tuple[str, ...]
    seconds: tuple[float, float]
    rows_within_budget: int | None
    ages: tuple[float, float] | None
    new_because: Mapping[str, int]

    def record(self, requests: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
        """Return the plan as `--json` prints it, with a row's requests by step."""
        return {
            "job": self.job,
            "rows": self.rows,
            "calls": self.calls,
            "cached": self.cached,
            "attached": self.attached,
            "new": self.new,
            "cost_usd": float(self.cost_usd),
            "cost_usd_max": None if self.cost_usd_max is None else float(self.cost_usd_max),
            "budget_usd": None if self.budget_usd is None else float(self.budget_usd),
            "steps": list(self.steps),
            "columns_sent": list(self.columns_sent),
            "seconds_min": self.seconds[0],
            "seconds_max": self.seconds[1],
            "rows_within_budget": self.rows_within_budget,
            "cached_seconds_ago": None if self.ages is None else [round(age) for age in self.ages],
            "new_because": dict(self.new_because),
            "requests": dict(requests),
        }


def plan_of(job: Job, found: Survey, later: Mapping[str, Later]) -> Plan:
    """Return a job's plan, from its calls that are known and those that are not yet."""
    total = found.total
    certain = sum(each.calls[0] for each in later.values())
    least = total.cost_usd + sum(each.cost[0] for each in later.values())
    pages = verification(job, found, later)
    most = _sum([total.cost_usd_max, *(each.cost[1] for each in later.values()), pages])
    return Plan(
        job=job.name,
        rows=found.rows - found.rows_beyond,
        rows_found=_most_found(job, found, later),
        calls=total.calls + certain,
        cached=total.cached,
        attached=total.attached,
        new=total.new + certain,
        cost_usd=least,
        cost_usd_max=most,
        budget_usd=job.budget,
        steps=tuple(
            _step(step, found.steps[step.id], later.get(step.id)) for step in asking_steps(job)
        ),
        columns_sent=tuple(columns_sent(job)) if job.provider != "local" else (),
        seconds=_seconds(job, found, later),
        rows_within_budget=found.fits,
        ages=found.ages,
        new_because=reasons_sorted(found.reasons),
    )


def _most_found(job: Job, found: Survey, later: Mapping[str, Later]) -> int | None:
    if not isinstance(job.items, FoundItems) or found.rows or not later:
        return None
    return most_found(job, job.items)


def verification(job: Job, found: Survey, later: Mapping[str, Later]) -> Decimal | None:
    """Return the most that reading the cited pages is expected to cost, in US dollars."""
    prices = prices_of(job)
    amounts: list[Decimal | None] = []
    for step in job.steps:
        more = later[step.id].calls[1] if step.id in later else 0
        calls = None if more is None else found.steps[step.id].calls + more
        one = verification_price(job.provider, step, 1, prices)[1]
        amounts.append(None if one and calls is None else one * (calls or 0))
    return _sum(amounts)


def _step(step: Step, count: Count, later: Later | None) -> dict[str, JSON]:
    choice = choose(step.action) if isinstance(step.action, Task) else None
    plan: dict[str, JSON] = {
        "id": step.id,
        "processor": None if choice is None else choice.processor,
        "why": None if choice is None else choice.why,
        "calls": count.calls,
        "cost_usd": float(count.cost_usd),
    }
    if later is not None:
        least, most = later.calls
        dear = later.cost[1]
        plan["calls"] += least
        plan["cost_usd"] += float(later.cost[0])
        plan["calls_max"] = None if most is None else count.calls + most
        plan["cost_usd_max"] = None if dear is None else float(count.cost_usd_max + dear)
    return plan


def _times(rows: int, each: Number | None) -> Number | None:
    return None if each is None else rows * each


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum((each for each in known if each is not None), Decimal(0))


def _seconds(job: Job, found: Survey, later: Mapping[str, Later]) -> tuple[float, float]:
    """Return the shortest and longest expected time: until the last step has ended."""
    if job.provider != "parallel":
        return 0.0, 0.0
    begin = (0.0, 0.0)
    if isinstance(job.items, FoundItems):
        begin = _step_seconds(job, job.items.step, found, None)
    ends: dict[str, tuple[float, float]] = {}
    for wave in waves(job.steps):
        before = [ends[id_] for id_ in wave.after] or [begin]
        for step in wave.steps:
            times = _step_seconds(job, step, found, later.get(step.id))
            ends[step.id] = (
                max(each[0] for each in before) + times[0],
                max(each[1] for each in before) + times[1],
            )
    return max(each[0] for each in ends.values()), max(each[1] for each in ends.values())


def _step_seconds(job: Job, step: Step, found: Survey, later: Later | None) -> tuple[float, float]:
    least = most = found.steps[step.id].new
    if later is not None:
        low, high = later.calls
        least, most = least + low, most + (max(low, 1) if high is None else high)
    name = choose(step.action).processor if isinstance(step.action, Task) else None
    return (
        expected_seconds(step.kind, name, least, job.concurrency)[0],
        expected_seconds(step.kind, name, most, job.concurrency)[1],
    )
