"""Runs that may leave rows on their way, and how to run them again: for who hears of the answers.

A note is written before the first request and taken away when no row is pending, so that a run
that was killed has left one too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path

from runner.execute.state import State, write_whole
from runner.frozen import frozen
from runner.jsonvalue import JSON

_FOLDER = "unfinished"


@frozen
class Unfinished:
    """A run that was begun.

    Attributes:
        run: Its id in the ledger.
        job: The job's name.
        file: The job file.
        folder: The working directory.
        variables: The values it was given, by name.
        arguments: What else `runner run` was given besides the job file, as far as it says what is
            asked and where it is written.
        buys: Whether its answers lead to more: later steps, or pages to be verified.
    """

    run: str
    job: str
    file: str
    folder: str
    arguments: Sequence[str]
    variables: Mapping[str, JSON] = field(default_factory=dict)
    buys: bool = False


def note(state: State, unfinished: Unfinished) -> None:
    """Write down that a run was begun."""
    write_whole(_file(state, unfinished.job, unfinished.run), [json.dumps(asdict(unfinished))])


def finish(
    state: State, job: str, run: str, *, variables: Mapping[str, JSON], arguments: Sequence[str]
) -> None:
    """Forget a run that has no pending row, and earlier ones that asked for the same."""
    _file(state, job, run).unlink(missing_ok=True)
    for each in unfinished(state, job):
        if list(each.arguments) == list(arguments) and each.variables == variables:
            forget(state, each)


def forget(state: State, each: Unfinished) -> None:
    """Forget a run."""
    _file(state, each.job, each.run).unlink(missing_ok=True)


def unfinished(state: State, job: str = "*") -> Iterator[Unfinished]:
    """Yield the runs that were begun, the oldest first; a broken note is passed over."""
    for file in sorted(state.folder.glob(f"runs/{job}/{_FOLDER}/*.json")):
        try:
            yield Unfinished(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue


def _file(state: State, job: str, run: str) -> Path:
    return state.folder / "runs" / job / _FOLDER / f"{run}.json"
