"""How the command line tells which checks failed, and where."""

from __future__ import annotations

from collections.abc import Iterable

import click

from runner.cli.log import Log
from runner.cli.messages import show_problems
from runner.course.words import plural
from runner.evidence.checks import Checks
from runner.job.diagnostics import Problem, render

MOST_SHOWN = 10
"""So many failures of one check are shown; the report lists more, and counts all."""


def show_failures(checks: Checks, form: str, *, quiet: bool, rows: Iterable[Problem] = ()) -> None:
    """Print failed checks as problems at their lines in the job file; warnings unless `quiet`.

    As text, `rows` without a good answer are told where it is said how the run ended.
    """
    problems: list[Problem] = [] if form == "text" else list(rows)
    for judged in checks.failed:
        if judged.check.warns and quiet:
            continue
        file, line, column = judged.check.place
        said = [str(failure) for failure in judged.failures[:MOST_SHOWN]]
        more = judged.failed - len(said)
        problems += [
            Problem(
                file=file,
                line=line,
                column=column,
                message=f"{judged.check.kind}: {message}",
                severity="warning" if judged.check.warns else "error",
            )
            for message in [*said, *([f"{plural(more, 'more failure')}"] if more else [])]
        ]
    if not problems:
        return
    if form == "text":
        for problem in problems:
            click.echo(render(problem), err=True)
        return
    show_problems(problems, form)


def log_failures(checks: Checks, log: Log) -> None:
    """Write each failed check to the log file."""
    for judged in checks.failed:
        log.write(
            "check",
            check=judged.check.kind,
            place=":".join(map(str, judged.check.place)),
            severity="warn" if judged.check.warns else "error",
            failed=judged.failed,
        )
