"""The groups that runs are bought in: each step has its own, so that none waits to be read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from runner.execute.followers import Followers
from runner.execute.limits import Pace
from runner.job.model import Retry
from runner.providers.base import Runs
from runner.providers.exchanges import Purpose

GROUP: Final = 10_000
"""So many runs share a group: enough for few requests, and few enough to read it again."""


@dataclass(slots=True)
class _Open:
    """A group that is made, or being made, and how many more runs it has room for."""

    making: asyncio.Task[str]
    room: int = GROUP

    @property
    def id(self) -> str | None:
        """Its id, once it is made."""
        made = self.making.done() and not self.making.cancelled() and not self.making.exception()
        return self.making.result() if made else None


class Groups:
    """Makes groups in tasks of `tasks`; the followers hear when nothing more joins one."""

    def __init__(
        self,
        runs: Runs,
        pace: Pace,
        retry: Retry,
        tasks: asyncio.TaskGroup,
        followers: Followers,
    ) -> None:
        self._runs = runs
        self._pace = pace
        self._retry = retry
        self._tasks = tasks
        self._followers = followers
        self._open: dict[str, _Open] = {}

    async def with_room(self, step: str, size: int) -> str:
        """Return the step's group that has room for so many more runs; a new one when it is full.

        Raises:
            RunnerError: it cannot be made.
        """
        if step not in self._open or self._open[step].room < size:
            self.close(step)
            made = self._pace.patiently(
                "task",
                self._runs.create_group,
                self._retry,
                resend=True,
                purpose=Purpose(step=step),
            )
            self._open[step] = _Open(self._tasks.create_task(made))
        self._open[step].room -= size
        return await asyncio.shield(self._open[step].making)

    def close(self, step: str) -> None:
        """Let nothing more join a step's group; what comes gets a new one."""
        old = self._open.pop(step, None)
        if old is not None and old.id is not None:
            self._followers.expect_no_more(old.id)

    def is_open(self, group: str) -> bool:
        """Whether more runs may join a group."""
        return any(each.id == group for each in self._open.values())
