"""The followers of all groups that a run waits for, one task each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from runner.execute.following import Follower
from runner.providers.base import GroupStatus


class Followers:
    """Followers by group; `make` makes one, and `tasks` is where they run."""

    def __init__(self, make: Callable[[str], Follower], tasks: asyncio.TaskGroup) -> None:
        self._make = make
        self._tasks = tasks
        self._followers: dict[str, Follower] = {}

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
            self._tasks.create_task(self._follow(group, follower))
        follower.want(deadlines, status)

    def expect_no_more(self, group: str | None = None) -> None:
        """Say that nothing more joins a group (None: any group) for now."""
        for name, follower in self._followers.items():
            if group in (None, name):
                follower.expect_more(False)

    async def _follow(self, group: str, follower: Follower) -> None:
        await follower.follow()
        del self._followers[group]
