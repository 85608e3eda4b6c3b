"""The followers of all groups that a run waits for, one task each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from runner.execute.following import Follower
from runner.providers.base import GroupStatus


class Followers:
    """Followers by group; `make` makes one, `changed` hears when one has ended."""

    def __init__(
        self, make: Callable[[str], Follower], changed: Callable[[], None], *, wait: bool
    ) -> None:
        self._make = make
        self._changed = changed
        self._wait = wait
        self._followers: dict[str, Follower] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.fault: BaseException | None = None

    @property
    def are_busy(self) -> bool:
        """Whether any group is still followed."""
        return bool(self._tasks)

    @property
    def outstanding(self) -> int:
        """How many runs are waited for."""
        return sum(follower.outstanding for follower in self._followers.values())

    def want(
        self,
        group: str,
        deadlines: Mapping[str, tuple[str, float]],
        status: GroupStatus | None,
        *,
        growing: bool,
    ) -> None:
        """Wait for runs of a group: fingerprint and deadline by run id."""
        follower = self._followers.get(group)
        if follower is None:
            follower = self._followers[group] = self._make(group)
            follower.expect_more(growing)
        follower.want(deadlines, status)
        if self._wait and group not in self._tasks:
            self._follow(group)

    def expect_no_more(self, group: str | None = None) -> None:
        """Say that nothing more joins a group (None: any group) for now."""
        for name, follower in self._followers.items():
            if group in (None, name):
                follower.expect_more(False)

    async def close(self) -> None:
        """Stop following."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, group: str) -> None:
        task = asyncio.create_task(self._followers[group].follow())
        self._tasks[group] = task
        task.add_done_callback(lambda done: self._ended(group, done))

    def _ended(self, group: str, task: asyncio.Task[None]) -> None:
        del self._tasks[group]
        if not task.cancelled():
            self.fault = self.fault or task.exception()
            if self._followers[group].outstanding == 0:
                del self._followers[group]
            elif task.exception() is None:
                self._follow(group)  # Runs joined just as it was done.
        self._changed()
