"""What several jobs do to each other: one may overwrite what another one writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.job.model import Job, Where


class Writers:
    """Remembers which job writes which file."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}

    def clashes(self, job: Job) -> Iterator[Problem]:
        """Yield a warning for each file of a job that one asked about earlier writes, too."""
        for where, path in _written(job):
            other = self._jobs.setdefault(path, job)
            if other.file != job.file:
                source = job.source
                yield source.problem(
                    source.value(where),
                    f"{other.source.shown} and {source.shown} write the same file",
                    hint="the one that runs last overwrites it: "
                    f"give each a {'.'.join(map(str, where))} of its own",
                    severity="warning",
                )


def _written(job: Job) -> Iterator[tuple[Where, Path]]:
    report = job.source.data.get("report")
    has_path = isinstance(report, dict) and "path" in report
    yield ("report", "path") if has_path else ("name",), job.report.path
    if job.results is not None:
        yield ("results",), job.results
