"""How fast requests may go out: the documented quotas, over all processes, and what 429 teaches."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol, TypeVar

from runner.errors import AmbiguousError, RateLimitedError, UnreachableError
from runner.execute.database import Database
from runner.job.model import Retry
from runner.providers.exchanges import Purpose, asking_for

WINDOW_SECONDS: Final = 60.0
"""Quotas are counted in any window of a minute."""

MOST_REFUSALS: Final = 1_000
"""A request that met the rate limit so often is given up."""

LEAST_PER_WINDOW: Final = 6

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (kind TEXT, at REAL);
CREATE INDEX IF NOT EXISTS sent_at ON sent (kind, at);
"""

Answer = TypeVar("Answer")


class Windows(Protocol):
    """Counts requests in a sliding window."""

    def enter(self, kind: str, quota: int, now: float) -> float:
        """Take a place, or return the seconds until one may be free (0: taken)."""
        ...


class SharedWindows(Database):
    """Windows in a small SQLite file, for all processes of a state directory."""

    holds = "record of requests"
    loses = ": it is made anew"

    def __init__(self, file: Path) -> None:
        # What is lost in a crash is at most a minute's memory of speed.
        super().__init__(file, _SCHEMA, synchronous="OFF")

    def enter(self, kind: str, quota: int, now: float) -> float:
        """Take a place, or return the seconds until one may be free (0: taken)."""
        with self.transaction() as database:
            since = now - WINDOW_SECONDS
            database.execute("DELETE FROM sent WHERE kind = ? AND at <= ?", (kind, since))
            blocking = database.execute(
                "SELECT at FROM sent WHERE kind = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
                (kind, quota - 1),
            ).fetchone()
            if blocking is None:
                database.execute("INSERT INTO sent VALUES (?, ?)", (kind, now))
        return 0.0 if blocking is None else max(0.001, blocking[0] - since)


class Pace:
    """When the next request may go out; one for all calls of a run, so that all slow down together.

    After a 429 nothing goes out until the time it names, and then half as much in a minute as
    before, but no less than had gone through; each quiet minute doubles that again.
    """

    def __init__(
        self,
        quotas: Mapping[str, int],
        windows: Windows,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._quotas = quotas
        self._windows = windows
        self._now = now
        self._sleep = sleep
        self._chance = chance
        self._closed_until: dict[str, float] = {}
        self._learned: dict[str, tuple[int, float]] = {}
        self._passed: dict[str, deque[float]] = {}

    async def turn(self, kind: str) -> None:
        """Wait until a request of a kind may go out."""
        quota = self._quotas.get(kind)
        if quota is None:
            return
        while True:
            now = self._now()
            wait = self._closed_until.get(kind, 0.0) - now
            if wait <= 0:
                wait = self._windows.enter(kind, self._allowed(kind, quota, now), now)
                if not wait:
                    self._remember(kind, now)
                    return
            # A little apart, so that those who wait do not all come at once.
            await self._sleep(wait + 0.05 * self._chance())

    def slow_down(self, kind: str, seconds: float | None) -> None:
        """Learn from a 429 that said when to come again, or did not."""
        now = self._now()
        passed = self._passed.get(kind, deque())
        recent = sum(at > now - WINDOW_SECONDS for at in passed)
        if now >= self._closed_until.get(kind, 0.0):
            # Those who are refused at the same time have learned the same.
            allowed = self._allowed(kind, self._quotas.get(kind, LEAST_PER_WINDOW), now)
            self._learned[kind] = (max(LEAST_PER_WINDOW, recent, allowed // 2), now)
        wait = 1.0 + self._chance() if seconds is None else seconds
        self._closed_until[kind] = max(self._closed_until.get(kind, 0.0), now + wait)

    def _allowed(self, kind: str, quota: int, now: float) -> int:
        if kind not in self._learned:
            return quota
        learned, since = self._learned[kind]
        quiet_minutes = int((now - since) / WINDOW_SECONDS)
        return min(quota, learned << min(quiet_minutes, 20))

    def _remember(self, kind: str, now: float) -> None:
        passed = self._passed.setdefault(kind, deque())
        passed.append(now)
        while passed and passed[0] <= now - WINDOW_SECONDS:
            passed.popleft()

    async def patiently(
        self,
        kind: str,
        ask: Callable[[], Awaitable[Answer]],
        retry: Retry,
        *,
        resend: bool,
        purpose: Purpose | None = None,
    ) -> Answer:
        """Return the answer of a request, asked again as `retry` says.

        Args:
            kind: Whose quota it counts against; one without a quota is free to go.
            ask: Sends the request.
            retry: How often, and how long between.
            resend: Whether it may be sent again after its answer was lost, too.
            purpose: What it is for, for those who hear of requests.

        Raises:
            RunnerError: what the last try raised.
        """
        again = (UnreachableError, AmbiguousError) if resend else (UnreachableError,)
        tries = refusals = 0
        while True:
            await self.turn(kind)
            try:
                with asking_for(purpose, 1 + tries + refusals):
                    return await ask()
            except RateLimitedError as error:
                refusals += 1
                if refusals >= MOST_REFUSALS:
                    raise
                self.slow_down(kind, error.seconds)
                if kind not in self._quotas:
                    await self._sleep(error.seconds or backoff(refusals, retry, self._chance))
            except again:
                tries += 1
                if tries >= retry.attempts:
                    raise
                await self._sleep(backoff(tries, retry, self._chance))


def backoff(tries: int, retry: Retry, chance: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait after so many tries: doubling, capped, and jittered by half."""
    first, most = retry.backoff / timedelta(seconds=1), retry.max_backoff / timedelta(seconds=1)
    return float(min(most, first * 2.0 ** min(tries - 1, 30)) * (0.5 + 0.5 * chance()))
