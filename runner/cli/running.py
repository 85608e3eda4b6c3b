"""One job from its file to its report: load, expand, execute, write, render."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import click

from runner.cli.leaving import note_begun, note_finished
from runner.cli.messages import dollars, plural, show_warnings
from runner.cli.stages import Planned, load_runnable, open_provider, plan_calls, state_for
from runner.cli.watching import Log, Progress, log_file, shown
from runner.errors import ExitCode, RunnerError
from runner.execute.cache import Cache
from runner.execute.executor import Execution, execute, unanswered
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace, SharedWindows
from runner.execute.outcomes import Outcome
from runner.execute.state import State, check_writable, copy_whole, staged, write_whole
from runner.execute.stored import StoredOutcomes, outcome_line
from runner.execute.tally import Tally
from runner.job.model import Job, Task
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.plan.processors import PROCESSORS
from runner.providers.base import Provider
from runner.report.data import results_text
from runner.report.render import digest_for, render_report

INSTANT_SECONDS = 120.0
"""How long a call without a processor may take, where the job does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks of a run."""

    variables: dict[str, str]
    provider: str | None = None
    limit: int | None = None
    refresh: bool = False
    offline: bool = False
    max_cost: Decimal | None = None
    wait: bool = True
    buy: bool = True
    out: Path | None = None
    allow_outside: bool = False
    log_file: Path | None = None
    quiet: bool = False
    verbose: bool = False


RunStatus = Literal["done", "failed", "running", "budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a run ended. `report` and `results` are None where they were left as they were."""

    job: str
    run: str
    calls: int
    tally: Tally
    cost_usd: Decimal
    stopped_by_budget: bool
    report: Path | None
    results: Path | None
    seconds: float

    @property
    def exit_code(self) -> ExitCode:
        """What the run's outcomes mean for the command's exit code."""
        return self.tally.exit_code(stopped_by_budget=self.stopped_by_budget)

    @property
    def status(self) -> RunStatus:
        """The exit code in a word."""
        words: dict[ExitCode, RunStatus] = {
            ExitCode.DONE: "done",
            ExitCode.STILL_RUNNING: "running",
            ExitCode.BUDGET: "budget",
        }
        return words.get(self.exit_code, "failed")

    def record(self) -> dict[str, JSON]:
        """Return the object that `--json` prints."""
        counts = self.tally.counts()
        return {
            "job": self.job,
            "run": self.run,
            "status": self.status,
            "calls": self.calls,
            "cached": counts["cached"],
            "new": counts["new"],
            "attached": counts["attached"],
            "failed": counts["failed"],
            "pending": counts["pending"],
            "cost_usd": float(self.cost_usd),
            "report": None if self.report is None else str(self.report),
            "results": None if self.results is None else str(self.results),
            "seconds": round(self.seconds, 3),
        }


def run_job(file: Path, options: Options) -> Summary:
    """Run one job file.

    Raises:
        RunnerError: the job, its data, the state directory or the provider is at fault.
        KeyboardInterrupt: the run was asked to stop; what was bought is in the ledger.
    """
    started = time.monotonic()
    # A run makes very many small values that live long: looking through them for cycles again and
    # again would take a fifth of its time.
    gc.set_threshold(100_000, 50, 100)
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
    run = f"run_{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}_{secrets.token_hex(3)}"
    with log_file(options.log_file) as lines:
        log = Log(lines, run, verbose=options.verbose)
        log.write("start", job=job.name, file=str(job.file))
        try:
            summary = asyncio.run(_Run(job, run, options, log, started).go())
        except RunnerError as error:
            log.write("end", status="error", message=error.message)
            raise
        log.write("end", **summary.record())
    return summary


class _Run:
    """One run of one job; `go` is its story."""

    def __init__(self, job: Job, run: str, options: Options, log: Log, started: float) -> None:
        self._job = job
        self._run = run
        self._options = options
        self._log = log
        self._started = started
        self._tally = Tally()
        self._digest = digest_for(job)
        self._budget = _least(job.budget, options.max_cost)

    async def go(self) -> Summary:
        job, options = self._job, self._options
        state = state_for(job)
        provider = open_provider(
            job, state, allow_outside=options.allow_outside, listener=self._log.request
        )
        try:
            show_warnings(provider.warnings, quiet=options.quiet)
            # Every template is rendered before the first call is asked.
            planned = plan_calls(job, provider, options.limit)
            if not options.quiet:
                click.echo(_plan_line(job, planned), err=True)
            with ExitStack() as stack:
                cache = stack.enter_context(Cache(state.cache, time.time))
                ledger = stack.enter_context(Ledger(state.ledger))
                ledger.start(self._run, job.name)
                note_begun(state, job, self._run, options, provider)
                status = "stopped"
                try:
                    cost = await self._executed(planned, provider, state, cache, ledger)
                    summary = self._written(state, planned, cost, provider.warnings)
                    status = summary.status
                    if not self._tally.statuses["pending"]:
                        note_finished(state, job, self._run, options)
                except asyncio.CancelledError:
                    status = "interrupted"
                    running = planned.distinct - self._tally.settled
                    if provider.runs is not None and running and not options.quiet:
                        said = f"{plural(running, 'call')} not answered yet"
                        click.echo(
                            f"{said}; what was bought is picked up by the next run", err=True
                        )
                    raise KeyboardInterrupt from None
                finally:
                    counts = self._tally.counts()
                    ledger.finish(status, {**counts, "rows": planned.rows})
            return summary
        finally:
            await provider.close()

    async def _executed(
        self, planned: Planned, provider: Provider, state: State, cache: Cache, ledger: Ledger
    ) -> Decimal:
        """Write each outcome to the state directory as it comes; return what the run cost."""
        job, options = self._job, self._options
        execution = Execution(
            steps={step.id: step for step in job.steps},
            concurrency=job.concurrency,
            refresh=options.refresh,
            offline=options.offline,
            budget=self._budget,
            wait=options.wait,
            buy=options.buy,
            timeout=lambda call: _timeout(job, call),
            place=lambda call: _place(job, call),
        )
        windows = SharedWindows(state.limits)
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is not None:
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            with (
                shown(job.name, planned.distinct, quiet=options.quiet) as show,
                staged(state.outcomes(job.name)) as file,
            ):
                progress = Progress(
                    name=job.name,
                    calls=planned.distinct,
                    tally=self._tally,
                    record=ledger.count,
                    show=show,
                    cost=ledger.cost,
                    say=_silence if options.quiet else _say,
                )
                async for outcome in execute(
                    planned.within(),
                    execution=execution,
                    cache=cache,
                    provider=provider,
                    ledger=ledger,
                    pace=Pace(provider.quotas, windows),
                    watcher=progress,
                ):
                    self._take(outcome)
                    file.write(outcome_line(outcome))
                for call in planned.beyond():
                    outcome = unanswered(call, "skipped", "Beyond --limit")
                    self._take(outcome)
                    file.write(outcome_line(outcome))
            return ledger.cost()
        finally:
            windows.close()

    def _take(self, outcome: Outcome) -> None:
        self._tally.add(outcome)
        self._digest.add(outcome)
        if not self._log.is_open:
            return
        self._log.write(
            "outcome",
            step=outcome.step,
            row=outcome.row,
            key=outcome.key,
            status=outcome.status,
            call=outcome.run_id,
            price=float(outcome.cost_usd),
            cached=outcome.cached,
            error=outcome.error,
        )

    def _write_results(self, results: Path, stored: Path) -> None:
        if results.suffix.lower() in (".csv", ".json"):
            outcomes = StoredOutcomes(stored, self._tally.rows)
            write_whole(results, results_text(self._job, outcomes))
        else:
            copy_whole(stored, results)  # What is stored is jsonl already.

    def _written(
        self, state: State, planned: Planned, cost: Decimal, warnings: Sequence[str]
    ) -> Summary:
        """Write what the run leaves; the report is rendered before the first file changes."""
        job, tally = self._job, self._tally
        # What was only submitted has no answer to show: an earlier report stays.
        kept = not self._options.wait and bool(tally.statuses["pending"])
        if not kept:
            date = datetime.now(tz=UTC).date().isoformat()
            report = render_report(job, self._digest, date=date, warnings=warnings)
            if job.results is not None:
                self._write_results(job.results, state.outcomes(job.name))
            write_whole(job.report.path, [report])
        skipped = tally.statuses["skipped"] - planned.rows_beyond
        return Summary(
            job=job.name,
            run=self._run,
            calls=planned.distinct,
            tally=tally,
            cost_usd=cost,
            stopped_by_budget=skipped > 0 and self._options.buy and not self._options.offline,
            report=None if kept else job.report.path,
            results=None if kept else job.results,
            seconds=time.monotonic() - self._started,
        )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _silence(line: str) -> None:
    del line


def _timeout(job: Job, call: Call) -> float:
    """Return how long a call is waited for: the job's word, or twice the documented latency."""
    step = next(step for step in job.steps if step.id == call.step)
    if step.timeout is not None:
        return step.timeout.total_seconds()
    processor = PROCESSORS.get(str(call.body.get("processor")))
    return INSTANT_SECONDS if processor is None else 2 * processor.latency[1].total_seconds()


def _place(job: Job, call: Call) -> str:
    """Return where a call's question stands in the job file, as `file:line`."""
    step = next(step for step in job.steps if step.id == call.step)
    action = step.action
    key = "query" if isinstance(action, Task) and isinstance(action.input, str) else "input"
    return f"{job.source.shown}:{job.source.key((*step.where, key)).line}"


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


def _plan_line(job: Job, planned: Planned) -> str:
    price = f"at most {dollars(planned.cost_usd)}" if planned.cost_usd else "free"
    return (
        f"{job.name}: {plural(planned.rows, 'row')}, "
        f"{plural(planned.distinct, 'distinct call')}, provider {job.provider}, {price}"
    )


def _least(*limits: Decimal | None) -> Decimal | None:
    return min((limit for limit in limits if limit is not None), default=None)
