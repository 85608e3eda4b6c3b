"""What a job asked in its last run, to say what has changed since: the parts of its requests.

Beside the outcomes of a run stands a small file with what is the same for all rows (processor,
question, output and so on, as digests); the rows themselves are in the outcomes.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeAlias

import orjson

from runner.errors import StateError
from runner.execute.state import write_whole
from runner.execute.stored import read_outcomes
from runner.job.model import Job, Step, Task
from runner.jsonvalue import JSON, canonical, digest
from runner.planning.calls import Call
from runner.planning.choosing import choose
from runner.planning.reading import ALL, names_read

NEVER = "never asked"
GONE = "its answer is no longer stored"

Parts: TypeAlias = Mapping[str, str]
"""By name, what a step's requests are made of: the processor's name, digests of all else."""

_DIGITS: Final = 16


def asked(job: Job, edition: str) -> dict[str, dict[str, str]]:
    """Return the parts of each step's requests, by step; `edition` says who answers from what."""
    return {step.id: dict(_parts(job, step, edition)) for step in job.steps}


def _parts(job: Job, step: Step, edition: str) -> Iterator[tuple[str, str]]:
    action = step.action
    settings: dict[str, JSON] = asdict(action)
    if isinstance(action, Task):
        yield "processor", choose(action).processor
        for name in ("processor", "max_processor", "fast"):
            del settings[name]
        settings[action.key] = settings.pop("input")
        settings["output"] = (type(action.output).__name__, settings["output"])
    else:
        yield "kind", step.kind
    settings["source_policy"] = None if step.source_policy is None else asdict(step.source_policy)
    settings["location"] = step.location
    for name, value in settings.items():
        yield name, _digest(value)
    for name in sorted(names_read(step, "vars")):
        yield f"vars.{name}", _digest(job.vars.get(name))
    who, _, state = edition.partition(":")
    yield "provider", who
    yield "documents", state[:_DIGITS]


def _digest(value: JSON) -> str:
    return digest(json.loads(json.dumps(value, default=str)))[:_DIGITS]


def remember(file: Path, parts: Mapping[str, Parts]) -> None:
    """Write what a run asked.

    Raises:
        UsageError: the file cannot be written.
    """
    write_whole(file, [json.dumps(parts, sort_keys=True) + "\n"])


class LastRun:
    """Says why a call is new, by what a job's last run asked."""

    def __init__(self, job: Job, edition: str, *, asked_file: Path, outcomes: Path) -> None:
        self._reads = {step.id: names_read(step, "item") for step in job.steps}
        self._dated = {step.id for step in job.steps if names_read(step, "run")}
        self._outcomes = outcomes
        self._has_run = outcomes.is_file()
        self._rows: sqlite3.Connection | None = None
        then = _read_parts(asked_file)
        now = asked(job, edition)
        self._changes = {id_: _changed(then.get(id_), parts) for id_, parts in now.items()}

    def why(self, call: Call) -> str:
        """Return why a call without an answer is new, in a few words."""
        if not self._has_run:
            return NEVER
        if self._rows is None:
            self._rows = self._load()
        stored = self._rows.execute(
            "SELECT item FROM asked WHERE step = ? AND name = ?", (call.step, call.key)
        ).fetchone()
        if stored is None:
            return NEVER
        change = self._changes[call.step]
        if change is not None:
            return f"{change} changed since the last run"
        then, now = orjson.loads(stored[0]), json.loads(canonical(call.item))
        read = self._reads[call.step]
        changed = [
            name for name in now if then.get(name) != now[name] and (name in read or ALL in read)
        ]
        if changed:
            return f"the row changed since the last run ({', '.join(changed)})"
        if call.step in self._dated:
            return "the date changed since the last run"
        return GONE

    def _load(self) -> sqlite3.Connection:
        # An empty name is a database in a temporary file, which goes when it is closed.
        rows = sqlite3.connect("", isolation_level=None)
        rows.execute("PRAGMA journal_mode = OFF")
        rows.execute(
            "CREATE TABLE asked (step TEXT, name TEXT, item BLOB, PRIMARY KEY (step, name))"
            " WITHOUT ROWID"
        )
        rows.execute("BEGIN")
        # A damaged file of outcomes is said by what needs it; here it only leaves a gap.
        with contextlib.suppress(StateError):
            rows.executemany(
                "INSERT OR IGNORE INTO asked VALUES (?, ?, ?)",
                (
                    (outcome.step, outcome.key, canonical(outcome.item))
                    for outcome in read_outcomes(self._outcomes)
                    if outcome.status in ("ok", "failed", "invalid")
                ),
            )
        return rows

    def close(self) -> None:
        """Release the temporary file."""
        if self._rows is not None:
            self._rows.close()


def _read_parts(file: Path) -> Mapping[str, Parts]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _changed(then: Parts | None, now: Parts) -> str | None:
    """Return what differs between two runs' requests, in words; None where nothing does."""
    if then is None:
        return None
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if "provider" in names:
        return f"the provider ({then.get('provider')}, now {now.get('provider')})"
    words = [
        f"the processor ({then[name]}, now {now[name]})"
        if name == "processor" and name in then and name in now
        else (name if name.startswith("vars.") else f"the {name}")
        for name in names
    ]
    return " and ".join(words) if words else None
