"""FindAll runs are bought once each, whatever becomes of the request, and none is lost."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from runner.errors import (
    AmbiguousError,
    BudgetError,
    InvalidRequestError,
    KeyRefusedError,
    UnknownRunError,
    UnreachableError,
)
from runner.execute.cache import Cache
from runner.execute.finding import Finder
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace, SharedWindows
from runner.execute.terms import Terms
from runner.job.model import FindAll, Retry, Step
from runner.planning.calls import Call, fingerprint
from runner.providers.base import Answer, Found, Search
from tests.execute.answering import outcomes_of

STEP = Step(
    action=FindAll(objective="x"),
    retry=Retry(backoff=timedelta(0), max_backoff=timedelta(0)),
)


def call(number=0):
    body = {"objective": f"companies {number}", "generator": "base", "match_limit": 10}
    return Call(
        row=number,
        step="main",
        kind="findall",
        key=str(number),
        item={},
        body=body,
        fingerprint=fingerprint("parallel", "findall", body),
        price_usd=Decimal("0.55"),
        least_usd=Decimal("0.25"),
    )


class World:
    """A provider with nothing but FindAll runs, and what it was asked."""

    name = "parallel"
    null_is_not_found = False
    warnings = ()
    runs = None
    quotas: ClassVar = {}

    def __init__(self, *, matches=4, looks=2, ended=None):
        self.findalls = self
        self.started = []
        self.prepared = 0
        self.matches, self.looks, self.ended = matches, looks, ended
        self.start_errors = []
        self.accept_lost = False
        self.unknown = False

    def edition(self, _body):
        return "parallel"

    async def close(self):
        pass

    async def prepare(self, body):
        self.prepared += 1
        return {**body, "entity_type": "companies", "match_conditions": [{"name": "a"}]}

    async def start(self, _fingerprint, body):
        if self.start_errors:
            raise self.start_errors.pop(0)
        self.started.append(body)
        if self.accept_lost:
            raise AmbiguousError("lost")
        return f"findall_{len(self.started)}"

    async def look(self, run_id):
        if self.unknown:
            raise UnknownRunError("The provider does not know this")
        self.looks -= 1
        return Search(
            is_finished=self.looks < 0, candidates=9, matches=self.matches, ended=self.ended
        )

    async def result(self, run_id):
        results = [{"name": f"C{n}", "url": f"https://c{n}.com"} for n in range(self.matches)]
        return Found(
            matches=self.matches, answer=Answer(output={"results": results}, run_id=run_id)
        )


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        self.now = time.time()

    def run(self, world, calls=None, *, die=False, pace=None, **options):
        """Run to the end, or with `die` leave the ledger as a killed process would."""
        self.number += 1

        async def all_():
            ledger = Ledger(self.folder / "ledger.sqlite", now=lambda: self.now)
            ledger.start(f"run_{self.number}", "job")
            with Cache(self.folder / "cache", lambda: self.now) as cache:
                try:
                    found = await outcomes_of(
                        calls or [call()],
                        Terms(
                            steps={"main": options.pop("step", STEP)},
                            concurrency=5,
                            place=lambda _call: "job.yaml:2",
                            **options,
                        ),
                        cache=cache,
                        provider=world,
                        ledger=ledger,
                        pace=pace,
                        sleep=lambda _seconds: asyncio.sleep(0),
                    )
                    return found, ledger.cost()
                finally:
                    if not die:
                        ledger.finish("done", {})
                    ledger.close()

        return asyncio.run(all_())


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_what_matches_is_the_answer_and_only_that_is_paid_for(place):
    world = World(matches=4)
    (outcome,), cost = place.run(world)
    assert outcome.status == "ok"
    assert [each["name"] for each in outcome.output["results"]] == ["C0", "C1", "C2", "C3"]
    assert outcome.cost_usd == cost == Decimal("0.25") + 4 * Decimal("0.03")
    assert world.started[0]["entity_type"] == "companies"


def test_a_second_run_reads_the_cache(place):
    world = World()
    place.run(world)
    (outcome,), cost = place.run(world)
    assert (outcome.cached, cost, len(world.started), world.prepared) == (True, 0, 1, 1)


def test_equal_rows_are_bought_once(place):
    world = World()
    outcomes, _ = place.run(world, [call(), replace(call(), row=1)])
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert len(world.started) == 1


def test_a_lost_answer_is_never_sent_again(place):
    """No one can look whether it was accepted: the row fails and says so, also the next time."""
    world = World()
    world.accept_lost = True
    (outcome,), cost = place.run(world)
    assert outcome.status == "failed"
    assert "may have been accepted and charged" in outcome.error
    assert cost == Decimal("0.55")
    world.accept_lost = False
    (outcome,), _ = place.run(world)
    assert (outcome.status, len(world.started)) == ("failed", 1)
    (outcome,), _ = place.run(world, refresh=True)
    assert (outcome.status, len(world.started)) == ("ok", 2)


def test_a_process_that_died_while_sending_leaves_a_lost_answer(place):
    class Died(BaseException):
        pass

    world = World()
    world.start_errors = [Died()]
    with pytest.raises(BaseException):  # noqa: B017, PT011 - the death itself
        place.run(world, die=True)
    place.now += 3_600
    (outcome,), _ = place.run(world)
    assert outcome.status == "failed"
    assert "may have been accepted and charged" in outcome.error
    assert world.started == []


def test_a_process_that_died_while_it_waited_for_its_turn_has_bought_nothing(place):
    """So few may be started in an hour that waiting is most of what a run does."""

    class Died(BaseException):
        pass

    class Full:
        def enter(self, kind, quota, now):
            if kind == "findall":
                raise Died
            return 0.0

    world = World()
    with pytest.raises(BaseException):  # noqa: B017, PT011 - the death itself
        place.run(world, die=True, pace=Pace({"findall": 1}, Full()))
    place.now += 3_600
    (outcome,), cost = place.run(world)
    assert (outcome.status, cost, len(world.started)) == ("ok", Decimal("0.37"), 1)


def test_a_run_under_way_is_picked_up(place):
    world = World(looks=5)
    (outcome,), _ = place.run(world, wait=False)
    assert outcome.status == "pending"
    (outcome,), cost = place.run(world)
    assert (outcome.status, outcome.attached, len(world.started)) == ("ok", True, 1)
    assert cost == 0


def test_a_run_that_takes_too_long_is_left_and_picked_up(place):
    world = World(looks=10**9)
    (outcome,), _ = place.run(world, timeout=lambda _call: 0.01)
    assert (outcome.status, outcome.error) == (
        "pending", "Still running at the timeout; run again to pick it up",
    )  # fmt: skip
    world.looks = 0
    (outcome,), _ = place.run(world)
    assert (outcome.status, len(world.started)) == ("ok", 1)


def test_an_answer_that_the_cache_lost_is_read_again(place):
    world = World()
    place.run(world)
    with Cache(place.folder / "cache", time.time) as cache:
        cache.clear()
    (outcome,), _ = place.run(world)
    assert (outcome.status, outcome.attached, len(world.started)) == ("ok", True, 1)


def test_unreachable_is_tried_again_and_refusals_buy_nothing(place):
    world = World()
    world.start_errors = [UnreachableError("no network"), UnreachableError("no network")]
    (outcome,), _ = place.run(world)
    assert outcome.status == "ok"
    world.start_errors = [InvalidRequestError("match_limit: too large")]
    (outcome,), cost = place.run(world, [call(1)])
    assert outcome.status == "failed"
    assert outcome.error == "job.yaml:2: match_limit: too large (row 2, 1)"
    assert cost == 0
    world.start_errors = [BudgetError("too little credit", hint="Add credit")]
    (outcome,), cost = place.run(world, [call(2)])
    assert (outcome.status, outcome.error, cost) == (
        "skipped", "too little credit. Add credit", 0,
    )  # fmt: skip


def test_a_refused_key_stops_the_run(place):
    world = World()
    world.start_errors = [KeyRefusedError("no")]
    with pytest.raises(KeyRefusedError):
        place.run(world)


def test_the_budget_has_room_for_the_most_it_may_cost(place):
    world = World(matches=0)
    outcomes, cost = place.run(world, [call(0), call(1)], budget=Decimal("0.60"))
    assert sorted(outcome.status for outcome in outcomes) == ["ok", "skipped"]
    assert cost == Decimal("0.25")


def test_a_search_that_ended_early_keeps_what_it_found(place):
    world = World(matches=2, ended="insufficient funds")
    (outcome,), _ = place.run(world)
    assert (outcome.status, len(outcome.output["results"])) == ("ok", 2)
    world = World(matches=0, ended="timeout")
    (outcome,), _ = place.run(world, [call(1)])
    assert (outcome.status, outcome.error) == ("failed", "The search ended early: timeout")


def test_a_run_that_nobody_knows_any_more_fails(place):
    world = World()
    world.unknown = True
    (outcome,), _ = place.run(world)
    assert outcome.status == "failed"
    assert "does not know" in outcome.error


@pytest.mark.parametrize(("given_back", "status"), [(True, "ok"), (False, "skipped")])
def test_credit_that_runs_beside_it_hold_back_is_waited_for(tmp_path, given_back, status):
    """When one of them ends, the request is sent once more; it was not paid for before."""

    class Credit:
        ended = 3

        async def is_back(self, since):
            assert since == self.ended
            return given_back

    world, fates = World(), {}
    world.start_errors = [BudgetError("too little credit", hint="Add credit")]

    async def find():
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            ledger.start("run", "job")
            async with asyncio.TaskGroup() as tasks:
                finder = Finder(
                    findalls=world,
                    ledger=ledger,
                    pace=Pace({}, SharedWindows(tmp_path / "sent.sqlite")),
                    terms=Terms(steps={"main": STEP}, concurrency=5),
                    keep=lambda _kept: None,
                    tell=fates.update,
                    listen=lambda _name, _progress: None,
                    tasks=tasks,
                    sleep=lambda _seconds: asyncio.sleep(0),
                    credit=Credit(),
                )
                finder.find([call()])
            return ledger.cost()

    cost = asyncio.run(find())
    assert [fate.status for fate in fates.values()] == [status]
    assert len(world.started) == given_back
    assert cost == (Decimal("0.37") if given_back else 0)
