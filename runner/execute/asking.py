"""Asking what is answered at once: search and extract, and every call of a local provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from runner.errors import BudgetError, ProviderError, RunnerError
from runner.execute.credit import Credit
from runner.execute.fates import NEW, NOT_BOUGHT, Fate, no_room
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace
from runner.execute.terms import Kept, Terms
from runner.jsonvalue import JSON
from runner.planning.calls import Call, fingerprint
from runner.providers.base import Answer, Part, Provider, Splitting
from runner.providers.exchanges import purpose_of

WINDOW = 4
"""Calls waiting for their turn, in multiples of the concurrency."""


class Asker:
    """Asks calls side by side, each once, in tasks of `tasks`.

    A provider or a state directory that cannot be used ends these tasks. `keep` stores answers,
    `tell` hears of fates; `recall` returns, of a step's fingerprints, the stored answers that may
    be used. `credit` is what runs under way hold back, None where there are none.
    """

    def __init__(
        self,
        *,
        provider: Provider,
        pace: Pace,
        ledger: Ledger | None,
        terms: Terms,
        keep: Callable[[Sequence[Kept]], None],
        tell: Callable[[Mapping[str, Fate]], None],
        recall: Callable[[str, Sequence[str]], Mapping[str, Answer]],
        tasks: asyncio.TaskGroup,
        credit: Credit | None = None,
    ) -> None:
        self._provider = provider
        self._splitting = provider if isinstance(provider, Splitting) else None
        self._pace = pace
        self._ledger = ledger
        self._terms = terms
        self._places = asyncio.Semaphore(terms.concurrency * WINDOW)
        self._free = asyncio.Semaphore(terms.concurrency)
        self._keep = keep
        self._tell = tell
        self._recall = recall
        self._tasks = tasks
        self._credit = credit
        self._broke: dict[str, BudgetError] = {}

    async def ask(self, calls: Sequence[Call]) -> None:
        """Take on distinct calls, in order; returns when the last has its place in the queue."""
        if not self._terms.buy:
            self._skip(calls, NOT_BOUGHT)
            return
        for call in self._affordable(calls):
            await self._places.acquire()
            task = self._tasks.create_task(self._asked(call))
            task.add_done_callback(lambda _: self._places.release())

    def _affordable(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Reserve the calls' prices; those the budget has no room for are skipped."""
        prices = [call.price_usd for call in calls]
        if self._ledger is None or not any(prices):
            return calls
        room = self._ledger.reserve(prices, self._terms.budget)
        self._skip(calls[room:], no_room(self._terms.budget))
        return calls[:room]

    def _skip(self, calls: Sequence[Call], reason: str) -> None:
        fate = Fate("skipped", "new", reason)
        self._tell({call.fingerprint: fate for call in calls})

    async def _asked(self, call: Call) -> None:
        try:
            answer, cost = await self._answer(call)
        except TimeoutError:
            fate = Fate("failed", "new", "There was no answer before the timeout")
        except BudgetError as error:
            # Too little credit for one is too little for all that follow in its step.
            self._broke[call.step] = error
            fate = Fate("skipped", "new", error.sentences)
        except ProviderError as error:
            fate = Fate("failed", "new", error.sentences)
        else:
            self._keep([(call.fingerprint, answer, None)])
            fate = NEW if cost == call.price_usd else Fate("ok", "new", cost_usd=cost)
        self._tell({call.fingerprint: fate})

    async def _answer(self, call: Call) -> tuple[Answer, Decimal]:
        """Ask a call; return its answer and what it cost.

        Raises:
            TimeoutError: it took too long.
            RunnerError: it was refused or lost, and is not paid for.
        """
        parts: Sequence[Part] = ()
        if self._splitting is not None:
            parts = self._splitting.parts(call.kind, call.body)
        if self._splitting is not None and len(parts) > 1:
            answers, cost = await self._parts(call, parts)
            return self._splitting.joined(answers), cost
        try:
            return await self._request(call, call.body, call.price_usd), call.price_usd
        except RunnerError:
            self._release(call.price_usd)
            raise

    async def _parts(self, call: Call, parts: Sequence[Part]) -> tuple[list[Answer], Decimal]:
        """Ask the requests of a call side by side; where one is lost, the others are kept.

        So the next run asks, and pays, only what was lost. Raises as `_answer`.
        """
        whole = sum(part.weight for part in parts)

        def price(some: Iterable[Part]) -> Decimal:
            return call.price_usd * sum(part.weight for part in some) / whole

        edition = self._provider.edition(call.body)
        prints = [fingerprint(edition, call.kind, part.body) for part in parts]
        found = dict(self._recall(call.step, prints))
        new = {key: part for key, part in zip(prints, parts, strict=True) if key not in found}
        cost = price(new.values())
        self._release(call.price_usd - cost)
        tasks = {
            key: asyncio.create_task(self._request(call, part.body, price([part])))
            for key, part in new.items()
        }
        try:
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        finally:
            answers = {key: task.result() for key, task in tasks.items() if _is_good(task)}
            if len(answers) < len(new):
                self._keep([(key, answer, None) for key, answer in answers.items()])
        faults = {key: fault for key, task in tasks.items() if (fault := task.exception())}
        if faults:
            lost = [new[key] for key, fault in faults.items() if isinstance(fault, RunnerError)]
            self._release(price(lost))
            raise next(iter(faults.values()))
        found |= answers
        return [found[key] for key in prints], cost

    async def _request(self, call: Call, body: Mapping[str, JSON], price: Decimal) -> Answer:
        step = self._terms.steps[call.step]
        limit = None if step.timeout is None else step.timeout.total_seconds()
        async with self._free:
            while True:
                if call.step in self._broke:
                    raise self._broke[call.step]
                since = 0 if self._credit is None else self._credit.ended
                try:
                    async with asyncio.timeout(limit):
                        return await self._pace.patiently(
                            call.kind,
                            lambda: self._provider.ask(call.kind, body),
                            step.retry,
                            resend=True,
                            purpose=purpose_of(call, price_usd=price),
                        )
                except BudgetError:
                    if self._credit is None or not await self._credit.is_back(since):
                        raise

    def _release(self, amount: Decimal) -> None:
        if self._ledger is not None and amount:
            self._ledger.release(amount)


def _is_good(task: asyncio.Task[Answer]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
