"""Buying FindAll runs: each once, and never again after a lost answer, for none can be looked up.

The ledger knows of a purchase before the request goes out, and of its run's id once there is one.
A run whose answer was lost in between may have been charged for: its row fails and says so, and
only `--refresh` or a later day buys it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from runner.errors import (
    AmbiguousError,
    BudgetError,
    InvalidRequestError,
    RunnerError,
    UnknownRunError,
)
from runner.execute.credit import Credit
from runner.execute.fates import ATTACHED, LATE, NEW, NOT_BOUGHT, SUBMITTED, Fate, Source, no_room
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace
from runner.execute.terms import Kept, Terms
from runner.jsonvalue import JSON
from runner.planning.calls import Call
from runner.providers.base import FindAlls, RunProgress, Search
from runner.providers.exchanges import asking_for, purpose_of

SOMEONE_ELSE_SECONDS: Final = 0.5
"""How often to look whether another process has its answer."""

FIRST_LOOK: Final = 2.0
LAST_LOOK: Final = 30.0
"""Seconds between looks at a run: from the first, doubling, to the last."""

LOST: Final = (
    "The answer to this FindAll request was lost: it may have been accepted and charged, and no "
    "one can look. It is not bought again unless you say --refresh"
)


class Finder:
    """Buys FindAll runs side by side, in tasks of `tasks`, and waits for them.

    `keep` stores answers, and `tell` hears what became of each fingerprint. `credit` is what other
    runs under way hold back, None where there are none.
    """

    def __init__(
        self,
        *,
        findalls: FindAlls,
        ledger: Ledger,
        pace: Pace,
        terms: Terms,
        keep: Callable[[Sequence[Kept]], None],
        tell: Callable[[Mapping[str, Fate]], None],
        listen: Callable[[str, RunProgress], None],
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        credit: Credit | None = None,
    ) -> None:
        self._findalls = findalls
        self._ledger = ledger
        self._pace = pace
        self._terms = terms
        self._keep = keep
        self._tell = tell
        self._listen = listen
        self._clock = clock
        self._sleep = sleep
        self._tasks = tasks
        self._credit = credit

    def find(self, calls: Sequence[Call]) -> None:
        """Take on distinct calls."""
        for call in calls:
            self._tasks.create_task(self._settle(call))

    async def _settle(self, call: Call) -> None:
        with asking_for(purpose_of(call, price_usd=Decimal(0))):
            fate = await self._fate(call)
        self._tell({call.fingerprint: fate})

    async def _fate(self, call: Call) -> Fate:
        fingerprint = call.fingerprint
        while True:
            purchase = self._ledger.look([fingerprint]).get(fingerprint)
            if purchase is not None and purchase.state == "submitting":
                if self._ledger.adopt(purchase.group):
                    return self._lost(call, "attached")
                await self._sleep(SOMEONE_ELSE_SECONDS)
                continue
            age = self._terms.age(call.step)
            if purchase is not None and not purchase.is_stale(self._ledger.now(), age):
                if purchase.run_id is None:
                    return Fate("failed", "attached", purchase.error)
                return await self._followed(call, purchase.run_id, "attached")
            if not self._terms.buy:
                return Fate("skipped", "cached", NOT_BOUGHT)
            fate = await self._bought(call)
            if fate is not None:
                return fate

    async def _bought(self, call: Call) -> Fate | None:
        """Buy a run and follow it; None where someone else was faster, or credit is back."""
        retry = self._terms.steps[call.step].retry
        try:
            body = await self._pace.patiently(
                "status", lambda: self._findalls.prepare(call.body), retry, resend=True
            )
        except InvalidRequestError as error:
            return self._terms.refused(call, error)
        begun = await self._pace.patiently(
            "findall",
            lambda: self._start(call, body),
            retry,
            resend=False,
            purpose=purpose_of(call),
        )
        if isinstance(begun, str):
            return await self._followed(call, begun, "new")
        return begun

    async def _start(self, call: Call, body: Mapping[str, JSON]) -> str | Fate | None:
        """Record the intent and send the request, now that it may go out.

        So a run that ends while it waits for its turn has bought nothing, and knows it.

        Returns:
            The id of the run; why there is none; None where someone else was faster, or where
            there was too little credit, which may be enough by now.

        Raises:
            RunnerError: nothing was bought; some errors pass.
        """
        mine, dear = self._ledger.intend(
            f"findall/{call.fingerprint}",
            {call.fingerprint: call.price_usd},
            self._terms.budget,
            again=lambda known: known.is_stale(self._ledger.now(), self._terms.age(call.step)),
        )
        if dear:
            return Fate("skipped", "new", no_room(self._terms.budget))
        return await self._send(call, body) if mine else None

    async def _send(self, call: Call, body: Mapping[str, JSON]) -> str | Fate | None:
        """Send the request whose intent is recorded. Returns and raises as `_start`."""
        since = 0 if self._credit is None else self._credit.ended
        try:
            run_id = await self._findalls.start(call.fingerprint, body)
        except AmbiguousError:
            return self._lost(call, "new")
        except InvalidRequestError as error:
            self._ledger.withdrawn([call.fingerprint])
            return self._terms.refused(call, error)
        except BudgetError as error:
            self._ledger.withdrawn([call.fingerprint])
            if self._credit is not None and await self._credit.is_back(since):
                return None
            return Fate("skipped", "new", error.sentences)
        except RunnerError:
            self._ledger.withdrawn([call.fingerprint])
            raise
        self._ledger.submitted({call.fingerprint: run_id})
        return run_id

    def _lost(self, call: Call, source: Source) -> Fate:
        self._ledger.settled({call.fingerprint: LOST})
        return Fate("failed", source, LOST)

    async def _followed(self, call: Call, run_id: str, source: Source) -> Fate:
        """Wait for a run, keep what it found, and settle what it cost.

        Without waiting, one that was bought before is looked at once.
        """
        if not self._terms.wait and source == "new":
            return Fate("pending", source, SUBMITTED)
        retry = self._terms.steps[call.step].retry
        deadline = self._clock() + (self._terms.timeout(call) if self._terms.wait else 0.0)
        pause = FIRST_LOOK
        try:
            while True:
                seen = await self._pace.patiently(
                    "status", lambda: self._findalls.look(run_id), retry, resend=True
                )
                if seen.is_finished:
                    break
                self._listen(self._terms.name(call), RunProgress(message=_said(seen)))
                left = deadline - self._clock()
                if left <= 0:
                    return Fate("pending", source, LATE if self._terms.wait else SUBMITTED)
                await self._sleep(min(pause, left))
                pause = min(2 * pause, LAST_LOOK)
            found = await self._pace.patiently(
                "status", lambda: self._findalls.result(run_id), retry, resend=True
            )
        except UnknownRunError as error:
            self._ledger.settled({call.fingerprint: error.message})
            return Fate("failed", source, error.message, run_id)
        cost = self._cost(call, found.matches)
        if source == "new":
            self._ledger.release(call.price_usd - cost)
        if seen.ended is not None and not found.matches:
            said = f"The search ended early: {seen.ended}"
            self._ledger.settled({call.fingerprint: said})
            return Fate("failed", source, said, run_id, cost_usd=cost)
        self._keep([(call.fingerprint, found.answer, None)])
        self._ledger.settled({call.fingerprint: None})
        return replace(NEW, cost_usd=cost) if source == "new" else ATTACHED

    def _cost(self, call: Call, matches: int) -> Decimal:
        """Return what a run with so many matches costs: its price has both ends."""
        least = call.price_usd if call.least_usd is None else call.least_usd
        limit = int(call.body["match_limit"])
        return least + (call.price_usd - least) * min(matches, limit) / limit


def _said(seen: Search) -> str:
    return f"{seen.matches:,} matches of {seen.candidates:,} candidates so far"
