"""`runner cache`: what is stored, and how to let go of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from runner.cli.messages import show_json, shown_path
from runner.cli.options import Commands
from runner.course.words import moment, plural
from runner.errors import UsageError
from runner.execute.cache import Cache
from runner.execute.state import find_state
from runner.job.durations import parse_duration
from runner.jsonvalue import JSON


@click.group("cache", cls=Commands)
def command() -> None:
    """List, prune or clear stored answers."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_answers(*, as_json: bool) -> None:
    """List stored answers, oldest first."""
    rows: list[dict[str, JSON]] = []
    size = 0
    with _cache() as cache:
        if cache is not None:
            rows = [
                {"fingerprint": fingerprint, "stored_at": moment(entry.stored_at)}
                for fingerprint, entry in cache.entries()
            ]
            size = cache.size_bytes()
    if as_json:
        show_json({"answers": rows, "bytes": size})
        return
    for row in rows:
        click.echo(f"{row['stored_at']}  {row['fingerprint'][:16]}")
    click.echo(f"{plural(len(rows), 'answer')}, {size / 1024:,.0f} KiB")


@command.command("prune")
@click.option(
    "--older-than", metavar="AGE", default="7d", show_default=True, help="Such as 24h or 30d."
)
def prune(older_than: str) -> None:
    """Remove answers older than an age."""
    age = parse_duration(older_than)
    if age is None:
        raise UsageError(f"'{older_than}' is no duration", hint="Write 90s, 10m, 24h or 7d")
    with _cache() as cache:
        removed = 0 if cache is None else cache.prune(age)
    click.echo(f"{plural(removed, 'answer')} removed")


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(*, yes: bool) -> None:
    """Remove every stored answer. What a provider charged for will cost money again."""
    with _cache() as cache:
        removed = 0
        if cache is not None and (yes or _is_meant()):
            removed = cache.clear()
    click.echo(f"{plural(removed, 'answer')} removed")


def _is_meant() -> bool:
    try:
        return click.confirm("Remove every stored answer?", err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)
        raise UsageError(
            "Nothing was removed: there is nobody to ask", hint="Say it: runner cache clear --yes"
        ) from None


@contextmanager
def _cache() -> Iterator[Cache | None]:
    """Open the cache that a job here would use; None where nothing has been stored yet."""
    folder = find_state(os.environ, Path.cwd()).cache
    if not folder.exists():
        click.echo(f"Nothing is stored yet in {shown_path(folder)}", err=True)
        yield None
        return
    with Cache(folder, time.time) as cache:
        yield cache
