"""One job from its file to its report."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from pathlib import Path

from runner.cli.course import Course, Options
from runner.cli.gates import log_failures
from runner.cli.stages import load_job_file
from runner.cli.summary import Summary
from runner.cli.watching import Log, log_file
from runner.errors import RunnerError
from runner.execute.runs import new_run
from runner.execute.state import check_writable
from runner.job.model import Job
from runner.report.columnar import check_installed
from runner.report.junit import Suite


def load_for(file: Path, options: Options) -> Job:
    """Return the job in a file as it is to be run; its warnings are printed.

    Raises:
        RunnerError: the job is at fault.
    """
    job = load_job_file(
        file,
        variables=options.variables,
        provider=options.provider,
        allow_outside=options.allow_outside,
        quiet=options.quiet,
    )
    return _redirected(job, options.out)


def run_job(job: Job, options: Options, suite: Suite | None = None) -> Summary:
    """Run one job; a `suite` hears of each outcome.

    Raises:
        RunnerError: the job's data, the state directory or the provider is at fault.
        KeyboardInterrupt: the run was asked to stop; what was bought is in the ledger.
    """
    started = time.monotonic()
    # A run makes very many small values that live long: looking through them for cycles again and
    # again would take a fifth of its time.
    gc.set_threshold(100_000, 50, 100)
    for target in (job.report.path, job.results):
        if target is not None:
            check_writable(target)
            check_installed(target)
    run = new_run("run")
    with log_file(options.log_file) as lines:
        log = Log(lines, run, verbose=options.verbose)
        log.write("start", job=job.name, file=str(job.file))
        try:
            summary = asyncio.run(Course(job, run, options, log, started, suite).go())
        except RunnerError as error:
            log.write("end", status="error", message=error.message)
            raise
        log_failures(summary.checks, log)
        log.write("end", **summary.record())
    return summary


def _redirected(job: Job, out: Path | None) -> Job:
    """Return the job with its report and results below another folder."""
    if out is None:
        return job
    folder = Path.cwd() / out
    return replace(
        job,
        report=replace(job.report, path=folder / job.report.path.name),
        results=None if job.results is None else folder / job.results.name,
    )
