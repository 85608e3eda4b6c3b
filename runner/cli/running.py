"""One job from its file to its report."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.gates import log_failures
from runner.cli.loading import load_job_file
from runner.cli.log import Log, log_file
from runner.cli.telemetry import telemetry_of
from runner.cli.voice import Terminal
from runner.course.options import Options
from runner.course.running import Course
from runner.course.summary import Summary
from runner.course.targets import check_targets, redirected
from runner.errors import RunnerError
from runner.execute.runs import new_run
from runner.execute.watching import Watchers
from runner.job.model import Job
from runner.jsonvalue import JSON

if TYPE_CHECKING:
    from runner.report.junit import Suite


def load_for(file: Path, options: Options, *, quiet: bool) -> Job:
    """Return the job in a file as it is to be run; its warnings are printed.

    Raises:
        RunnerError: the job is at fault.
    """
    job = load_job_file(
        file,
        variables=options.variables,
        provider=options.provider,
        allow_outside=options.allow_outside,
        quiet=quiet,
    )
    return redirected(job, options.out)


def run_job(
    job: Job,
    options: Options,
    *,
    log: Path | None,
    quiet: bool,
    verbose: bool,
    suite: Suite | None = None,
) -> Summary:
    """Run one job; a `suite` hears of each outcome, and `log` is a file for lines about the run.

    Raises:
        RunnerError: the job's data, the state directory or the provider is at fault.
        KeyboardInterrupt: the run was asked to stop; what was bought is in the ledger.
    """
    check_targets(job)
    run = new_run("run")
    with (
        log_file(log) as lines,
        telemetry_of(run=run, job=job.name, provider=job.provider, quiet=quiet) as telemetry,
    ):
        said = Log(lines, run=run, job=job.name, verbose=verbose)
        said.write("start", file=str(job.file), provider=job.provider)
        watchers = Watchers([said, *telemetry])
        try:
            course = Course(
                job, run, options, watcher=watchers, voice=Terminal(quiet=quiet), suite=suite
            )
            summary = asyncio.run(_gone(course))
        except RunnerError as error:
            said.write("end", status="stopped", error=type(error).__name__)
            raise
        except KeyboardInterrupt:
            said.write("end", status="interrupted")
            raise
        log_failures(summary.checks, said)
        said.write("end", **_sums(summary))
    return summary


async def _gone(course: Course) -> Summary:
    """Go the whole course; SIGTERM stops it as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await course.go()
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _sums(summary: Summary) -> dict[str, JSON]:
    """Return what the last line of a log says: the record, but for what stands in every line."""
    record = summary.record()
    record["price"] = record.pop("cost_usd")
    return {key: value for key, value in record.items() if key not in ("job", "run")}
