"""`--junit`: the runs of one call as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runner.cli.messages import shown_path
from runner.course.summary import Summary
from runner.errors import RunnerError
from runner.execute.state import check_writable, staged
from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError

if TYPE_CHECKING:
    from runner.report.junit import Suite


@frozen
class Suites:
    """The suites of one call, a job each; without a file nothing is written."""

    file: TextIO | None

    def suite(self, job: str) -> AbstractContextManager[Suite | None]:
        """Return the suite of a job that is about to run."""
        if self.file is None:
            return nullcontext()
        from runner.report.junit import Suite

        return closing(Suite(job))

    def add(self, suite: Suite | None, summary: Summary) -> None:
        """Write the suite of a job that has run."""
        if suite is not None and self.file is not None:
            known = {
                "run": summary.run,
                "status": summary.status,
                "cost_usd": str(summary.cost_usd),
                "report": "" if summary.report is None else shown_path(summary.report),
            }
            suite.write(self.file, known, summary.seconds)

    def add_error(self, job: Path, error: RunnerError) -> None:
        """Write the suite of a job that could not be run, of one case."""
        if self.file is None:
            return
        from runner.report.junit import Suite

        said = error.sentences
        if isinstance(error, JobProblemsError):
            said = "\n".join(f"{p.file}:{p.line}:{p.column}: {p.message}" for p in error.problems)
        with closing(Suite(shown_path(Path.cwd() / job))) as suite:
            suite.fail(said)
            suite.write(self.file, {}, 0.0)


@contextmanager
def junit_file(path: Path | None) -> Iterator[Suites]:
    """Open the file that suites are written to; it is there when all of them have ended.

    Raises:
        UsageError: it cannot be written.
    """
    if path is None:
        yield Suites(file=None)
        return
    from runner.report.junit import begin_suites, end_suites

    check_writable(Path.cwd() / path)
    with staged(Path.cwd() / path) as file:
        begin_suites(file)
        yield Suites(file=file)
        end_suites(file)
