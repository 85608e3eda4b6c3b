"""Hearing what long runs say of their progress; nothing depends on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from runner.errors import RunnerError
from runner.providers.base import RunProgress, Runs


class Listeners:
    """Listens to runs side by side; `tell` hears what a call is called and what its run says."""

    def __init__(self, runs: Runs, tell: Callable[[str, RunProgress], None]) -> None:
        self._runs = runs
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, run_id: str, name: str) -> None:
        """Listen to one run until it has no more to say."""
        task = asyncio.create_task(self._heard(run_id, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop listening."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _heard(self, run_id: str, name: str) -> None:
        with contextlib.suppress(RunnerError):
            async for said in self._runs.progress(run_id):
                self._tell(name, said)
