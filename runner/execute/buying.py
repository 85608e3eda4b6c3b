"""Buying runs in groups: each fingerprint once, whatever becomes of the request that buys it.

The order of things is the promise: the intent is in the ledger before the request goes out; an
answer that was lost is looked for in the group before anything is sent again; an outcome is in the
cache before the ledger calls it settled.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from runner.errors import AmbiguousError, BudgetError, InvalidRequestError, RunnerError
from runner.execute.credit import Credit
from runner.execute.fates import ATTACHED, LATE, NEW, NOT_BOUGHT, SUBMITTED, Fate, Source, no_room
from runner.execute.followers import Followers
from runner.execute.following import Follower
from runner.execute.groups import Groups
from runner.execute.ledger import Ledger, Purchase
from runner.execute.limits import Pace
from runner.execute.listening import Listeners
from runner.execute.reconciling import looks
from runner.execute.terms import Kept, Terms
from runner.planning.calls import Call
from runner.planning.time import RUNS_A_REQUEST, RUNS_AT_ONCE
from runner.providers.base import GroupStatus, Run, RunProgress, Runs
from runner.providers.exchanges import purpose_of

FEW: Final = 3
"""Of so few runs each is listened to, for what it says of its progress."""

SUBMISSIONS: Final = 4
"""Requests that buy at the same time."""

SOMEONE_ELSE_SECONDS: Final = 0.5
"""How often to look whether another process has its answer."""


class Buyer:
    """Buys the runs of calls and follows them to their outcomes, in tasks of `tasks`.

    A provider that cannot be used ends these tasks; what was bought is in the ledger. `keep` stores
    answers, and `tell` hears what became of each fingerprint. `credit` is what its runs hold back.
    """

    def __init__(
        self,
        *,
        runs: Runs,
        ledger: Ledger,
        pace: Pace,
        terms: Terms,
        keep: Callable[[Sequence[Kept]], None],
        tell: Callable[[Mapping[str, Fate]], None],
        progress: Callable[[str, GroupStatus], None],
        listen: Callable[[str, RunProgress], None],
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runs = runs
        self._ledger = ledger
        self._pace = pace
        self._terms = terms
        self._keep = keep
        self._tell = tell
        self._progress = progress
        self._listeners = Listeners(runs, listen)
        self._tasks = tasks
        self._clock = clock
        self._sleep = sleep
        self._retry = next(iter(terms.steps.values())).retry
        self._settled = asyncio.Event()
        self._calls: dict[str, Call] = {}
        self._mine: set[str] = set()
        self._rebought: dict[str, int] = {}
        self._followers = Followers(self._follower, tasks)
        self._groups = Groups(runs, pace, self._retry, tasks, self._followers)
        # By step: how many tasks buy, and whether more calls come.
        self._buying: Counter[str] = Counter()
        self.credit = Credit(ledger, self._followers, self._buying, sleep)
        self._expected: set[str] = set()
        self._largest = RUNS_A_REQUEST

    # -- from outside -----------------------------------------------------------------------

    async def buy(self, step: str, calls: Sequence[Call]) -> None:
        """Take on at most `RUNS_A_REQUEST` distinct calls of a step; more may come.

        Returns when there is room for more.
        """
        self._expected.add(step)
        while len(self._calls) >= RUNS_AT_ONCE or self._buying.total() >= SUBMISSIONS:
            self._settled.clear()
            await self._settled.wait()
        self._start(step, calls)
        await asyncio.sleep(0)

    def expect_no_more(self, step: str) -> None:
        """Say that no more calls of a step come."""
        self._expected.discard(step)
        self._round_off(step)

    async def close(self) -> None:
        """Stop listening to what single runs say."""
        await self._listeners.close()

    # -- buying -----------------------------------------------------------------------------

    def _start(self, step: str, calls: Iterable[Call]) -> None:
        wanted = {call.fingerprint: call for call in calls}
        self._calls.update(wanted)
        self._buying[step] += 1
        task = self._tasks.create_task(self._obtain(wanted))
        task.add_done_callback(lambda _: self._ended(step))

    def _ended(self, step: str) -> None:
        self._buying[step] -= 1
        self._settled.set()
        self._round_off(step)

    def _round_off(self, step: str) -> None:
        """Where no more joins a step's group, read it without waiting for more."""
        if not self._buying[step] and step not in self._expected:
            self._groups.close(step)

    async def _obtain(self, calls: dict[str, Call]) -> None:
        """See to it that every call is on its way, by this run or another, or has its fate."""
        parts = deque([calls])
        while parts:
            part = parts.popleft()
            elsewhere = self._attach(part)
            free = {fp: part.pop(fp) for fp in tuple(part) if fp not in elsewhere}
            if free and not self._terms.buy:
                self._skip(list(free), dict(free), NOT_BOUGHT)
            elif free:
                parts.extend(await self._purchase(free))
            for group in dict.fromkeys(elsewhere.values()):
                lost = self._ledger.adopt(group)
                if lost:
                    await self._reconcile(group, lost, part)
            if part:
                parts.append(part)
                if not free:
                    await self._sleep(SOMEONE_ELSE_SECONDS)

    def _attach(self, calls: dict[str, Call]) -> dict[str, str]:
        """Follow what was bought before; return the groups of what someone is just buying."""
        elsewhere: dict[str, str] = {}
        for fingerprint, purchase in self._ledger.look(calls).items():
            stale = self._is_stale(purchase, calls[fingerprint])
            match purchase.state:
                case "submitting":
                    elsewhere[fingerprint] = purchase.group
                case "submitted":
                    self._follow(purchase.group, {str(purchase.run_id): fingerprint}, calls)
                case "failed" if not stale:
                    del calls[fingerprint]
                    self._close({fingerprint: Fate("failed", "attached", purchase.error)})
                case "completed" if not stale and purchase.run_id:
                    # It was paid for, and its answer is gone from the cache: it is read again.
                    self._follow(purchase.group, {purchase.run_id: fingerprint}, calls)
                case _:
                    pass
        return elsewhere

    async def _purchase(self, calls: dict[str, Call]) -> list[dict[str, Call]]:
        """Buy what no one else has bought by now; return what is still to be obtained, in parts."""
        group = await self._groups.with_room(next(iter(calls.values())).step, len(calls))
        prices = {fingerprint: call.price_usd for fingerprint, call in calls.items()}
        mine, dear = self._ledger.intend(
            group,
            prices,
            self._terms.budget,
            again=lambda purchase: self._is_stale(purchase, calls[purchase.fingerprint]),
        )
        self._skip(dear, calls)
        self._mine.update(mine)
        left: list[dict[str, Call]] = []
        while mine:
            some, mine = mine[: self._largest], mine[self._largest :]
            batch = {fingerprint: calls.pop(fingerprint) for fingerprint in some}
            left.extend(await self._submit(group, batch))
        return [part for part in (*left, calls) if part]

    def _is_stale(self, purchase: Purchase, call: Call) -> bool:
        """Whether a settled purchase is no longer good enough."""
        if not self._terms.buy:
            return False
        if self._rebought.get(purchase.fingerprint):
            return True
        return purchase.is_stale(self._ledger.now(), self._terms.age(call.step))

    async def _submit(self, group: str, batch: dict[str, Call]) -> list[dict[str, Call]]:
        """Send a batch whose intent is recorded; return what is still to be obtained, in parts."""
        bodies = {fingerprint: call.body for fingerprint, call in batch.items()}
        was_held = self.credit.is_held
        retry = self._terms.steps[next(iter(batch.values())).step].retry
        try:
            added = await self._pace.patiently(
                "task",
                lambda: self._runs.add(group, bodies),
                retry,
                resend=False,
                purpose=purpose_of(*batch.values()),
            )
        except AmbiguousError:
            await self._reconcile(group, list(batch), batch)
            return [batch]
        except InvalidRequestError as error:
            self._withdraw(batch)
            return self._split(batch, error)
        except BudgetError as error:
            self._withdraw(batch)
            await self._wait_for_credit(batch, error, was_held=was_held)
            return [batch]
        except RunnerError:
            self._withdraw(batch)
            raise
        run_ids = dict(zip(added.run_ids, batch, strict=True))
        self._ledger.submitted({fingerprint: run_id for run_id, fingerprint in run_ids.items()})
        if len(run_ids) <= FEW:
            for run_id, fingerprint in run_ids.items():
                self._listeners.listen(run_id, self._terms.name(batch[fingerprint]))
        if self._terms.wait:
            self._follow(group, run_ids, batch, added.status)
        else:
            self._leave(batch, SUBMITTED)
        return []

    def _split(self, batch: dict[str, Call], error: InvalidRequestError) -> list[dict[str, Call]]:
        """Return a refused batch in parts, to find the rows to blame; one alone fails."""
        items = list(batch.items())
        if len(items) == 1:
            ((fingerprint, call),) = items
            self._close({fingerprint: self._terms.refused(call, error)})
            return []
        blamed = error.input_index
        if blamed is not None and 0 <= blamed < len(items):
            return [dict(items[blamed : blamed + 1]), dict(items[:blamed] + items[blamed + 1 :])]
        return [dict(items[: len(items) // 2]), dict(items[len(items) // 2 :])]

    async def _wait_for_credit(
        self, batch: dict[str, Call], error: BudgetError, *, was_held: bool
    ) -> None:
        """Too little credit: wait until running tasks give some back; then try with less.

        What one run alone has no credit for, while nothing was running, leaves `batch`.
        """
        if self.credit.is_held:
            await self.credit.freed()
        elif was_held:
            pass  # What held the credit back has ended meanwhile.
        elif len(batch) == 1 and self._largest == 1:
            self._skip(list(batch), batch, error.sentences)
        else:
            self._largest = max(1, min(self._largest, len(batch)) // 2)

    async def _reconcile(self, group: str, lost: Sequence[str], calls: dict[str, Call]) -> None:
        """Find out what became of a request without an answer, before anything is sent again.

        Those found are followed and leave `calls`; the others may be bought anew.
        """
        missing = set(lost)
        async for found in looks(
            self._runs, group, lost, pace=self._pace, retry=self._retry, sleep=self._sleep
        ):
            self._ledger.submitted(found)
            missing -= set(found)
            ours = {run_id: fp for fp, run_id in found.items() if fp in calls}
            self._follow(group, ours, calls)
        if missing:
            self._withdraw(missing)

    def _withdraw(self, fingerprints: Iterable[str]) -> None:
        """Take back an intent: nothing was bought, and whoever is next may buy."""
        self._ledger.withdrawn(fingerprints)
        self._mine.difference_update(fingerprints)

    # -- following --------------------------------------------------------------------------

    def _follow(
        self,
        group: str,
        run_ids: Mapping[str, str],
        calls: dict[str, Call],
        status: GroupStatus | None = None,
    ) -> None:
        """Wait for runs (fingerprints by run id), which leave `calls`.

        Without waiting, what was bought before is looked at once.
        """
        if not run_ids:
            return
        deadlines: dict[str, tuple[str, float]] = {}
        for run_id, fingerprint in run_ids.items():
            call = calls.pop(fingerprint)
            timeout = self._terms.timeout(call) if self._terms.wait else 0.0
            deadlines[run_id] = (fingerprint, self._clock() + timeout)
        self._followers.want(group, deadlines, status, growing=self._groups.is_open(group))

    def _follower(self, group: str) -> Follower:
        return Follower(
            group,
            self._runs,
            self._pace,
            book=self._book,
            late=partial(self._leave, reason=LATE if self._terms.wait else SUBMITTED),
            lost=self._lost,
            progress=self._progress,
            clock=self._clock,
            sleep=self._sleep,
        )

    def _lost(self, reasons: Mapping[str, str]) -> None:
        """Give up runs that the provider does not know any more."""
        self._ledger.settled(reasons)
        self._close({fp: Fate("failed", "attached", reason) for fp, reason in reasons.items()})

    def _book(self, ended: Mapping[str, Run]) -> None:
        """Keep the outcomes of runs: first in the cache, then in the ledger."""
        self._keep(
            [(fp, run.answer, run.ended_at) for fp, run in ended.items() if run.answer is not None]
        )
        self._ledger.settled({fp: run.error for fp, run in ended.items()})
        self.credit.ended += len(ended)
        fates: dict[str, Fate] = {}
        again: dict[str, list[Call]] = {}
        for fingerprint, run in ended.items():
            if run.answer is not None:
                fates[fingerprint] = self._answered(fingerprint)
                continue
            call = self._calls[fingerprint]
            bought = self._rebought.get(fingerprint, 0)
            if self._terms.buy and bought < self._terms.steps[call.step].retry.failed_runs:
                self._rebought[fingerprint] = bought + 1
                again.setdefault(call.step, []).append(call)
                continue
            source = self._source(fingerprint)
            fates[fingerprint] = Fate("failed", source, run.error, run.run_id, 1 + bought)
        for step, calls in again.items():
            # In a group of their own, where no earlier run can be taken for the new one.
            self._groups.close(step)
            self._start(step, calls)
        self._close(fates)

    def _answered(self, fingerprint: str) -> Fate:
        bought = self._rebought.get(fingerprint, 0)
        if bought:
            return Fate("ok", "new", purchases=1 + bought)
        return NEW if fingerprint in self._mine else ATTACHED

    def _source(self, fingerprint: str) -> Source:
        return "new" if fingerprint in self._mine else "attached"

    def _skip(
        self, fingerprints: Sequence[str], calls: dict[str, Call], reason: str | None = None
    ) -> None:
        """Leave calls unbought: the budget or the credit has no room for them."""
        said = reason or no_room(self._terms.budget)
        for fingerprint in fingerprints:
            calls.pop(fingerprint)
        self._close({fingerprint: Fate("skipped", "new", said) for fingerprint in fingerprints})

    def _leave(self, fingerprints: Iterable[str], reason: str) -> None:
        """Wait no longer for runs; they stay in the ledger."""
        self._close({fingerprint: Fate("pending", "new", reason) for fingerprint in fingerprints})

    def _close(self, fates: Mapping[str, Fate]) -> None:
        self._tell(fates)
        for fingerprint in tuple(fates):
            self._calls.pop(fingerprint, None)
            self._mine.discard(fingerprint)
        self._settled.set()
