"""What the state directory knows of earlier runs, as the commands need it."""

from __future__ import annotations

from dataclasses import replace

from runner.evidence.changes import Changes, changes_between
from runner.execute.kept import KeptRun, earlier_run, kept_runs
from runner.execute.state import State


def last_run(state: State, job: str) -> KeptRun | None:
    """Return the last run of a job, None where none is kept."""
    return next(iter(kept_runs(state, job)), None)


def changes_since(state: State, job: str, run: KeptRun | None) -> Changes | None:
    """Return what changed in a run since the run before it, None where there is none.

    Raises:
        StateError: the earlier outcomes are damaged.
    """
    earlier = None if run is None else earlier_run(state, job, run)
    if run is None or earlier is None:
        return None
    return compared(earlier, run)


def compared(older: KeptRun, newer: KeptRun) -> Changes:
    """Return what changed between two runs.

    Raises:
        StateError: stored outcomes are damaged.
    """
    changes = changes_between(older.outcomes(), newer.outcomes())
    return replace(changes, old=older.id, new=newer.id, since=older.date)
