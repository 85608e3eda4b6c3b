"""Following a group of runs until each has an outcome, in few requests and through every fault.

The event stream says when runs finish; it carries no outputs. Those are read in passes over the
group's run stream, which does not wait: a pass is made when enough has finished, so that many rows
cost few requests. Where streams do not work the group's status is polled, and stragglers are read
one by one. What was not read stays wanted, whatever a stream's end looked like.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from runner.errors import ProviderError, UnknownRunError
from runner.execute.limits import Pace, backoff
from runner.frozen import frozen
from runner.job.model import Retry
from runner.providers.base import FINISHED, GroupStatus, Run, Runs

MANY: Final = 5_000
"""So many finished runs are read at once, without waiting for the others."""

FEW: Final = 8
"""So few are read one by one rather than in a pass over a large group."""

LARGE: Final = 100
PATIENCE_SECONDS: Final = 20.0
"""Finished runs wait so long for company before they are read; twice as long after each pass."""

LONGEST_PATIENCE: Final = 300.0
BOOKED_AT_ONCE: Final = 1_000
POLL: Final = Retry()
"""Polling waits 2 s, doubling to 30 s."""

MOST_FAILURES: Final = 10
"""So many failed looks in a row, over minutes, mean that the provider is not there."""


@frozen
class Wanted:
    """A run whose outcome is waited for, until a deadline on the run's clock."""

    fingerprint: str
    deadline: float


class Follower:
    """Follows one group, and tells by fingerprint what becomes of the runs that are wanted.

    `book` hears of runs that ended, `late` of those still running at their deadline, and `lost` of
    those that the provider does not know (any more), with the reason.
    """

    def __init__(
        self,
        group: str,
        runs: Runs,
        pace: Pace,
        *,
        book: Callable[[Mapping[str, Run]], None],
        late: Callable[[Sequence[str]], None],
        lost: Callable[[Mapping[str, str]], None],
        progress: Callable[[str, GroupStatus], None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.group = group
        self._runs = runs
        self._pace = pace
        self._book = book
        self._late = late
        self._lost = lost
        self._progress = progress
        self._clock = clock
        self._sleep = sleep
        self._wanted: dict[str, Wanted] = {}
        self._finished: dict[str, float] = {}
        self._total = 0
        self._news = 0
        self._idle = False
        self._growing = False
        self._cursor: str | None = None
        self._patience = PATIENCE_SECONDS
        self._failures = 0
        self._quiet = 0
        self._changed = asyncio.Event()

    @property
    def outstanding(self) -> int:
        """How many runs are waited for."""
        return len(self._wanted)

    def want(
        self, runs: Mapping[str, tuple[str, float]], status: GroupStatus | None = None
    ) -> None:
        """Wait for runs: fingerprint and deadline by run id."""
        for run_id, (fingerprint, deadline) in runs.items():
            self._wanted[run_id] = Wanted(fingerprint=fingerprint, deadline=deadline)
        self._idle = False
        if status is not None:
            self._note(status)
        self._changed.set()

    def expect_more(self, growing: bool) -> None:
        """Say whether more runs are about to join the group."""
        if growing != self._growing:
            self._growing = growing
            self._changed.set()

    async def follow(self) -> None:
        """Follow until nothing is wanted and nothing more is expected."""
        while self._wanted or self._growing:
            self._changed.clear()
            if self._overdue():
                await self._expire()
            elif not self._wanted:
                await self._changed.wait()
            elif self._is_due():
                await self._read()
            elif len(self._finished) == len(self._wanted):
                await self._wait()
            else:
                await self._watch()

    # -- when to read -----------------------------------------------------------------------

    def _is_due(self) -> bool:
        unread = len(self._finished)
        if unread >= MANY:
            return True
        if unread and self._clock() - self._first_finished() > self._patience:
            return True
        return not self._growing and (self._idle or unread == len(self._wanted) > 0)

    def _note(self, status: GroupStatus) -> None:
        # Statuses may come out of order; one from before the latest runs says nothing of them.
        is_late = status.total >= max(1, self._total, len(self._wanted))
        self._total = max(self._total, status.total)
        self._idle = is_late and status.finished >= status.total
        if self._idle:
            now = self._clock()
            for run_id in self._wanted:
                self._finished.setdefault(run_id, now)
        self._progress(self.group, status)

    async def _wait(self) -> None:
        """Wait for more runs to join the group while all that are in it have finished."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds_left()):
                await self._changed.wait()

    def _seconds_left(self) -> float:
        """Return how long one may wait for the next event before something else is to be done."""
        now = self._clock()
        times = [wanted.deadline - now for wanted in self._wanted.values()]
        if self._finished:
            times.append(self._first_finished() + self._patience - now)
        return max(0.01, min(times, default=self._patience))

    def _first_finished(self) -> float:
        return next(iter(self._finished.values()))

    def _overdue(self) -> list[str]:
        now = self._clock()
        return [run_id for run_id, each in self._wanted.items() if each.deadline <= now]

    async def _expire(self) -> None:
        """Read once more what may have finished by now, then wait no longer for the overdue."""
        with contextlib.suppress(ProviderError):
            await self._read_stream()
        late = self._overdue()
        if late:
            self._late(self._dropped(late))

    def _dropped(self, run_ids: Sequence[str]) -> Sequence[str]:
        """Wait for runs no longer; return their fingerprints."""
        for run_id in run_ids:
            self._finished.pop(run_id, None)
        return [self._wanted.pop(run_id).fingerprint for run_id in run_ids]

    def _unknown(self, run_ids: Sequence[str], error: UnknownRunError) -> None:
        reason = f"{error.message}. --refresh asks again"
        self._lost(dict.fromkeys(self._dropped(run_ids), reason))

    # -- the event stream -------------------------------------------------------------------

    async def _watch(self) -> None:
        """Listen to the group's events until it is time to read, or the stream ends."""
        news = self._news
        listener = asyncio.create_task(self._listen())
        listener.add_done_callback(lambda _: self._changed.set())
        try:
            while not (self._is_due() or listener.done()):
                self._changed.clear()
                async with asyncio.timeout(self._seconds_left()):
                    await self._changed.wait()
        except TimeoutError:
            return  # A deadline, or finished runs that have waited long enough.
        finally:
            listener.cancel()
            (ended,) = await asyncio.gather(listener, return_exceptions=True)
        if not self._is_due():
            fault = ended if isinstance(ended, ProviderError) else None
            if isinstance(ended, Exception) and fault is None:
                raise ended
            await self._poll(fault, news=self._news > news)

    async def _listen(self) -> None:
        async for event in self._runs.watch(self.group, self._cursor):
            self._hear(event)

    def _hear(self, event: Run | GroupStatus) -> None:
        self._cursor = event.cursor or self._cursor
        if isinstance(event, GroupStatus):
            self._note(event)
        elif event.status in FINISHED and event.run_id in self._wanted:
            if event.answer is not None or event.status != "completed":
                self._settle({event.run_id: event})
            else:
                self._news += event.run_id not in self._finished
                if not self._finished:
                    self._changed.set()  # From now on there is something to be patient about.
                self._finished.setdefault(event.run_id, self._clock())
        if self._is_due():
            self._changed.set()

    async def _poll(self, error: ProviderError | None, *, news: bool) -> None:
        """Ask for the group's status; after a pause, unless the stream brought news."""
        if news:
            self._failures = 0
        else:
            self._failures += error is not None
            self._quiet += 1
            await self._rest()
        try:
            status = await self._pace.patiently(
                "status", lambda: self._runs.status(self.group), Retry(attempts=1), resend=True
            )
        except UnknownRunError as unknown:
            self._unknown(list(self._wanted), unknown)
        except ProviderError as fault:
            self._failures += error is None
            self._fail(fault)
        else:
            if error is None:
                self._failures = 0
            self._note(status)

    def _fail(self, error: ProviderError) -> None:
        if self._failures >= MOST_FAILURES:
            raise ProviderError(
                f"The provider does not answer any more: {error.message}",
                hint="Run again later; what was bought is kept and will be picked up",
            )

    async def _rest(self) -> None:
        """Wait before the next look, longer after each in vain, but never past a deadline."""
        pause = min(backoff(max(1, self._quiet), POLL), self._seconds_left())
        self._changed.clear()
        waits = {
            asyncio.ensure_future(self._sleep(pause)),
            asyncio.ensure_future(self._changed.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # -- reading outcomes -------------------------------------------------------------------

    async def _read(self) -> None:
        """Read what has finished; what is not read stays wanted."""
        before = len(self._wanted)
        self._idle = False
        self._patience = min(LONGEST_PATIENCE, self._patience * 2)
        few = list(self._finished)[:FEW] if len(self._finished) <= FEW else []
        try:
            if few and self._total > LARGE:
                await self._read_each(few)
            elif self._failures >= 3:  # noqa: PLR2004 - streams that keep failing are left alone
                await self._read_each(list(self._finished or self._wanted)[: 2 * FEW])
            else:
                await self._read_stream()
        except ProviderError as error:
            self._fail(error)
        if len(self._wanted) < before:
            self._failures = self._quiet = 0
        else:
            self._failures += 1
            self._quiet += 1
            await self._rest()
            if not self._finished:
                await self._poll(None, news=True)

    async def _read_stream(self) -> None:
        """Read the group's runs with their outputs, booking them in portions."""
        portion: dict[str, Run] = {}
        bare: list[str] = []
        try:
            async with contextlib.aclosing(
                self._runs.read(self.group, outputs=True)  # type: ignore[type-var]
            ) as stream:
                async for run in stream:
                    if run.run_id not in self._wanted or run.status not in FINISHED:
                        continue
                    if run.status == "completed" and run.answer is None:
                        bare.append(run.run_id)
                        continue
                    portion[run.run_id] = run
                    if len(portion) >= BOOKED_AT_ONCE:
                        self._settle(portion)
                        portion = {}
        finally:
            self._settle(portion)
        await self._read_each(bare)

    async def _read_each(self, run_ids: list[str]) -> None:
        for run_id in run_ids:
            try:
                run = await self._pace.patiently(
                    "result", partial(self._runs.result, run_id), POLL, resend=True
                )
            except UnknownRunError as error:
                self._unknown([run_id], error)
                continue
            if run.status in FINISHED:
                self._settle({run_id: run})
            else:
                self._finished.pop(run_id, None)

    def _settle(self, runs: Mapping[str, Run]) -> None:
        if not runs:
            return
        self._news += len(runs)
        self._quiet = 0
        self._book({self._wanted[run_id].fingerprint: run for run_id, run in runs.items()})
        for run_id in runs:
            del self._wanted[run_id]
            self._finished.pop(run_id, None)
