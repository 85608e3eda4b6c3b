"""Calls become outcomes: each distinct fingerprint is answered once, by cache or provider.

In a first walk over the calls, those that the cache answers are done; the others are asked or
bought, and wait. In a second walk, over those that wait, each gets its outcome, in order. Many wait
in a file, so memory does not grow with the rows; a fully cached run needs no second walk.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from runner.execute.asking import Asker
from runner.execute.buying import Buyer
from runner.execute.cache import Cache
from runner.execute.fates import CACHED, NEW, PAID, Fate, Fates
from runner.execute.finding import Finder
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace
from runner.execute.outcomes import Outcome, unanswered, withheld
from runner.execute.portions import portions
from runner.execute.terms import Kept, Terms, entry_of
from runner.execute.validity import Validity
from runner.execute.waiting import Waiting
from runner.execute.watching import Watcher
from runner.planning.calls import Call
from runner.planning.time import RUNS_A_REQUEST
from runner.providers.base import Answer, Provider

AT_HAND = 1_000
"""So many answers stay in memory until their rows' turn; the others are read from the cache."""

PORTION = 50
"""So many answers are read from the cache at a time; more would not stay in the processor's own."""


@dataclass(slots=True, eq=False)
class _Line:
    """The calls of one step that wait for their outcomes.

    `under_way` counts the distinct ones without a fate; `moved` is set when it becomes zero.
    """

    waiting: Waiting = field(default_factory=Waiting)
    is_empty: bool = True
    under_way: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, call: Call) -> None:
        self.waiting.add(call)
        self.is_empty = False


class Executor:
    """Answers the calls of a run; `executing` makes one.

    What begins together is asked together; what begins later joins what is under way, so that each
    fingerprint is asked once, and all count against the same concurrency.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        cache: Cache,
        provider: Provider,
        ledger: Ledger | None,
        pace: Pace,
        watcher: Watcher,
        take: Callable[[Outcome], None],
        sleep: Callable[[float], Awaitable[None]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._terms = terms
        self._cache = cache
        self._nothing_stored = cache.is_empty()
        self._watcher = watcher
        self._take = take
        self._fates = Fates()
        self._lines = {id_: _Line() for id_ in terms.steps}
        # The lines in which a call waits that has no fate yet.
        self._under_way: dict[str, tuple[_Line, ...]] = {}
        # How old an answer may be, by step; None where the cache is not to be read.
        self._ages = {
            id_: timedelta.max if terms.offline else terms.age(id_) for id_ in terms.steps
        }
        self._wishes = len(set(self._ages.values()))
        self._at_hand: dict[str, Answer] = {}
        lenient = provider.null_is_not_found
        self._validity = {
            id_: Validity(step, null_is_not_found=lenient) for id_, step in terms.steps.items()
        }
        self._buyer: Buyer | None = None
        if provider.runs is not None and ledger is not None:
            self._buyer = Buyer(
                runs=provider.runs,
                ledger=ledger,
                pace=pace,
                terms=terms,
                keep=self._keep,
                tell=self._tell,
                progress=watcher.group,
                listen=watcher.run,
                tasks=tasks,
                sleep=sleep,
            )
        credit = None if self._buyer is None else self._buyer.credit
        self._asker = Asker(
            provider=provider,
            pace=pace,
            ledger=ledger,
            terms=terms,
            keep=self._keep,
            tell=self._tell,
            recall=self._recalled,
            tasks=tasks,
            credit=credit,
        )
        self._finder: Finder | None = None
        if provider.findalls is not None and ledger is not None:
            self._finder = Finder(
                findalls=provider.findalls,
                ledger=ledger,
                pace=pace,
                terms=terms,
                keep=self._keep,
                tell=self._tell,
                listen=watcher.run,
                tasks=tasks,
                sleep=sleep,
                credit=credit,
            )

    async def ask(self, steps: Iterable[str], calls: Iterable[Call]) -> None:
        """Take on all calls of steps, each step's in order; returns when the last has its place.

        Those that the cache answers are done at once, as long as none before them waits.
        """
        for chunk in portions(calls, RUNS_A_REQUEST):
            new: dict[str, Call] = {}
            for call, answer in self._known(chunk):
                line = self._lines[call.step]
                if line.is_empty and (answer is not None or call.withheld is not None):
                    self._give(call, answer)
                    continue
                line.add(call)
                if answer is None and call.withheld is None:
                    self._await(call, line, new)
            await self._ask(new)
            await asyncio.sleep(0)
        if self._buyer is not None:
            for step in steps:
                self._buyer.expect_no_more(step)

    async def answered(self, step: str) -> None:
        """Return when each call of a step, all of which were asked, has its outcome."""
        line = self._lines[step]
        while line.under_way:
            line.moved.clear()
            await line.moved.wait()
        for portion in portions(line.waiting, PORTION):
            for call, answer in self._answers(portion):
                self._give(call, answer)
            await asyncio.sleep(0)
        line.waiting.close()

    async def close(self) -> None:
        """Let go of what waits; what is under way stays in the ledger."""
        for line in self._lines.values():
            line.waiting.close()
        if self._buyer is not None:
            await self._buyer.close()

    def _known(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer | None]]:
        """Yield calls with their cached answers, where these may be used."""
        for portion in portions(calls, PORTION):
            found = {} if self._nothing_stored else self._usable(portion)
            self._tell({each: CACHED for each in found if each not in self._fates})
            for call in portion:
                yield call, found.get(call.fingerprint)

    def _usable(self, calls: Sequence[Call]) -> dict[str, Answer]:
        """Return stored answers that may be used: not too old, nor of calls asked anew."""
        ages: dict[str, timedelta] = {}
        for call in calls:
            age = self._ages[call.step]
            if call.withheld is not None or age is None or call.fingerprint in self._under_way:
                continue
            if self._fates.get(call.fingerprint, CACHED) is CACHED:
                # As fresh as the most demanding of the steps that ask it wants it.
                ages[call.fingerprint] = min(age, ages.get(call.fingerprint, age))
        return self._fresh(ages)

    def _recalled(self, step: str, fingerprints: Sequence[str]) -> dict[str, Answer]:
        """Return the stored answers that a step may use."""
        age = self._ages[step]
        return {} if age is None else self._fresh(dict.fromkeys(fingerprints, age))

    def _fresh(self, ages: Mapping[str, timedelta]) -> dict[str, Answer]:
        """Return the stored answers to fingerprints that are no older than their age."""
        return {
            fingerprint: Answer(**entry.answer)
            for fingerprint, entry in self._cache.look(list(ages)).items()
            if self._cache.is_fresh(entry, ages[fingerprint])
        }

    async def _ask(self, calls: Mapping[str, Call]) -> None:
        """Set about answering calls that neither the cache nor an earlier row answers."""
        if self._terms.offline:
            reason = Fate("skipped", "cached", "Not in the cache (--offline)")
            self._tell(dict.fromkeys(calls, reason))
            return
        buyer, finder = self._buyer, self._finder
        bought: dict[str, list[Call]] = {}
        found, asked = [], []
        for call in calls.values():
            if buyer is not None and call.kind == "task":
                bought.setdefault(call.step, []).append(call)
            elif finder is not None and call.kind == "findall":
                found.append(call)
            else:
                asked.append(call)
        if buyer is not None:
            for step, some in bought.items():
                await buyer.buy(step, some)
        if found and finder is not None:
            finder.find(found)
        if asked:
            await self._asker.ask(asked)

    def _keep(self, answers: Sequence[Kept]) -> None:
        """Store answers; the latest are also kept at hand, for they are wanted soon."""
        self._cache.put_many(map(entry_of, answers))
        if len(self._at_hand) < AT_HAND:
            self._at_hand.update((fingerprint, answer) for fingerprint, answer, _ in answers)

    def _await(self, call: Call, line: _Line, new: dict[str, Call]) -> None:
        """Let a line wait for a call's fate; a call that is not under way yet joins `new`."""
        fingerprint = call.fingerprint
        waiting = self._under_way.get(fingerprint)
        if waiting is None:
            if self._fates.get(fingerprint, CACHED) is not CACHED:
                return
            new[fingerprint] = call
            waiting = ()
        if line not in waiting:
            self._under_way[fingerprint] = (*waiting, line)
            line.under_way += 1

    def _tell(self, fates: Mapping[str, Fate]) -> None:
        if not fates:
            return
        self._fates.update(fates)
        for fingerprint in fates:
            for line in self._under_way.pop(fingerprint, ()):
                line.under_way -= 1
                if not line.under_way:
                    line.moved.set()
        self._watcher.settled(fates)

    def _answers(self, calls: Sequence[Call]) -> Iterator[tuple[Call, Answer | None]]:
        """Yield calls that have their fate with their answers, where there is one."""
        asked = [call.fingerprint for call in calls if call.withheld is None]
        good = [each for each in asked if self._fates[each].status == "ok"]
        answers = {each: self._at_hand[each] for each in good if each in self._at_hand}
        stored = self._cache.look([each for each in good if each not in answers])
        answers |= {each: Answer(**entry.answer) for each, entry in stored.items()}
        # Where another step wanted a fresher one in vain, what is good enough for this one serves.
        if self._wishes > 1 and len(good) < len(asked):
            answers |= self._recalled(calls[0].step, [each for each in asked if each not in good])
        for call in calls:
            yield call, answers.get(call.fingerprint)

    def _give(self, call: Call, answer: Answer | None) -> None:
        outcome = self._outcome(call, answer)
        self._watcher.outcome(call, outcome)
        self._take(outcome)

    def _outcome(self, call: Call, answer: Answer | None) -> Outcome:
        if call.withheld is not None:
            return withheld(call, call.withheld)
        fate = self._fates[call.fingerprint]
        if fate.status != "ok" and answer is not None:
            fate = CACHED
        if fate.status == "ok" and answer is None:
            return unanswered(call, "failed", "The stored answer cannot be read")
        cost = Decimal(0)
        if fate.source == "new" and answer is not None:
            # The first of several equal rows pays.
            bought = call.price_usd * fate.purchases
            cost = bought if fate.cost_usd is None else fate.cost_usd
            self._fates[call.fingerprint] = (
                PAID if fate is NEW else replace(fate, purchases=0, cost_usd=None)
            )
        if answer is None:
            return unanswered(call, fate.status, fate.error or "", fate.run_id)
        complaints = self._validity[call.step].complaints(answer.output)
        return Outcome(
            step=call.step,
            row=call.row,
            key=call.key,
            item=call.item,
            status="invalid" if complaints else "ok",
            output=answer.output,
            basis=answer.basis,
            run_id=answer.run_id,
            processor=call.body.get("processor"),
            cost_usd=cost,
            cached=fate is CACHED,
            attached=fate.source == "attached",
            interaction_id=answer.interaction_id or answer.run_id,
            warnings=tuple(answer.warnings),
            error=f"The answer breaks the output schema: {complaints[0]}" if complaints else None,
        )


@asynccontextmanager
async def executing(
    terms: Terms,
    *,
    cache: Cache,
    provider: Provider,
    take: Callable[[Outcome], None],
    ledger: Ledger | None = None,
    pace: Pace | None = None,
    watcher: Watcher | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Executor]:
    """Yield what answers calls; the first fault, in here or around, ends all that is under way.

    Args:
        terms: How to go about it.
        cache: Holds answers by fingerprint.
        provider: Who answers; its tasks are bought in groups where it has `runs`.
        take: Is given exactly one outcome per call, those of a step in the order of its calls.
        ledger: What was bought; needed by a provider with `runs`.
        pace: How fast requests may go out.
        watcher: Is told how it goes.
        sleep: How to wait.

    Raises:
        StateError: the cache or the ledger cannot be used.
        RunnerError: the provider cannot be used at all; what was bought is kept.
    """
    executor: Executor | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            executor = Executor(
                terms,
                cache=cache,
                provider=provider,
                ledger=ledger,
                pace=pace or Pace({}, _NoWindows()),
                watcher=watcher or Watcher(),
                take=take,
                sleep=sleep,
                tasks=tasks,
            )
            yield executor
    except BaseExceptionGroup as group:
        raise _first(group) from group
    finally:
        if executor is not None:
            await executor.close()


class _NoWindows:
    def enter(self, kind: str, quota: int, now: float) -> float:
        del kind, quota, now
        return 0.0


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
