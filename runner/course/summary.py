"""What is said of a run: before it, and how it ended."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from runner.course.words import dollars, plural
from runner.errors import ExitCode
from runner.evidence.checks import Checks
from runner.execute.survey import Survey
from runner.execute.tally import Tally
from runner.frozen import frozen
from runner.job.diagnostics import Problem
from runner.job.model import Job
from runner.jsonvalue import JSON

RunStatus = Literal["done", "failed", "running", "budget"]


@frozen
class Summary:
    """How a run ended.

    `report` and `results` are None where they were left as they were; `bad` has the first rows that
    failed, or whose answer is invalid, at the line of the job file that asks.
    """

    job: str
    run: str
    calls: int
    tally: Tally
    cost_usd: Decimal
    stopped_by_budget: bool
    report: Path | None
    results: Path | None
    seconds: float
    checks: Checks
    bad: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What the run's outcomes and checks mean for the command's exit code."""
        code = self.tally.exit_code(stopped_by_budget=self.stopped_by_budget)
        return ExitCode.FAILED_ROWS if code == ExitCode.DONE and self.checks.stops else code

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


def unchanged_record(job: Job) -> dict[str, JSON]:
    """Return what `--json` prints of a job that was not run: nothing of it changed."""
    counts = dict.fromkeys(("calls", "cached", "new", "attached", "failed", "pending"), 0)
    return {
        "job": job.name,
        "run": None,
        "status": "unchanged",
        **counts,
        "cost_usd": 0.0,
        "report": str(job.report.path),
        "results": None if job.results is None else str(job.results),
        "seconds": 0.0,
    }


def plan_line(job: Job, survey: Survey) -> str:
    """Return the plan of a run, or of some of its steps, in a line."""
    total = survey.total
    price = dollars(total.cost_usd_max) if total.cost_usd_max else "free"
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (total.cached, "cached"),
            (total.attached, "bought earlier"),
            (total.new, "new"),
        )
        if count
    ]
    steps = [id_ for id_, count in survey.steps.items() if count.calls] or [*survey.steps]
    name = f"{job.name} ({', '.join(steps)})" if len(job.steps) > 1 else job.name
    if not total.calls:
        return f"{name}: nothing to ask"
    return (
        f"{name}: {plural(survey.rows, 'row')}, {plural(total.calls, 'distinct call')} "
        f"({', '.join(parts) or 'none'}), provider {job.provider}, {price}"
    )
