"""The stages of a run as the commands call them: load, open, expand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from runner.cli.messages import show_problems
from runner.errors import NotAvailableError, UsageError
from runner.execute.state import State, state_of
from runner.job.load import load_with_warnings
from runner.job.model import Job
from runner.job.rows import read_rows
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.plan.expand import expand
from runner.providers.base import Provider

LATER = {
    "steps": "several steps",
    "foreach": "steps over earlier results",
    "follows": "following an earlier step",
    "findall": "FindAll",
    "webhook": "webhooks",
    "verify": "verification of citations",
    "checks": "quality gates",
}


def load_runnable(
    file: Path,
    *,
    variables: Mapping[str, str],
    provider: str | None,
    allow_outside: bool,
    quiet: bool,
) -> Job:
    """Return a job that this version can run; its warnings are printed.

    Raises:
        JobProblemsError: the job file has errors.
        NotAvailableError: it asks for something that comes later.
    """
    job, warnings = load_with_warnings(
        file, variables=variables, provider=provider, allow_outside=allow_outside
    )
    if warnings and not quiet:
        show_problems(warnings, "text")
    for where in job.unavailable:
        place = job.source.key(where)
        word = str(where[-1])
        raise NotAvailableError(
            f"{job.source.shown}:{place.line}:{place.column}: "
            f"'{word}' ({LATER.get(word, word)}) is not available yet",
            hint="The file is valid; this version of runner cannot run that part",
        )
    return job


def state_for(job: Job) -> State:
    """Return the job's state directory."""
    return state_of(job, os.environ, Path.cwd())


def open_provider(job: Job, state: State, *, allow_outside: bool) -> Provider:
    """Return the provider a job names.

    Raises:
        NotAvailableError: it is not in this version.
        UsageError: it is not known, or its documents are not there.
    """
    if job.provider == "local":
        from runner.providers.local.provider import open_local

        folder = job.file.parent
        root = Path(folder.anchor) if allow_outside else job.root
        return open_local(folder, root, job.documents, state.index(folder, job.documents))
    if job.provider == "parallel":
        raise NotAvailableError(
            "Provider 'parallel' is not available yet",
            hint="Run over your own documents: `--provider local` and `documents:` in the job",
        )
    raise UsageError(f"There is no provider '{job.provider}'", hint="Use 'parallel' or 'local'")


def rows_of(job: Job) -> Iterator[Mapping[str, JSON]]:
    """Yield the job's rows; a job without items has one, without columns."""
    if job.items is None:
        yield {}
    else:
        yield from read_rows(job.items)


def calls_of(job: Job, provider: Provider, limit: int | None) -> tuple[list[Call], list[Call]]:
    """Return the calls to ask, and those beyond the limit.

    Every template is rendered before the first call is asked.
    """
    today = datetime.now(tz=UTC).date()
    calls = list(expand(job, rows_of(job), edition=provider.edition, today=today))
    if limit is None:
        return calls, []
    return [c for c in calls if c.row < limit], [c for c in calls if c.row >= limit]
