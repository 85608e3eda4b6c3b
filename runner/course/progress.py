"""How far a run is: counted, told to the ledger, and shown now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from runner.course.words import dollars
from runner.execute.fates import Fate
from runner.execute.tally import Tally
from runner.execute.watching import Watcher
from runner.providers.base import GroupStatus, RunProgress

COUNT_EVERY = 1.0
"""Seconds between updates of what `runner status` shows."""

RUNNING = ("queued", "running", "action_required", "cancelling")


@dataclass(slots=True)
class Counting(Watcher):
    """Counts distinct calls that have their fate."""

    tally: Tally

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Count them."""
        self.tally.settle(fates.values())


@dataclass(slots=True)
class Progress(Watcher):
    """Counts what happens, and tells the ledger and the terminal now and then."""

    name: str
    calls: int
    tally: Tally
    record: Callable[[Mapping[str, int]], None]
    show: Callable[[str, int], None]
    cost: Callable[[], Decimal]
    clock: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda _line: None
    failed: int = 0
    _said: str = ""
    _meter: str = ""
    _groups: dict[str, GroupStatus] = field(default_factory=dict)
    _recorded: float = 0.0

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Count distinct calls that have their fate."""
        self.tally.settle(fates.values())
        self.failed += sum(fate.status == "failed" for fate in fates.values())
        self._update()

    def group(self, group: str, status: GroupStatus) -> None:
        """Remember how many runs of a group are still running."""
        self._groups[group] = status
        self._update()

    def run(self, name: str, progress: RunProgress) -> None:
        """Show what a single run says: a message once for all that say it, numbers in the line."""
        if progress.message:
            if progress.message != self._said:
                self._said = progress.message
                self.say(f"{name}: {progress.message}")
            return
        parts = []
        if progress.percent is not None:
            parts.append(f"{progress.percent:.0f} %")
        if progress.sources_considered:
            read = progress.sources_read or 0
            parts.append(f"{read:,} of {progress.sources_considered:,} sources read")
        self._meter = ", ".join(parts)
        self._update()

    def _update(self) -> None:
        now = self.clock()
        if now - self._recorded < COUNT_EVERY:
            return
        self._recorded = now
        # While it runs, distinct calls are counted; rows are when all is over.
        calls = {"rows": self.calls, "done": self.tally.settled, "failed": self.failed}
        self.record({**self.tally.counts(), **calls})
        self.show(self._line(), self.tally.settled)

    def _line(self) -> str:
        running = sum(
            status.counts.get(name, 0) for status in self._groups.values() for name in RUNNING
        )
        parts = [f"{self.tally.settled:,} of {self.calls:,} done"]
        if running:
            parts.append(f"{running:,} running")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self._meter:
            parts.append(self._meter)
        cost = self.cost()
        if cost:
            parts.append(dollars(cost))
        return ", ".join(parts)
