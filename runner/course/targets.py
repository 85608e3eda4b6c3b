"""Where a run writes its report and its results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.execute.state import check_writable
from runner.job.model import Job
from runner.report.columnar import check_installed
from runner.report.render import check_template


def check_targets(job: Job) -> None:
    """Raise now, before anything is asked, what writing report and results would raise later.

    Raises:
        UsageError: one of them cannot be written.
        TemplateError: the report's template is missing or cannot be read.
    """
    check_template(job)
    for target in (job.report.path, job.results):
        if target is not None:
            check_writable(target)
            check_installed(target)


def redirected(job: Job, out: Path | None) -> Job:
    """Return the job with its report and results below another folder."""
    if out is None:
        return job
    folder = Path.cwd() / out
    return replace(
        job,
        report=replace(job.report, path=folder / job.report.path.name),
        results=None if job.results is None else folder / job.results.name,
    )
