"""One job from its file to its report."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from runner.cli.course import Course, Options
from runner.cli.gates import log_failures
from runner.cli.log import Log, log_file
from runner.cli.stages import load_job_file
from runner.cli.summary import Summary
from runner.cli.telemetry import telemetry_of
from runner.errors import RunnerError
from runner.execute.runs import new_run
from runner.execute.state import check_writable
from runner.execute.watching import Watchers
from runner.job.model import Job
from runner.jsonvalue import JSON
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
    for target in (job.report.path, job.results):
        if target is not None:
            check_writable(target)
            check_installed(target)
    run = new_run("run")
    with (
        log_file(options.log_file) as lines,
        telemetry_of(
            run=run, job=job.name, provider=job.provider, quiet=options.quiet
        ) as telemetry,
    ):
        log = Log(lines, run=run, job=job.name, verbose=options.verbose)
        log.write("start", file=str(job.file), provider=job.provider)
        watchers = Watchers([log, *telemetry])
        try:
            summary = asyncio.run(Course(job, run, options, watchers, started, suite).go())
        except RunnerError as error:
            log.write("end", status="stopped", error=type(error).__name__)
            raise
        except KeyboardInterrupt:
            log.write("end", status="interrupted")
            raise
        log_failures(summary.checks, log)
        log.write("end", **_sums(summary))
    return summary


def _sums(summary: Summary) -> dict[str, JSON]:
    """Return what the last line of a log says: the record, but for what stands in every line."""
    record = summary.record()
    record["price"] = record.pop("cost_usd")
    return {key: value for key, value in record.items() if key not in ("job", "run")}


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
