"""Job files as the commands take them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.cli.messages import show_problems
from runner.job.load import load_with_warnings
from runner.job.model import Job
from runner.jsonvalue import JSON


def load_job_file(
    file: Path,
    *,
    variables: Mapping[str, JSON],
    provider: str | None,
    allow_outside: bool,
    quiet: bool,
) -> Job:
    """Return the job in a file; its warnings are printed.

    Raises:
        JobProblemsError: the job file has errors.
    """
    job, warnings = load_with_warnings(
        file, variables=variables, provider=provider, allow_outside=allow_outside
    )
    if warnings and not quiet:
        show_problems(warnings, "text")
    return job
