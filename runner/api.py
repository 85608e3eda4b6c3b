"""The Python API: job files planned, run and rendered, without printing and without exiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypedDict, Unpack

from runner.course.forecasting import Plan, later_calls, plan_of, survey_job
from runner.course.options import Options
from runner.course.past import stored_report
from runner.course.running import Course
from runner.course.stages import edition_for, state_for
from runner.course.summary import RunStatus, Summary
from runner.course.targets import check_targets, redirected
from runner.course.voice import Voice
from runner.errors import UsageError
from runner.evidence.checks import Failure, Judged
from runner.execute.kept import kept_runs
from runner.execute.outcomes import Outcome
from runner.execute.runs import new_run
from runner.execute.stored import read_outcomes
from runner.execute.watching import Watcher
from runner.job.durations import parse_money
from runner.job.load import load_job
from runner.job.model import Job
from runner.providers.base import Answer
from runner.report.render import render_report

__all__ = [
    "Answer",
    "Failure",
    "Job",
    "Judged",
    "Outcome",
    "Plan",
    "Run",
    "RunOptions",
    "arun",
    "load_job",
    "plan",
    "render",
    "run",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run ended, as `runner run --json` has it.

    Attributes:
        id: The run's id, as `runner history` and `runner diff` know it.
        status: `done`; `failed` (a row, or a check); `running` (rows are still on their way: run
            again to pick them up); `budget` (it left rows out).
        report: Where the report was written; None where there is no answer yet. `results` likewise.
        failed_checks: The checks that failed, with their first failures.
    """

    job: Job
    id: str
    status: RunStatus
    calls: int
    cached: int
    new: int
    attached: int
    failed: int
    pending: int
    cost_usd: Decimal
    seconds: float
    report: Path | None
    results: Path | None
    failed_checks: tuple[Judged, ...]

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes, one a row and step, in input order; read from the state directory.

        Raises:
            StateError: they are not kept any more (the last ten runs are), or are damaged.
        """
        state = state_for(self.job)
        kept = (each for each in kept_runs(state, self.job.name) if each.id == self.id)
        run = next(kept, None)
        yield from read_outcomes(state.outcomes(self.job.name)) if run is None else run.outcomes()


def plan(job: Job, *, limit: int | None = None, allow_outside: bool = False) -> Plan:
    """Return what a job would ask and what that costs; nothing is asked, and no key is needed.

    Args:
        job: From `load_job`.
        limit: Only the first rows.
        allow_outside: The job may read outside its project.

    Raises:
        RunnerError: the job's data or its documents are at fault.
    """
    with edition_for(job, allow_outside=allow_outside) as (edition, state, _):
        found = survey_job(job, state, edition, limit, lambda calls: calls)
    return plan_of(job, found, later_calls(job, found))


class RunOptions(TypedDict, total=False):
    """What a run may be asked for; all of it may be left out.

    Attributes:
        limit: Only the first rows.
        refresh: Ask again, whatever the cache holds.
        offline: Use the cache only.
        max_cost: Commit to no more than this, in US dollars.
        wait: Wait for what is bought (the default); else submit and leave.
        buy: Ask and buy what is new (the default); else use what is stored, or on its way.
        out: The folder of report and results, in the place of the job's own.
        allow_outside: The job may read and write outside its project.
    """

    limit: int | None
    refresh: bool
    offline: bool
    max_cost: Decimal | float | str | None
    wait: bool
    buy: bool
    out: Path | None
    allow_outside: bool


def run(job: Job, **options: Unpack[RunOptions]) -> Run:
    """Run a job: ask what is not known yet, and write its results and its report.

    Interrupted, it keeps what it has bought; the next run picks it up.

    Args:
        job: From `load_job`.
        options: See `RunOptions`.

    Raises:
        RunnerError: the job's data, the state directory or the provider is at fault; a
            `BudgetError` where the budget has no room for all of it (`plan` tells before).
        UsageError: an event loop is running; `await arun(...)` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(arun(job, **options))
    raise UsageError("run() cannot wait inside an event loop", hint="Use: await runner.arun(...)")


async def arun(job: Job, **options: Unpack[RunOptions]) -> Run:
    """Run a job inside an event loop; as `run` in all else. Cancelled, it keeps what it bought."""
    given = Options(
        variables=job.vars,
        provider=job.provider,
        limit=options.get("limit"),
        refresh=options.get("refresh", False),
        offline=options.get("offline", False),
        max_cost=_limit(options.get("max_cost")),
        wait=options.get("wait", True),
        buy=options.get("buy", True),
        out=options.get("out"),
        allow_outside=options.get("allow_outside", False),
    )
    job = redirected(job, given.out)
    check_targets(job)
    course = Course(job, new_run("run"), given, watcher=Watcher(), voice=Voice())
    return _ended(job, await course.go())


def render(job: Job, *, template: str | None = None, html: bool = False) -> str:
    """Return the report of a job's last run, from its stored outcomes; nothing is written.

    Args:
        job: From `load_job`.
        template: A built-in template, or a file beside the job, in the place of the job's own.
        html: A page of HTML, in the place of what `report.path` says.

    Raises:
        StateError: the job has not run yet.
        TemplateError: the template cannot be read, or fails.
    """
    report = job.report if template is None else replace(job.report, template=template)
    if html:
        report = replace(report, path=report.path.with_suffix(".html"))
    job = replace(job, report=report)
    digest, changes = stored_report(state_for(job), job)
    return render_report(job, digest, changes=changes)


def _limit(amount: Decimal | float | str | None) -> Decimal | None:
    if amount is None:
        return None
    limit = amount if isinstance(amount, Decimal) else parse_money(amount)
    if limit is None:
        raise UsageError(f"'{amount}' is no amount in USD", hint="Give one such as 2.50")
    return limit


def _ended(job: Job, summary: Summary) -> Run:
    counts = summary.tally.counts()
    return Run(
        job=job,
        id=summary.run,
        status=summary.status,
        calls=summary.calls,
        cached=counts["cached"],
        new=counts["new"],
        attached=counts["attached"],
        failed=counts["failed"],
        pending=counts["pending"],
        cost_usd=summary.cost_usd,
        seconds=summary.seconds,
        report=summary.report,
        results=summary.results,
        failed_checks=tuple(summary.checks.failed),
    )
