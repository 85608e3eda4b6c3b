"""`runner history`: the runs of this project, the newest first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from runner.cli.messages import show_json
from runner.course.words import dollars, moment
from runner.errors import UsageError
from runner.execute.ledger import Ledger
from runner.execute.runs import RunRecord
from runner.execute.state import find_state
from runner.jsonvalue import JSON


@click.command("history")
@click.argument("job", metavar="[JOB]", required=False)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="No more than N runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(job: str | None, *, limit: int, as_json: bool) -> None:
    """List past runs, the newest first: of one job (a name or a file), or of all."""
    show_records(records_of(job, limit), as_json=as_json, with_ids=True)


def records_of(job: str | None, limit: int) -> list[RunRecord]:
    """Return the records of the state directory that a job here would use."""
    file = find_state(os.environ, Path.cwd()).ledger
    if not file.is_file():
        return []
    with Ledger(file) as ledger:
        records = ledger.runs(None if job is None else _name(job), limit)
    if job is not None and not records:
        raise UsageError(f"No run of '{job}' is known here", hint="See them all: runner history")
    return records


def _name(job: str) -> str:
    """Return the name of a job that is given by name or by file."""
    if not job.endswith((".yaml", ".yml")):
        return job
    from runner.job.load import load_with_warnings

    return load_with_warnings(Path(job))[0].name


def show_records(records: Sequence[RunRecord], *, as_json: bool, with_ids: bool = False) -> None:
    """Print records, a line each; with their ids for who wants to name a run."""
    if as_json:
        show_json({"runs": [_record(each) for each in records]})
        return
    if not records:
        click.echo("No run is known here yet: start one with `runner run JOB`", err=True)
        return
    for each in records:
        started = datetime.fromtimestamp(each.started_at, tz=UTC)
        parts = [f"{each.done:,} of {each.rows:,} done"]
        parts += [
            f"{count:,} {word}"
            for count, word in (
                (each.new, "new"),
                (each.cached, "from the cache"),
                (each.attached, "bought earlier"),
                (each.failed, "failed"),
                (each.pending, "pending"),
            )
            if count
        ]
        if each.status == "failed" and not each.failed:
            parts.append("a check failed")
        if each.cost_usd:
            parts.append(dollars(each.cost_usd))
        seconds = _seconds(each)
        if seconds is not None:
            parts.append(f"{seconds:,.1f} s")
        line = f"{started:%Y-%m-%d %H:%M:%S}Z  {each.job}  {each.status}: {', '.join(parts)}"
        click.echo(f"{line}  {each.id}" if with_ids else line)


def _record(each: RunRecord) -> dict[str, JSON]:
    seconds = _seconds(each)
    return {
        "job": each.job,
        "run": each.id,
        "status": each.status,
        "started_at": moment(each.started_at),
        "finished_at": None if each.finished_at is None else moment(each.finished_at),
        "rows": each.rows,
        "done": each.done,
        "new": each.new,
        "cached": each.cached,
        "attached": each.attached,
        "failed": each.failed,
        "pending": each.pending,
        "cost_usd": float(each.cost_usd),
        "seconds": None if seconds is None else round(seconds, 3),
    }


def _seconds(each: RunRecord) -> float | None:
    return None if each.finished_at is None else each.finished_at - each.started_at
