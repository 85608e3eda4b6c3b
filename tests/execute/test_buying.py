"""The promise of buying: whatever is lost, refused or cut off, nothing is bought twice."""

import asyncio
import contextlib
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import (
    AmbiguousError,
    BudgetError,
    InvalidRequestError,
    RateLimitedError,
    RunnerError,
    UnreachableError,
)
from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace
from runner.execute.terms import Terms
from runner.job.model import AutoOutput, Retry, Step, Task
from runner.planning.calls import Call, fingerprint
from runner.providers.base import Added, Answer, GroupStatus, Run
from tests.execute.answering import outcomes_of


class Crash(BaseException):
    """The process dies here."""


class World:
    """A provider's side: what it holds does not die with the process that asks."""

    def __init__(self):
        self.groups = {}
        self.bought = Counter()
        self.faults = []
        self.late = []
        self.refused = set()
        self.failing = Counter()
        self.credit = None
        self.requests = 0

    def fault(self):
        self.requests += 1
        return self.faults.pop(0) if self.faults else "ok"

    def accept(self, group, bodies):
        runs = self.groups[group]
        ids = []
        for print_, body in bodies.items():
            self.bought[body["input"]] += 1
            ids.append(f"run{sum(map(len, self.groups.values()))}")
            runs.append((ids[-1], print_, body["input"]))
        return ids


class Fake:
    """A provider whose runs end at once, asked through faults that the world decides on."""

    name = "fake"
    null_is_not_found = False
    findalls = None
    warnings = ()
    quotas: ClassVar = {"task": 10_000}

    def __init__(self, world):
        self.world = world
        self.runs = self

    def edition(self, _body):
        return "fake"

    async def close(self):
        pass

    async def create_group(self):
        if self.world.fault() in ("lost", "refused", "later"):
            raise AmbiguousError("lost")
        group = f"group{len(self.world.groups)}"
        self.world.groups[group] = []
        return group

    async def add(self, group, bodies):
        world, fault = self.world, self.world.fault()
        texts = {body["input"] for body in bodies.values()}
        if fault == "unreachable":
            raise UnreachableError("no route")
        if fault == "limited":
            raise RateLimitedError("slow down", seconds=0.0)
        if fault == "refused":
            raise AmbiguousError("500")
        if world.refused & texts:
            raise InvalidRequestError("refused")
        if world.credit is not None and world.credit < len(bodies):
            raise BudgetError("no credit", hint="add some")
        if fault == "later":
            world.late.append((group, dict(bodies)))
            raise AmbiguousError("cut")
        if world.credit is not None:
            world.credit -= len(bodies)
        ids = world.accept(group, bodies)
        await asyncio.sleep(0)
        if fault == "crash":
            raise Crash
        if fault == "lost":
            raise AmbiguousError("cut")
        return Added(run_ids=ids, status=await self.status(group))

    async def status(self, group):
        total = len(self.world.groups[group])
        return GroupStatus(total=total, counts={"completed": total})

    async def read(self, group, after=None, *, inputs=False, outputs=False):
        fault = self.world.fault()
        for n, (run_id, print_, text) in enumerate(list(self.world.groups[group])):
            if fault == "cut" and n:
                raise AmbiguousError("cut")
            if fault == "ends early" and n:
                return
            yield self.run(run_id, print_, text)
        self.accept_late()

    def accept_late(self):
        while self.world.late:
            self.world.accept(*self.world.late.pop())

    def run(self, run_id, print_, text):
        if self.world.failing[text] > 0:
            self.world.failing[text] -= 1
            return Run(run_id=run_id, status="failed", fingerprint=print_, error="it failed")
        return Run(
            run_id=run_id,
            status="completed",
            fingerprint=print_,
            answer=Answer(output={"said": text}, run_id=run_id),
        )

    async def watch(self, group, after):
        yield await self.status(group)

    async def result(self, run_id):
        for runs in self.world.groups.values():
            for found, print_, text in runs:
                if found == run_id:
                    return self.run(run_id, print_, text)
        raise AssertionError(run_id)

    async def progress(self, run_id):
        return
        yield


def call(row, text, price="0.01"):
    body = {"input": text, "processor": "base"}
    return Call(
        row=row,
        step="main",
        kind="task",
        key=text,
        item={"x": text},
        body=body,
        fingerprint=fingerprint("fake", "task", body),
        price_usd=Decimal(price),
    )


class Crashing(Ledger):
    """A ledger whose process dies before or after the n-th thing it is told."""

    dies_after = None

    def transaction(self):
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise Crash
        return super().transaction()


class Clock:
    def __init__(self):
        self.at = 1_000_000.0

    def __call__(self):
        return self.at


async def no_sleep(_seconds):
    await asyncio.sleep(0)


def run(
    folder,
    world,
    calls,
    *,
    clock=None,
    dies_after=None,
    name="run",
    failed_runs=0,
    **options,
):
    """Run calls once, as one process would; return their outcomes."""
    clock = clock or Clock()
    provider = Fake(world)
    step = Step(
        action=Task(input="{{ item.x }}", output=AutoOutput()),
        retry=Retry(attempts=5, backoff=timedelta(0), failed_runs=failed_runs),
    )

    async def collect():
        ledger = Crashing(folder / "ledger.sqlite", now=clock)
        cache = Cache(folder / "cache", clock)
        try:
            ledger.start(name, "job")
            ledger.dies_after = dies_after
            outcomes = await outcomes_of(
                calls,
                Terms(steps={"main": step}, concurrency=4, **options),
                cache=cache,
                provider=provider,
                ledger=ledger,
                pace=Pace(provider.quotas, NoWindows(), sleep=no_sleep),
                sleep=no_sleep,
            )
            ledger.dies_after = None
            ledger.finish("done", {})
            return outcomes
        finally:
            cache.close()
            ledger.close()

    return asyncio.run(collect())


class NoWindows:
    def enter(self, kind, quota, now):
        return 0.0


def texts(outcomes):
    return [outcome.output and outcome.output["said"] for outcome in outcomes]


FAULTS = st.lists(
    st.sampled_from(
        ["ok", "lost", "refused", "later", "limited", "unreachable", "cut", "ends early"]
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(
    faults=FAULTS,
    rows=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12),
    deaths=st.lists(st.integers(0, 8), max_size=4),
)
def test_through_faults_and_deaths_each_distinct_row_is_bought_once(
    tmp_path_factory, faults, rows, deaths
):
    """A process may die before any transaction; the next ones go on from what the ledger holds."""
    folder, world, clock = tmp_path_factory.mktemp("state"), World(), Clock()
    world.faults = list(faults)
    calls = [call(n, text) for n, text in enumerate(rows)]
    for n, dies_after in enumerate(deaths):
        with contextlib.suppress(Crash, RunnerError):
            run(folder, world, calls, clock=clock, dies_after=dies_after, name=f"run{n}")
        clock.at += 100
    world.faults = []
    outcomes = run(folder, world, calls, clock=clock, name="last")
    assert texts(outcomes) == rows
    assert world.bought == dict.fromkeys(rows, 1)


def test_a_process_that_dies_between_acceptance_and_answer_buys_nothing_again(tmp_path):
    world, clock = World(), Clock()
    world.faults = ["ok", "crash"]
    calls = [call(n, text) for n, text in enumerate("abc")]
    with pytest.raises(Crash):
        run(tmp_path, world, calls, clock=clock, name="one")
    clock.at += 100
    outcomes = run(tmp_path, world, calls, clock=clock, name="two")
    assert texts(outcomes) == ["a", "b", "c"]
    assert set(world.bought.values()) == {1}
    assert all(outcome.attached and not outcome.cost_usd for outcome in outcomes)


def test_one_refused_row_fails_alone(tmp_path):
    world = World()
    world.refused = {"q13"}
    calls = [call(n, f"q{n}") for n in range(40)]
    outcomes = run(tmp_path, world, calls, place=lambda _call: "job.yaml:3")
    assert [o.row for o in outcomes if o.status == "failed"] == [13]
    assert "job.yaml:3" in outcomes[13].error
    assert "row 14" in outcomes[13].error
    assert sum(world.bought.values()) == 39


def test_credit_that_another_run_holds_back_is_waited_for(tmp_path, monkeypatch):
    """The tasks of another process are running: when one ends, its credit is free again."""
    world, clock = World(), Clock()
    world.credit = 0
    other = Ledger(tmp_path / "ledger.sqlite", now=clock)
    other.start("other", "another-job")
    theirs = call(9, "theirs")
    prices = {theirs.fingerprint: Decimal("0.01")}
    other.intend("elsewhere", prices, None, again=lambda _known: False)
    other.submitted({theirs.fingerprint: "run9"})
    looks = 0

    async def sleep(_seconds):
        nonlocal looks
        looks += 1
        if looks == 3:
            other.settled({theirs.fingerprint: None})
            world.credit = 10
        await asyncio.sleep(0)

    monkeypatch.setattr(sys.modules[__name__], "no_sleep", sleep)
    outcomes = run(tmp_path, world, [call(n, f"t{n}") for n in range(3)], clock=clock)
    other.close()
    assert texts(outcomes) == ["t0", "t1", "t2"]
    assert looks >= 3


def test_what_another_run_buys_while_this_one_lacks_credit_is_not_its_own(tmp_path, monkeypatch):
    """Each purchase is paid, and counted as new, once."""
    world, clock = World(), Clock()
    world.credit = 0
    wanted = call(0, "t0")
    other = Ledger(tmp_path / "ledger.sqlite", now=clock)
    other.start("other", "another-job")

    def buy(each, group):
        world.groups[group] = []
        (run_id,) = world.accept(group, {each.fingerprint: each.body})
        prices = {each.fingerprint: each.price_usd}
        assert other.intend(group, prices, None, again=lambda _known: False)[0]
        other.submitted({each.fingerprint: run_id})

    buy(call(9, "theirs"), "elsewhere")
    looks = 0

    async def sleep(_seconds):
        nonlocal looks
        looks += 1
        if looks == 1:
            buy(wanted, "beside")
            other.settled({call(9, "theirs").fingerprint: None})
            other.finish("done", {})
        await asyncio.sleep(0)

    monkeypatch.setattr(sys.modules[__name__], "no_sleep", sleep)
    (outcome,) = run(tmp_path, world, [wanted], clock=clock)
    other.close()
    assert (outcome.status, outcome.attached, outcome.cost_usd) == ("ok", True, 0)
    assert set(world.bought.values()) == {1}


def test_without_waiting_too_little_credit_ends_the_run(tmp_path):
    world = World()
    world.credit = 2
    outcomes = run(tmp_path, world, [call(n, f"t{n}") for n in range(4)], wait=False)
    assert Counter(o.status for o in outcomes) == {"pending": 2, "skipped": 2}


def test_too_little_credit_buys_what_it_can_and_says_so(tmp_path):
    world = World()
    world.credit = 21
    calls = [call(n, f"q{n}") for n in range(50)]
    outcomes = run(tmp_path, world, calls)
    statuses = Counter(outcome.status for outcome in outcomes)
    assert statuses == {"ok": 21, "skipped": 29}
    assert "credit" in next(o.error for o in outcomes if o.status == "skipped")
    world.credit = None
    assert {o.status for o in run(tmp_path, world, calls, name="again")} == {"ok"}
    assert set(world.bought.values()) == {1}


def test_the_budget_is_never_passed(tmp_path):
    world = World()
    calls = [call(n, f"q{n}") for n in range(50)]
    outcomes = run(tmp_path, world, calls, budget=Decimal("0.17"))
    assert Counter(outcome.status for outcome in outcomes) == {"ok": 17, "skipped": 33}
    assert sum(outcome.cost_usd for outcome in outcomes) == Decimal("0.17")
    assert sum(world.bought.values()) == 17


def test_a_failed_run_is_the_rows_outcome_and_is_not_bought_again(tmp_path):
    world = World()
    world.failing["b"] = 1
    calls = [call(n, text) for n, text in enumerate("abc")]
    outcomes = run(tmp_path, world, calls)
    assert [outcome.status for outcome in outcomes] == ["ok", "failed", "ok"]
    assert "it failed" in outcomes[1].error
    again = run(tmp_path, world, calls, name="again")
    assert [outcome.status for outcome in again] == ["ok", "failed", "ok"]
    assert world.bought["b"] == 1


def test_failed_runs_may_be_bought_again_as_often_as_the_job_says(tmp_path):
    world = World()
    world.failing["b"] = 2
    outcomes = run(tmp_path, world, [call(0, "a"), call(1, "b")], failed_runs=2)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert world.bought == {"a": 1, "b": 3}
    assert outcomes[1].cost_usd == Decimal("0.03")


def test_without_waiting_rows_stay_pending_and_are_picked_up(tmp_path):
    world = World()
    calls = [call(n, text) for n, text in enumerate("abc")]
    assert {o.status for o in run(tmp_path, world, calls, wait=False)} == {"pending"}
    outcomes = run(tmp_path, world, calls, name="again")
    assert texts(outcomes) == ["a", "b", "c"]
    assert set(world.bought.values()) == {1}


def test_an_answer_lost_from_the_cache_is_read_again_not_bought(tmp_path):
    world = World()
    calls = [call(n, text) for n, text in enumerate("abc")]
    run(tmp_path, world, calls)
    with Cache(tmp_path / "cache", Clock()) as cache:
        cache.clear()
    assert texts(run(tmp_path, world, calls, name="again")) == ["a", "b", "c"]
    assert set(world.bought.values()) == {1}


def test_an_answer_older_than_the_cache_age_is_bought_anew(tmp_path):
    world, clock = World(), Clock()
    run(tmp_path, world, [call(0, "a")], clock=clock)
    clock.at += timedelta(hours=25).total_seconds()
    outcomes = run(tmp_path, world, [call(0, "a")], clock=clock, name="next day")
    assert world.bought["a"] == 2
    assert not outcomes[0].cached
