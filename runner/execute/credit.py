"""Credit that running tasks hold back: those of this run, and of others that share the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from runner.execute.followers import Followers
from runner.execute.ledger import Ledger

LOOK_SECONDS: Final = 0.2
"""How often to look whether a running task has given back its credit."""


class Credit:
    """Knows whether credit is held back, and lets all who lack it wait until some is free.

    `ended` counts the tasks of this run that gave theirs back; `buying` by step how many requests
    that buy are under way.
    """

    def __init__(
        self,
        ledger: Ledger,
        followers: Followers,
        buying: Counter[str],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.ended = 0
        self._ledger = ledger
        self._followers = followers
        self._buying = buying
        self._sleep = sleep

    @property
    def is_held(self) -> bool:
        """Whether tasks are running that somebody waits for."""
        return bool(self._followers.outstanding or self._ledger.running_elsewhere())

    async def freed(self) -> None:
        """Return when a task has ended, or none is running."""
        await self._given_back(self.ended, lambda: self.is_held)

    async def is_back(self, since: int) -> bool:
        """Wait while credit is held back, or about to be; return whether some was given back.

        `since` is what `ended` was when that was asked which was refused.
        """
        return await self._given_back(since, lambda: self.is_held or self._buying.total() > 0)

    async def _given_back(self, since: int, may_come: Callable[[], bool]) -> bool:
        """Return whether a task gave its credit back, once one has or none may any more."""
        others = self._ledger.running_elsewhere()
        while self.ended == since:
            if not may_come():
                return False
            self._followers.expect_no_more()
            await self._sleep(LOOK_SECONDS)
            if self._ledger.running_elsewhere() < others:
                break
        return True
