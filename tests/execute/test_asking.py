"""Laws of asking: the parts of a call side by side, within the concurrency, in their order."""

import asyncio
import signal
from decimal import Decimal
from typing import ClassVar

import pytest

from runner.errors import InvalidRequestError, KeyRefusedError, ProviderError
from runner.execute.cache import Cache
from runner.execute.terms import Terms
from runner.job.model import Extract, Step
from runner.planning.calls import Call
from runner.providers.base import Answer, Part
from tests.execute.answering import outcomes_of

STEP = Step(action=Extract(urls=("{{ item.x }}",)))


class Parted:
    """A provider whose calls take as many requests as their text has letters."""

    name = "parted"
    null_is_not_found = True
    warnings = ()
    runs = None
    findalls = None
    quotas: ClassVar = {}

    def __init__(self, ask):
        self._ask = ask
        self.asked = []
        self.at_once = self.most_at_once = 0

    def edition(self, _body):
        return "parted"

    def parts(self, _kind, body):
        return [Part(body={"text": letter}, weight=1) for letter in body["text"]]

    def joined(self, answers):
        return Answer(output={"text": "".join(each.output["text"] for each in answers)})

    async def ask(self, _kind, body):
        self.asked.append(body["text"])
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._ask(body["text"])
        finally:
            self.at_once -= 1

    async def close(self):
        pass


def run(tmp_path, provider, *texts, concurrency=50, **terms):
    calls = [
        Call(
            row=row,
            step="main",
            kind="extract",
            key=text,
            item={},
            body={"text": text},
            fingerprint=f"{row:064x}",
            price_usd=Decimal("0.01"),
        )
        for row, text in enumerate(texts)
    ]

    async def collect():
        asked = Terms(steps={"main": STEP}, concurrency=concurrency, **terms)
        with Cache(tmp_path / "cache", lambda: 0.0) as cache:
            return await outcomes_of(calls, asked, cache=cache, provider=provider)

    return asyncio.run(collect())


async def echo(text):
    await asyncio.sleep(0)
    return Answer(output={"text": text})


def test_the_parts_of_a_call_are_asked_side_by_side(tmp_path):
    """None is answered before all are asked, so one after another would never end."""
    all_there = asyncio.Barrier(5)

    async def together(text):
        async with asyncio.timeout(30):
            await all_there.wait()
        return await echo(text)

    (outcome,) = run(tmp_path, Parted(together), "abcde")
    assert outcome.output == {"text": "abcde"}


def test_parts_count_against_the_concurrency(tmp_path):
    provider = Parted(echo)
    outcomes = run(tmp_path, provider, "abcdefgh", "ijkl", "m", concurrency=3)
    assert [each.output["text"] for each in outcomes] == ["abcdefgh", "ijkl", "m"]
    assert provider.most_at_once == 3


def test_answers_are_joined_in_the_order_of_the_parts(tmp_path):
    async def last_first(text):
        for _ in range(10 * (ord("z") - ord(text))):
            await asyncio.sleep(0)
        return await echo(text)

    (outcome,) = run(tmp_path, Parted(last_first), "abcz")
    assert outcome.output == {"text": "abcz"}


def test_a_part_that_is_lost_fails_its_call_alone(tmp_path):
    async def lossy(text):
        if text == "x":
            raise InvalidRequestError("refused")
        return await echo(text)

    provider = Parted(lossy)
    outcomes = run(tmp_path, provider, "axb", "c")
    assert [each.status for each in outcomes] == ["failed", "ok"]
    assert sorted(provider.asked) == ["a", "b", "c", "x"]


class Losing:
    """Answers all but some letters."""

    def __init__(self, *lost):
        self.lost = set(lost)

    async def __call__(self, text):
        if text in self.lost:
            raise ProviderError("lost")
        return await echo(text)


def test_the_next_run_asks_and_pays_only_the_parts_that_were_lost(tmp_path):
    first, second, third = Parted(Losing("x", "y")), Parted(Losing("y")), Parted(echo)
    (outcome,) = run(tmp_path, first, "axbyc")
    assert (outcome.status, outcome.cost_usd) == ("failed", 0)
    (outcome,) = run(tmp_path, second, "axbyc")
    assert (outcome.status, second.asked) == ("failed", ["x", "y"])
    (outcome,) = run(tmp_path, third, "axbyc")
    assert (outcome.output, third.asked) == ({"text": "axbyc"}, ["y"])
    assert outcome.cost_usd == Decimal("0.002")


def test_parts_that_are_to_be_asked_anew_are(tmp_path):
    run(tmp_path, Parted(Losing("b")), "abc")
    again = Parted(echo)
    (outcome,) = run(tmp_path, again, "abc", refresh=True)
    assert (outcome.output, sorted(again.asked)) == ({"text": "abc"}, ["a", "b", "c"])
    assert outcome.cost_usd == Decimal("0.01")


def test_the_same_part_twice_in_a_call_is_asked_once(tmp_path):
    provider = Parted(echo)
    (outcome,) = run(tmp_path, provider, "aba")
    assert (outcome.output, sorted(provider.asked)) == ({"text": "aba"}, ["a", "b"])
    assert round(outcome.cost_usd, 6) == Decimal("0.006667")


def test_what_was_answered_before_an_interruption_is_kept(tmp_path):
    async def interrupted(text):
        if text == "x":
            await asyncio.sleep(0.05)
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(30)
        return await echo(text)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Parted(interrupted), "axb")
    again = Parted(echo)
    run(tmp_path, again, "axb")
    assert again.asked == ["x"]


def test_a_refused_key_ends_the_run(tmp_path):
    async def refused(text):
        if text == "b":
            raise KeyRefusedError("no")
        return await echo(text)

    with pytest.raises(KeyRefusedError):
        run(tmp_path, Parted(refused), "abc", "d")
