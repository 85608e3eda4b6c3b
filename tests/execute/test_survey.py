"""A survey counts each distinct call once, by how it stands, and asks nothing."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from runner.execute.standing import ALWAYS, FAILED, OLD, REFRESH, Standings
from runner.execute.survey import Surveyor
from runner.job.model import Step, Task
from runner.planning.calls import Call, fingerprint
from runner.planning.expand import BEYOND_LIMIT

STEP = Step(action=Task(input="q"))
DAY = 86_400.0


def call(number, row=None, price="0.01"):
    body = {"input": str(number), "processor": "base"}
    return Call(
        row=number if row is None else row,
        step="main",
        kind="task",
        key=str(number),
        item={},
        body=body,
        fingerprint=fingerprint("parallel", "task", body),
        price_usd=Decimal(price),
    )


class Shelf:
    """A cache and a ledger at a time that can be set."""

    def __init__(self, folder):
        self.now = time.time()
        self.cache = Cache(folder / "cache", lambda: self.now)
        self.ledger = Ledger(folder / "ledger.sqlite", now=lambda: self.now)
        self.ledger.start("run_1", "job")

    def stored(self, one):
        self.cache.put(one.fingerprint, {"output": 1})

    def bought(self, one):
        self.ledger.intend("group", {one.fingerprint: one.price_usd}, None, again=lambda _p: True)

    def settled(self, one, error=None):
        self.bought(one)
        self.ledger.submitted({one.fingerprint: f"trun_{one.key}"})
        self.ledger.settled({one.fingerprint: error})

    def standing(self, one, step=STEP, **options):
        return Standings(self.cache, self.ledger, {"main": step}, **options).of([one])[0]


@pytest.fixture
def shelf(tmp_path):
    opened = Shelf(tmp_path)
    yield opened
    opened.cache.close()
    opened.ledger.finish("done", {})
    opened.ledger.close()


def test_a_stored_answer_serves_until_it_is_too_old(shelf):
    one = call(1)
    assert shelf.standing(one).state == "new"
    shelf.stored(one)
    shelf.now += DAY - 1
    standing = shelf.standing(one)
    assert (standing.state, standing.age) == ("cached", pytest.approx(DAY - 1))
    shelf.now += 2
    assert (shelf.standing(one).state, shelf.standing(one).why) == ("new", OLD)


@pytest.mark.parametrize("kind", ["task", "findall"])
def test_what_is_on_its_way_is_never_new(shelf, kind):
    one = replace(call(1), kind=kind)
    shelf.bought(one)
    for step in (STEP, replace(STEP, cache=None), replace(STEP, cache=timedelta(seconds=1))):
        shelf.now += DAY
        assert shelf.standing(one, step).state == "attached"
        assert shelf.standing(one, step, refresh=True).state == "attached"


def test_a_failure_is_an_answer_within_the_cache_age(shelf):
    one = call(1)
    shelf.settled(one, error="it failed")
    assert shelf.standing(one).state == "attached"
    shelf.now += DAY + 1
    assert (shelf.standing(one).state, shelf.standing(one).why) == ("new", FAILED)


def test_a_bought_answer_that_the_cache_lost_is_read_again(shelf):
    one = call(1)
    shelf.settled(one)
    assert shelf.standing(one).state == "attached"


def test_who_always_asks_or_refreshes_takes_no_stored_answer(shelf):
    one = call(1)
    shelf.stored(one)
    assert shelf.standing(one, replace(STEP, cache=None)).why == ALWAYS
    assert shelf.standing(one, refresh=True).why == REFRESH


def test_without_a_state_directory_everything_is_new():
    assert Standings(None, None, {"main": STEP}).of([call(1)])[0].state == "new"


NOTHING = Standings(None, None, {"main": STEP})


def survey(calls, standings, **how):
    surveyor = Surveyor(standings, ["main"], **how)
    surveyor.count(calls)
    return surveyor.found


@given(st.lists(st.integers(0, 9)), st.none() | st.integers(1, 12))
def test_each_distinct_call_within_the_limit_counts_once(numbers, limit):
    calls = [
        replace(
            call(number, row),
            withheld=BEYOND_LIMIT if limit is not None and row >= limit else None,
        )
        for row, number in enumerate(numbers)
    ]
    found = survey(calls, NOTHING)
    within = numbers[:limit]
    assert found.rows == len(numbers)
    assert found.rows - found.rows_beyond == len(within)
    assert found.total.calls == found.total.new == len(set(within))
    assert found.total.cost_usd == Decimal("0.01") * len(set(within))


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(0, 12))
def test_the_rows_that_fit_are_the_most_that_the_budget_allows(numbers, cents):
    """And one row more would not fit."""
    calls = [call(number, row) for row, number in enumerate(numbers)]
    budget = Decimal(cents) / 100
    found = survey(calls, NOTHING, budget=budget)
    if found.fits is None:
        assert len(set(numbers)) <= cents
    else:
        assert len(set(numbers[: found.fits])) <= cents < len(set(numbers[: found.fits + 1]))


def test_reasons_are_asked_only_of_new_calls_that_were_never_stored(shelf):
    known, old, fresh = call(1), call(2), call(3)
    shelf.stored(old)
    shelf.now += DAY + 1
    shelf.stored(known)
    asked = []
    found = survey(
        [known, old, fresh],
        Standings(shelf.cache, shelf.ledger, {"main": STEP}),
        why=lambda each: asked.append(each.key) or "because",
    )
    assert asked == ["3"]
    assert found.reasons == Counter({OLD: 1, "because": 1})
    assert (found.total.cached, found.total.new) == (1, 2)
