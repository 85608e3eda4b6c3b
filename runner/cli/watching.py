"""What a run shows while it goes: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LINE_EVERY = 10.0
"""Seconds between plain lines, so that a log of a long run stays short."""


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
