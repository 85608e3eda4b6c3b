"""What a run shows while it goes: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import click

from runner.cli.messages import dollars
from runner.execute.fates import Fate
from runner.execute.tally import Tally
from runner.execute.watching import Watcher
from runner.providers.base import GroupStatus, RunProgress

LINE_EVERY = 10.0
"""Seconds between plain lines, so that a log of a long run stays short."""

COUNT_EVERY = 1.0
"""Seconds between updates of what `runner status` shows."""

RUNNING = ("queued", "running", "action_required", "cancelling")


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

    def run(self, key: str, progress: RunProgress) -> None:
        """Show what a single run says: each message once, numbers in the line."""
        if progress.message:
            if progress.message != self._said:
                self._said = progress.message
                self.say(f"{key}: {progress.message}")
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
        self.record({**self.tally.counts(), "failed": self.failed, "rows": self.calls})
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


@contextmanager
def shown(name: str, total: int, *, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Yield what shows a line and how many calls are done."""
    if quiet:
        yield lambda _line, _done: None
    elif sys.stderr.isatty():
        with _bar(name, total) as show:
            yield show
    else:
        yield _lines(name)


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[str, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[line]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total, line="")
        yield lambda line, done: bar.update(task, completed=done, line=line)


def _lines(name: str) -> Callable[[str, int], None]:
    last = time.monotonic()

    def show(line: str, done: int) -> None:
        nonlocal last
        del done
        now = time.monotonic()
        if now - last >= LINE_EVERY:
            last = now
            click.echo(f"{name}: {line}", err=True)

    return show
