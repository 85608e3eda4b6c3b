"""Rows that a FindAll run finds: what is asked for them, and the job that has them."""

from __future__ import annotations

from dataclasses import replace

from runner.errors import BudgetError, ProviderError, RunnerError, StillRunningError, UsageError
from runner.execute.outcomes import Outcome
from runner.job.model import FoundItems, InlineItems, Job, Selection
from runner.job.rows.items import found_rows


def source_of(job: Job) -> Job | None:
    """Return the job that finds a job's rows, of one step; None where they are there already."""
    if not isinstance(job.items, FoundItems):
        return None
    return replace(job, items=None, key=None, selection=Selection(), steps=(job.items.step,))


def with_rows(job: Job, outcome: Outcome) -> Job:
    """Return a job with the rows that were found for it.

    Raises:
        RunnerError: nothing was found, or not yet.
    """
    if outcome.status != "ok" or not isinstance(outcome.output, dict):
        raise _missing(outcome)
    return replace(job, items=InlineItems(rows=found_rows(outcome.output.get("results") or ())))


def _missing(outcome: Outcome) -> RunnerError:
    said = outcome.error or "there is no answer"
    match outcome.status:
        case "pending":
            return StillRunningError(
                f"The rows are not found yet: {said[:1].lower()}{said[1:]}",
                hint="Run again; nothing is bought twice",
            )
        case "skipped" if "budget" in said or "credit" in said:
            return BudgetError(f"The rows were not bought: {said}", hint="Raise the budget")
        case "skipped":
            return UsageError(f"The rows are not there: {said}", hint="Run again without it")
        case _:
            return ProviderError(f"The rows were not found: {said}", hint="Run again later")
