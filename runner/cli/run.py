"""`runner run`: a job file becomes a report and a results file."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from runner.cli.messages import dollars, plural, show_error, show_json, show_warnings
from runner.cli.options import job_options, parse_variables, talk_options
from runner.cli.progress import progress
from runner.cli.stages import calls_of, load_runnable, open_provider, state_for
from runner.errors import ExitCode, RunnerError
from runner.execute.cache import Cache
from runner.execute.executor import Execution, execute, unanswered
from runner.execute.outcomes import Outcome
from runner.execute.state import State, check_writable, write_whole
from runner.execute.stored import store_outcomes
from runner.job.model import Job
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.providers.base import Provider
from runner.report.data import results_text
from runner.report.render import render_report

GLIMPSE_LINES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks of a run."""

    variables: dict[str, str]
    provider: str | None
    limit: int | None
    refresh: bool
    offline: bool
    out: Path | None
    allow_outside: bool
    json: bool
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a run ended."""

    job: str
    run: str
    outcomes: tuple[Outcome, ...]
    report: Path
    results: Path | None
    seconds: float

    @property
    def counts(self) -> Counter[str]:
        """How many outcomes of each status."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def exit_code(self) -> ExitCode:
        """What the run's outcomes mean for the command's exit code."""
        bad = self.counts["failed"] + self.counts["invalid"]
        return ExitCode.FAILED_ROWS if bad else ExitCode.DONE

    def record(self) -> dict[str, JSON]:
        """Return the object that `--json` prints."""
        answered = [o for o in self.outcomes if o.status in {"ok", "invalid"}]
        cached = sum(o.cached for o in answered)
        return {
            "job": self.job,
            "run": self.run,
            "status": "done" if self.exit_code is ExitCode.DONE else "failed",
            "calls": len(self.outcomes),
            "cached": cached,
            "new": len(answered) - cached + self.counts["failed"],
            "attached": 0,
            "failed": self.counts["failed"] + self.counts["invalid"],
            "pending": self.counts["pending"],
            "cost_usd": float(sum((o.cost_usd for o in self.outcomes), Decimal(0))),
            "report": str(self.report),
            "results": None if self.results is None else str(self.results),
            "seconds": round(self.seconds, 3),
        }


@click.command("run")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=click.Path(path_type=Path))
@job_options
@talk_options
@click.option("--refresh", is_flag=True, help="Ask again, whatever the cache holds.")
@click.option("--offline", is_flag=True, help="Use the cache only; ask nothing.")
@click.option("--max-cost", metavar="USD", help="Commit to no more than this.")
@click.option("--no-wait", is_flag=True, help="Submit and leave; a later run picks it up.")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="Write report and results here."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
@click.pass_context
def command(
    ctx: click.Context,
    jobs: tuple[Path, ...],
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    refresh: bool,
    offline: bool,
    max_cost: str | None,
    no_wait: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run job files: write their results and reports."""
    del form, verbose, no_wait  # local answers are there at once
    _check_money(max_cost)
    options = Options(
        variables=parse_variables(variables),
        provider=provider,
        limit=limit,
        refresh=refresh,
        offline=offline,
        out=out,
        allow_outside=allow_outside,
        json=as_json,
        quiet=quiet,
    )
    worst = ExitCode.DONE
    for job in jobs:
        try:
            summary = run_job(job, options)
        except RunnerError as error:
            if len(jobs) == 1:
                raise
            # One broken job does not stop the others.
            show_error(error)
            worst = max(worst, error.exit_code)
            continue
        _show(summary, options)
        worst = max(worst, summary.exit_code)
    ctx.exit(int(worst))


def run_job(file: Path, options: Options) -> Summary:
    """Run one job file: load, plan, execute, write, render.

    Raises:
        RunnerError: the job, its data, the state directory or the provider is at fault.
    """
    started = time.monotonic()
    job = load_runnable(
        file,
        variables=options.variables,
        provider=options.provider,
        allow_outside=options.allow_outside,
        quiet=options.quiet,
    )
    job = _redirected(job, options.out)
    for target in (job.report.path, job.results):
        if target is not None:
            check_writable(target)
    state = state_for(job)
    provider = open_provider(job, state, allow_outside=options.allow_outside)
    show_warnings(provider.warnings, quiet=options.quiet)
    outcomes = asyncio.run(_execute(job, provider, state, options))
    _write(job, state, outcomes)
    return Summary(
        job=job.name,
        run=_run_id(),
        outcomes=outcomes,
        report=job.report.path,
        results=job.results,
        seconds=time.monotonic() - started,
    )


async def _execute(
    job: Job, provider: Provider, state: State, options: Options
) -> tuple[Outcome, ...]:
    try:
        calls, beyond = calls_of(job, provider, options.limit)
        execution = Execution(
            steps={step.id: step for step in job.steps},
            concurrency=job.concurrency,
            refresh=options.refresh,
            offline=options.offline,
        )
        if not options.quiet:
            click.echo(_plan_line(job, calls), err=True)
        outcomes: list[Outcome] = []
        with (
            Cache(state.cache, time.time) as cache,
            progress(job.name, len(calls), quiet=options.quiet) as show,
        ):
            async for outcome in execute(
                calls, execution=execution, cache=cache, provider=provider
            ):
                show(outcome)
                outcomes.append(outcome)
        outcomes.extend(unanswered(call, "skipped", "Beyond --limit") for call in beyond)
        return tuple(outcomes)
    finally:
        await provider.close()


def _write(job: Job, state: State, outcomes: tuple[Outcome, ...]) -> None:
    """Write everything that a run leaves; the report is rendered before the first file changes."""
    report = render_report(job, outcomes)
    store_outcomes(state.outcomes(job.name), outcomes)
    if job.results is not None:
        write_whole(job.results, results_text(job, outcomes))
    write_whole(job.report.path, [report])


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


def _plan_line(job: Job, calls: list[Call]) -> str:
    distinct = {call.fingerprint: call.price_usd for call in calls}
    cost = sum(distinct.values(), Decimal(0))
    return (
        f"{job.name}: {plural(len(calls), 'row')}, {plural(len(distinct), 'distinct call')}, "
        f"provider {job.provider}, {'free' if not cost else 'at most ' + dollars(cost)}"
    )


def _show(summary: Summary, options: Options) -> None:
    if options.json:
        show_json(summary.record())
        return
    if options.quiet:
        return
    counts = summary.counts
    cached = sum(outcome.cached for outcome in summary.outcomes)
    parts = [f"{counts['ok']} ok"]
    parts += [f"{counts[s]} {s}" for s in ("failed", "invalid", "pending", "skipped") if counts[s]]
    if cached:
        parts.append(f"{cached} from the cache")
    click.echo(f"{summary.job}: {', '.join(parts)} in {summary.seconds:.1f} s", err=True)
    if summary.results is not None:
        click.echo(f"results: {_shown(summary.results)}")
    click.echo(f"report:  {_shown(summary.report)}")
    _glimpse(summary.report)


def _glimpse(report: Path) -> None:
    """Print the report's first lines, cut to the terminal's width."""
    import shutil

    width = max(40, shutil.get_terminal_size((100, 24)).columns - 4)
    lines = report.read_text(encoding="utf-8").splitlines()
    click.echo()
    for line in lines[:GLIMPSE_LINES]:
        click.echo("  " + (line if len(line) <= width else line[: width - 1] + "…"))
    if len(lines) > GLIMPSE_LINES:
        click.echo(f"  … {plural(len(lines) - GLIMPSE_LINES, 'more line')}")


def _shown(path: Path) -> str:
    """Return a path the way the user would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _run_id() -> str:
    return f"run_{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}_{secrets.token_hex(3)}"


def _check_money(text: str | None) -> None:
    if text is None:
        return
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise click.BadParameter(
            f"'{text}' is no amount in USD, e.g. --max-cost 2.50", param_hint="--max-cost"
        )
