"""Credit that running tasks hold back: those of this run, and of others that share the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from runner.execute.followers import Followers
from runner.execute.ledger import Ledger

LOOK_SECONDS: Final = 0.2
"""How often to look whether a running task has given back its credit."""


class Credit:
    """Knows whether credit is held back, and waits until some is free.

    `settled` is set whenever a task of this run has ended.
    """

    def __init__(
        self,
        ledger: Ledger,
        followers: Followers,
        settled: asyncio.Event,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._followers = followers
        self._settled = settled
        self._sleep = sleep

    @property
    def is_held(self) -> bool:
        """Whether tasks are running that somebody waits for."""
        return bool(self._followers.outstanding or self._ledger.running_elsewhere())

    async def freed(self) -> None:
        """Return when a task has ended."""
        self._settled.clear()
        others = self._ledger.running_elsewhere()
        while self.is_held and not self._settled.is_set():
            self._followers.expect_no_more()
            await self._sleep(LOOK_SECONDS)
            if self._ledger.running_elsewhere() < others:
                return
