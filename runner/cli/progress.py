"""Progress of a run on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from runner.execute.outcomes import Outcome

LINE_EVERY = 10.0
"""Seconds between plain lines, so that a log of a long run stays short."""


class Progress(Protocol):
    """Is told of every outcome."""

    def __call__(self, outcome: Outcome) -> None:
        """Count one outcome."""
        ...


@contextmanager
def progress(name: str, total: int, *, quiet: bool) -> Iterator[Progress]:
    """Show the progress of `total` calls."""
    if quiet:
        yield lambda _outcome: None
    elif sys.stderr.isatty():
        with _bar(name, total) as show:
            yield show
    else:
        yield _lines(name, total)


@contextmanager
def _bar(name: str, total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", markup=False),
        TimeElapsedColumn(),
    )
    failed = 0
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total, failed="")

        def show(outcome: Outcome) -> None:
            nonlocal failed
            failed += outcome.status in {"failed", "invalid"}
            bar.update(task, advance=1, failed=f"{failed} failed" if failed else "")

        yield show


def _lines(name: str, total: int) -> Progress:
    done = failed = 0
    last = time.monotonic()

    def show(outcome: Outcome) -> None:
        nonlocal done, failed, last
        done += 1
        failed += outcome.status in {"failed", "invalid"}
        now = time.monotonic()
        if now - last >= LINE_EVERY:
            last = now
            click.echo(f"{name}: {done:,} of {total:,} done, {failed:,} failed", err=True)

    return show
