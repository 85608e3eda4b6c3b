"""What the state directory knows of earlier runs, as the commands need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from runner.errors import UsageError
from runner.evidence.changes import Changes, changes_between
from runner.evidence.verifying import verdicts_from, weigh
from runner.execute.earlier import Results
from runner.execute.kept import KeptRun, earlier_run, last_run, read_verdicts
from runner.execute.outcomes import Outcome
from runner.execute.placing import placed
from runner.execute.state import State
from runner.execute.stored import read_outcomes
from runner.job.model import Job, Task
from runner.planning.waves import waves
from runner.report.digest import Digest
from runner.report.render import digest_for


def stored_report(state: State, job: Job) -> tuple[Digest, Changes | None]:
    """Return what a job's report is made from: its stored outcomes, and what changed.

    Raises:
        StateError: there are none, or they are damaged.
        UsageError: the job has other steps by now.
    """
    run = last_run(state, job.name)
    file = state.outcomes(job.name)
    digest = digest_for(job, date=None if run is None else run.date)
    _read_into(digest, job, file)
    if run is not None and run.verdicts.is_file():
        verdicts = verdicts_from(read_verdicts(run))
        digest.verify(weigh(read_outcomes(file), verdicts, verified_steps(job)))
    return digest, changes_since(state, job.name, run)


def _read_into(digest: Digest, job: Job, file: Path) -> None:
    """Add stored outcomes to a digest; the checks of each step see what those before it left."""
    results = Results(job.steps)
    later = {id_: wave for wave in waves(job.steps) if wave.after for id_ in wave.ids}
    for outcome in placed(of_steps(job, read_outcomes(file)), job.steps, file):
        wave = later.pop(outcome.step, None)
        if wave is not None:
            digest.checks.read(outcome.step, results.before(lambda _step: file, wave.after))
        digest.add(outcome)
        results.note(outcome)


def of_steps(job: Job, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes, all of which must be of the job's steps.

    Raises:
        UsageError: one is of a step that the job no longer has.
    """
    known = {step.id for step in job.steps}
    for outcome in outcomes:
        if outcome.step not in known:
            raise UsageError(
                f"The last run had a step '{outcome.step}', which this job no longer has",
                hint="Run the job again; what it asked before is answered from the cache",
            )
        yield outcome


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
