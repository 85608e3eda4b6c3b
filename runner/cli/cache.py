"""`runner cache`: what is stored, and how to let go of it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from runner.cli.messages import plural, show_json
from runner.errors import UsageError
from runner.execute.cache import Cache
from runner.execute.state import FOLDER, State
from runner.job.durations import parse_duration
from runner.jsonvalue import JSON


@click.group("cache")
def command() -> None:
    """List, prune or clear stored answers."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_answers(*, as_json: bool) -> None:
    """List stored answers, oldest first."""
    with _cache() as cache:
        rows: list[dict[str, JSON]] = [
            {
                "fingerprint": fingerprint,
                "stored_at": datetime.fromtimestamp(entry.stored_at, tz=UTC).isoformat(
                    timespec="seconds"
                ),
            }
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
@click.option("--older-than", default="7d", show_default=True, help="E.g. 24h or 30d.")
def prune(older_than: str) -> None:
    """Remove answers older than an age."""
    age = parse_duration(older_than)
    if age is None:
        raise UsageError(f"'{older_than}' is no duration", hint="Write 90s, 10m, 24h or 7d")
    with _cache() as cache:
        click.echo(f"{plural(cache.prune(age), 'answer')} removed")


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(*, yes: bool) -> None:
    """Remove every stored answer; they would have to be asked (and paid) again."""
    with _cache() as cache:
        if not yes:
            click.confirm("Remove every stored answer?", abort=True)
        click.echo(f"{plural(cache.clear(), 'answer')} removed")


def _cache() -> Cache:
    """Open the cache of the state directory that a job here would use."""
    named = os.environ.get("RUNNER_STATE_DIR")
    here = Path.cwd()
    folder = here / named if named else here / FOLDER
    if not named:
        for parent in (here, *here.parents):
            if (parent / "runner.yaml").is_file() or (parent / ".git").exists():
                folder = parent / FOLDER
                break
    if not folder.is_dir():
        raise UsageError(f"There is no state directory {folder}", hint="It is made by `runner run`")
    return Cache(State(folder).cache, time.time)
