"""What the state directory knows of earlier runs, as the commands need it."""

from __future__ import annotations

from dataclasses import replace

from runner.evidence.changes import Changes, changes_between
from runner.evidence.verifying import verdicts_from, weigh
from runner.execute.kept import KeptRun, earlier_run, kept_runs, read_verdicts
from runner.execute.state import State
from runner.execute.stored import read_outcomes
from runner.job.model import Job, Task
from runner.report.digest import Digest
from runner.report.render import digest_for


def last_run(state: State, job: str) -> KeptRun | None:
    """Return the last run of a job, None where none is kept."""
    return next(iter(kept_runs(state, job)), None)


def stored_report(state: State, job: Job) -> tuple[Digest, Changes | None]:
    """Return what a job's report is made from: its stored outcomes, and what changed.

    Raises:
        StateError: there are none, or they are damaged.
    """
    run = last_run(state, job.name)
    file = state.outcomes(job.name)
    digest = digest_for(job, read_outcomes(file), date=None if run is None else run.date)
    if run is not None and run.verdicts.is_file():
        verdicts = verdicts_from(read_verdicts(run))
        digest.verify(weigh(read_outcomes(file), verdicts, verified_steps(job)))
    return digest, changes_since(state, job.name, run)


def verified_steps(job: Job) -> list[str]:
    """Return the steps whose citations are verified: those that ask for it, or else all tasks."""
    steps = [step.id for step in job.steps if step.verify]
    return steps or [step.id for step in job.steps if isinstance(step.action, Task)]


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
