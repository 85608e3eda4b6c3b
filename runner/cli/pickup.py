"""What `runner webhook` does with what it hears: outcomes are stored, and waiting jobs finished."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from runner.errors import ExitCode, RunnerError
from runner.execute.cache import Cache
from runner.execute.collecting import collect
from runner.execute.ledger import Ledger
from runner.execute.state import State
from runner.execute.unfinished import Unfinished, forget, unfinished
from runner.providers.base import Runs
from runner.server.inbox import Inbox

LOOK_SECONDS: Final = 2.0
"""How often to look for runs that were begun, and for what could not be seen to before."""

LONGEST_PAUSE: Final = 300.0
"""What cannot be seen to is tried again after a pause that doubles up to this."""

ATTEMPTS: Final = 600
"""So often it is tried, over two days; then it is left to the next `runner run`."""

AT_ONCE: Final = 8


@dataclass(slots=True, kw_only=True)
class Pickup:
    """Stores outcomes as they are told of, and finishes jobs whose last one is in.

    `say` hears what was done; `look_seconds` is how often to look without having heard anything.
    """

    state: State
    inbox: Inbox
    cache: Cache
    ledger: Ledger
    runs: Runs
    say: Callable[[str], None]
    look_seconds: float = LOOK_SECONDS
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: dict[str, int] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)
    _stuck: set[str] = field(default_factory=set)

    def wake(self) -> None:
        """Say that there is something in the inbox."""
        self._news.set()

    async def go(self) -> None:
        """Do what is to be done, for ever."""
        while True:
            self._news.clear()
            try:
                if await self._collect_all():
                    self._stuck.clear()
                for each in tuple(unfinished(self.state)):
                    if self._is_ready(each):
                        await self._finish(each)
            except RunnerError as error:
                self.say(error.message)
            try:
                async with asyncio.timeout(self.look_seconds):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _collect_all(self) -> bool:
        """See to what is in the inbox; return whether any outcome was stored."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(run_id: str) -> bool:
            async with free:
                return await self._collect(run_id)

        now = time.monotonic()
        due = [run_id for run_id in self.inbox.waiting() if self._next.get(run_id, now) <= now]
        return any(await asyncio.gather(*map(one, due)))

    async def _collect(self, run_id: str) -> bool:
        try:
            found = await collect(run_id, runs=self.runs, cache=self.cache, ledger=self.ledger)
        except RunnerError as error:
            found, said = "later", error.message
        else:
            said = {
                "kept": "stored",
                "known": "known already",
                "stranger": "not bought from here",
                "later": "not there yet",
            }[found]
        if found == "later":
            failed = self._failed[run_id] = self._failed.get(run_id, 0) + 1
            if failed < ATTEMPTS:
                pause = min(LONGEST_PAUSE, self.look_seconds * 2.0 ** min(failed - 1, 30))
                self._next[run_id] = time.monotonic() + pause
                return False
            said += "; left to the next `runner run`"
        self._failed.pop(run_id, None)
        self._next.pop(run_id, None)
        self.inbox.done(run_id)
        self.say(f"{run_id}: {said}")
        return found == "kept"

    def _is_ready(self, each: Unfinished) -> bool:
        """Tell whether a run has ended, and no answer of its job is still on its way."""
        if each.run in self._stuck:
            return False
        record = next(
            (known for known in self.ledger.runs(each.job, 1_000) if known.id == each.run), None
        )
        if record is None or record.alive:
            return False
        if record.status != "running" and not record.cost_usd:
            forget(self.state, each)  # It ended before it bought anything.
            return False
        return not self.ledger.waiting(each.job)

    async def _finish(self, each: Unfinished) -> None:
        """Run the job once more: to its end, or as far as its answers now lead."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as variables:
            json.dump(each.variables, variables)
            variables.flush()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "runner", "run", each.file, *each.arguments),
                *("--vars", variables.name),
                *("--no-wait" if each.buys else "--no-buy", "--quiet"),
                cwd=each.folder,
                env={**os.environ, "RUNNER_STATE_DIR": str(self.state.folder.resolve())},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                _, said = await process.communicate()
            except asyncio.CancelledError:
                process.terminate()
                await process.wait()
                raise
        if each.buys and process.returncode == ExitCode.STILL_RUNNING:
            self.say(f"{each.job}: goes on")
            forget(self.state, each)  # The run that went on has left a note of its own.
            return
        if process.returncode in (ExitCode.DONE, ExitCode.FAILED_ROWS):
            self.say(f"{each.job}: finished")
            forget(self.state, each)
            return
        # It is tried again when there is news of it.
        self._stuck.add(each.run)
        words = " ".join(said.decode(errors="replace").split())
        self.say(f"{each.job}: not finished (exit code {process.returncode}) {words}".rstrip())
