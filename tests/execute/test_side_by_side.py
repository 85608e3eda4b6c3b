"""Laws of steps that begin at different times: together they ask each call once, in one queue."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from runner.errors import KeyRefusedError, ProviderError
from runner.execute.cache import Cache
from runner.execute.executor import executing
from runner.execute.terms import Terms
from runner.job.model import Search, Step
from runner.planning.calls import Call, fingerprint
from runner.providers.base import Answer


class Gated:
    """A provider whose answer to a question comes when its gate opens."""

    name = "gated"
    null_is_not_found = True
    findalls = None
    warnings = ()
    runs = None
    quotas: ClassVar = {}

    def __init__(self):
        self.asked = []
        self.gates = {}
        self.wrong = {"wrong"}

    def edition(self, _body):
        return "gated"

    def gate(self, question):
        return self.gates.setdefault(question, asyncio.Event())

    async def ask(self, _kind, body):
        question = body["objective"]
        self.asked.append(question)
        await self.gate(question).wait()
        if question in self.wrong:
            raise ProviderError("No such thing")
        if question == "refused":
            raise KeyRefusedError("No key")
        return Answer(output={"results": [{"url": f"https://a.example/{question}"}]})

    async def close(self):
        pass


def call(step, question, row=0):
    body = {"objective": question}
    return Call(
        row=row,
        step=step,
        kind="search",
        key=question,
        item={},
        body=body,
        fingerprint=fingerprint("gated", "search", body),
        price_usd=Decimal("0.01"),
    )


class Scene:
    """Steps `a` and `b` over one provider, with what came of them."""

    def __init__(self, folder, *, ages=(timedelta.max, timedelta.max), now=0.0, **options):
        self.provider = Gated()
        self.outcomes = []
        self.cache = Cache(folder / "cache", lambda: now)
        steps = {
            id_: Step(id=id_, action=Search(objective="q"), cache=age)
            for id_, age in zip("ab", ages, strict=True)
        }
        self.terms = Terms(steps=steps, concurrency=10, **options)

    def play(self, act):
        async def acted():
            async with executing(
                self.terms,
                cache=self.cache,
                provider=self.provider,
                take=self.outcomes.append,
            ) as executor:
                async with asyncio.timeout(30):
                    await act(executor, self.provider)

        with self.cache:
            asyncio.run(acted())
        return self.outcomes


async def turns():
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_step_has_its_outcomes_while_another_waits(tmp_path):
    scene = Scene(tmp_path)

    async def act(executor, provider):
        provider.gate("quick").set()
        await executor.ask("ab", [call("a", "slow"), call("b", "quick")])
        await executor.answered("b")
        assert [each.step for each in scene.outcomes] == ["b"]
        provider.gate("slow").set()
        await executor.answered("a")

    assert [each.key for each in scene.play(act)] == ["quick", "slow"]


def test_a_call_under_way_is_not_asked_again_by_a_later_step(tmp_path):
    scene = Scene(tmp_path)

    async def act(executor, provider):
        await executor.ask("a", [call("a", "same")])
        await turns()
        await executor.ask("b", [call("b", "same", row) for row in range(3)])
        await turns()
        provider.gate("same").set()
        await executor.answered("b")
        await executor.answered("a")

    outcomes = scene.play(act)
    assert scene.provider.asked == ["same"]
    assert [each.status for each in outcomes] == ["ok"] * 4
    assert sum(each.cost_usd for each in outcomes) == Decimal("0.01")


@pytest.mark.parametrize(("question", "status"), [("good", "ok"), ("wrong", "failed")])
def test_what_became_of_a_call_counts_for_later_steps_too(tmp_path, question, status):
    """Even where every answer is to be fresh: it is one of this run."""
    scene = Scene(tmp_path, refresh=True)

    async def act(executor, provider):
        provider.gate(question).set()
        await executor.ask("a", [call("a", question)])
        await executor.answered("a")
        await executor.ask("b", [call("b", question)])
        await executor.answered("b")

    outcomes = scene.play(act)
    assert scene.provider.asked == [question]
    assert [each.status for each in outcomes] == [status, status]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_each_step_has_answers_as_fresh_as_it_wants_them(tmp_path, order):
    """An answer that is too old for one may be good enough for the other."""
    first = Scene(tmp_path)

    async def fill(executor, provider):
        provider.gate("same").set()
        await executor.ask("a", [call("a", "same")])
        await executor.answered("a")

    first.play(fill)
    lenient, strict = timedelta(days=7), timedelta(hours=1)
    scene = Scene(tmp_path, ages=(lenient, strict), now=86_400.0)

    async def act(executor, provider):
        provider.gate("same").set()
        for step in order:
            await executor.ask(step, [call(step, "same")])
            await executor.answered(step)

    outcomes = {each.step: each for each in scene.play(act)}
    assert scene.provider.asked == ["same"]
    assert not outcomes["b"].cached
    assert outcomes["a"].cached == (order == "ab")


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_where_asking_anew_fails_an_old_answer_still_serves_whom_it_is_good_enough_for(
    tmp_path, order
):
    Scene(tmp_path).play(answer_same)
    scene = Scene(tmp_path, ages=(timedelta(days=7), timedelta(hours=1)), now=86_400.0)
    scene.provider.wrong = {"same"}

    async def act(executor, provider):
        provider.gate("same").set()
        calls = {"a": [call("a", "slow"), call("a", "same", row=1)], "b": [call("b", "same")]}
        for step in order:
            await executor.ask(step, calls[step])
            await turns()
        await executor.answered("b")
        provider.gate("slow").set()
        await executor.answered("a")

    found = [(each.step, each.key, each.status, each.cached) for each in scene.play(act)]
    assert found == [
        ("b", "same", "failed", False),
        ("a", "slow", "ok", False),
        ("a", "same", "ok", True),
    ]


def test_of_two_steps_that_ask_the_same_together_the_stricter_counts(tmp_path):
    Scene(tmp_path).play(answer_same)
    scene = Scene(tmp_path, ages=(timedelta(days=7), timedelta(hours=1)), now=86_400.0)
    scene.play(answer_same)
    assert scene.provider.asked == ["same"]
    assert {each.cached for each in scene.outcomes} == {False}


async def answer_same(executor, provider):
    provider.gate("same").set()
    await executor.ask("ab", [call("a", "same"), call("b", "same")])
    await executor.answered("a")
    await executor.answered("b")


def test_a_fault_ends_every_step(tmp_path):
    scene = Scene(tmp_path)

    async def act(executor, provider):
        await executor.ask("a", [call("a", "never")])
        provider.gate("refused").set()
        await executor.ask("b", [call("b", "refused")])
        await executor.answered("a")

    with pytest.raises(KeyRefusedError):
        scene.play(act)


def test_a_fault_around_it_ends_what_is_under_way(tmp_path):
    scene = Scene(tmp_path)

    async def act(executor, _provider):
        await executor.ask("a", [call("a", "never")])
        await turns()
        raise ProviderError("Something else")

    with pytest.raises(ProviderError, match="Something else"):
        scene.play(act)
    assert scene.provider.asked == ["never"]
