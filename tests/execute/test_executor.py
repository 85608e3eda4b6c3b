"""Laws of the executor: one outcome a call in order, each fingerprint asked once, rows fail alone."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from runner.errors import KeyRefusedError, ProviderError
from runner.execute.cache import Cache
from runner.execute.terms import Terms
from runner.job.model import JsonOutput, Step, Task
from runner.planning.calls import Call, fingerprint
from runner.providers.base import Answer
from tests.execute.answering import outcomes_of

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


class Asked:
    """A provider that answers from a function and remembers what it was asked."""

    name = "asked"
    null_is_not_found = True
    findalls = None
    warnings = ()
    runs = None
    quotas: ClassVar = {}

    def __init__(self, answer):
        self.answer = answer
        self.bodies = []
        self.at_once = 0
        self.most_at_once = 0

    def edition(self, _body):
        return "asked"

    async def ask(self, _kind, body):
        self.bodies.append(body["input"])
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.001)
            return self.answer(body["input"])
        finally:
            self.at_once -= 1

    async def close(self):
        pass


def call(row, text):
    body = {"input": text, "processor": "base"}
    return Call(
        row=row,
        step="main",
        kind="task",
        key=text,
        item={"x": text},
        body=body,
        fingerprint=fingerprint("asked", "task", body),
        price_usd=Decimal("0.01"),
    )


def step(**changes):
    action = Task(input="{{ item.x }}", output=JsonOutput(schema=SCHEMA))
    return Step(action=action, **changes)


def run(tmp_path, calls, provider, *, of=None, concurrency=4, **options):
    async def collect():
        terms = Terms(steps={"main": of or step()}, concurrency=concurrency, **options)
        with Cache(tmp_path / "cache", lambda: 0.0) as cache:
            return await outcomes_of(calls, terms, cache=cache, provider=provider)

    return asyncio.run(collect())


def good(_text):
    return Answer(output={"n": 1})


def test_outcomes_come_in_the_order_of_the_calls(tmp_path):
    calls = [call(row, f"q{row}") for row in range(50)]
    outcomes = run(tmp_path, calls, Asked(good))
    assert [outcome.row for outcome in outcomes] == list(range(50))
    assert {outcome.status for outcome in outcomes} == {"ok"}


def test_identical_rows_are_asked_and_paid_once(tmp_path):
    provider = Asked(good)
    outcomes = run(tmp_path, [call(row, "same") for row in range(20)], provider)
    assert provider.bodies == ["same"]
    assert sum(outcome.cost_usd for outcome in outcomes) == Decimal("0.01")


def test_a_second_run_asks_nothing(tmp_path):
    calls = [call(row, f"q{row}") for row in range(5)]
    first = run(tmp_path, calls, Asked(good))
    provider = Asked(good)
    second = run(tmp_path, calls, provider)
    assert provider.bodies == []
    assert [o.output for o in second] == [o.output for o in first]
    assert all(o.cached and not o.cost_usd for o in second)


@pytest.mark.parametrize("options", [{"refresh": True}, {"of": step(cache=None)}])
def test_refresh_and_cache_false_ask_again(tmp_path, options):
    calls = [call(0, "q"), call(1, "q")]
    run(tmp_path, calls, Asked(good))
    provider = Asked(good)
    run(tmp_path, calls, provider, **options)
    assert provider.bodies == ["q"]


def test_offline_asks_nothing_and_skips_what_is_not_stored(tmp_path):
    run(tmp_path, [call(0, "known")], Asked(good))
    provider = Asked(good)
    outcomes = run(tmp_path, [call(0, "known"), call(1, "new")], provider, offline=True)
    assert [outcome.status for outcome in outcomes] == ["ok", "skipped"]
    assert provider.bodies == []


def test_concurrency_is_kept(tmp_path):
    provider = Asked(good)
    run(tmp_path, [call(row, f"q{row}") for row in range(30)], provider, concurrency=3)
    assert provider.most_at_once == 3


def test_a_row_fails_alone_and_is_asked_again_next_time(tmp_path):
    def one_fails(text):
        if text == "q1":
            raise ProviderError("no answer", hint="try again")
        return good(text)

    calls = [call(row, f"q{row}") for row in range(3)]
    outcomes = run(tmp_path, calls, Asked(one_fails))
    assert [outcome.status for outcome in outcomes] == ["ok", "failed", "ok"]
    assert outcomes[1].error == "no answer. try again"
    provider = Asked(good)
    assert {o.status for o in run(tmp_path, calls, provider)} == {"ok"}
    assert provider.bodies == ["q1"]


def test_a_refused_key_stops_the_run(tmp_path):
    def refuse(_text):
        raise KeyRefusedError("wrong key")

    with pytest.raises(KeyRefusedError):
        run(tmp_path, [call(0, "q")], Asked(refuse))


def test_an_answer_that_breaks_the_schema_is_kept_and_shown(tmp_path):
    outcomes = run(tmp_path, [call(0, "q")], Asked(lambda _t: Answer(output={"n": "many"})))
    assert outcomes[0].status == "invalid"
    assert outcomes[0].output == {"n": "many"}
    assert "schema" in outcomes[0].error


def test_null_means_not_found_where_the_provider_says_so(tmp_path):
    provider = Asked(lambda _t: Answer(output={"n": None}))
    assert run(tmp_path, [call(0, "a")], provider)[0].status == "ok"
    provider.null_is_not_found = False
    assert run(tmp_path, [call(0, "b")], provider)[0].status == "invalid"


def test_what_takes_longer_than_the_timeout_fails_with_words(tmp_path):
    class Slow(Asked):
        async def ask(self, kind, body):
            await asyncio.sleep(30)

    outcomes = run(tmp_path, [call(0, "q")], Slow(good), of=step(timeout=timedelta(seconds=0.01)))
    assert outcomes[0].status == "failed"
    assert "timeout" in outcomes[0].error


def test_an_interrupted_run_keeps_what_was_answered(tmp_path):
    def stop_at_three(text):
        if text == "q3":
            raise KeyboardInterrupt
        return good(text)

    calls = [call(row, f"q{row}") for row in range(6)]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, calls, Asked(stop_at_three), concurrency=1)
    provider = Asked(good)
    run(tmp_path, calls, provider, concurrency=1)
    assert provider.bodies == ["q3", "q4", "q5"]
