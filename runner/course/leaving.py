"""What a run leaves behind for `runner webhook`: how to run it again once its answers are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.execute.unfinished import Unfinished, finish, note
from runner.job.model import FoundItems

if TYPE_CHECKING:
    from runner.course.options import Options
    from runner.execute.state import State
    from runner.job.model import Job
    from runner.providers.base import Provider


def note_begun(state: State, job: Job, run: str, options: Options, provider: Provider) -> None:
    """Write down how to run a job again whose answers are told to a webhook."""
    if provider.runs is None or not any(step.webhook for step in job.steps):
        return
    note(
        state,
        Unfinished(
            run=run,
            job=job.name,
            file=str(job.file),
            folder=str(Path.cwd()),
            variables=options.variables,
            arguments=_arguments(options),
            buys=len(job.steps) > 1
            or isinstance(job.items, FoundItems)
            or any(step.verify for step in job.steps),
        ),
    )


def note_finished(state: State, job: Job, run: str, options: Options) -> None:
    """Take the note away: no row is pending."""
    finish(state, job.name, run, variables=options.variables, arguments=_arguments(options))


def _arguments(options: Options) -> list[str]:
    """Return the options that say what is asked for, and where it is written."""
    arguments: list[str] = []
    if options.provider is not None:
        arguments += ["--provider", options.provider]
    if options.limit is not None:
        arguments += ["--limit", str(options.limit)]
    if options.out is not None:
        arguments += ["--out", str(Path.cwd() / options.out)]
    if options.allow_outside:
        arguments.append("--allow-outside")
    return arguments
