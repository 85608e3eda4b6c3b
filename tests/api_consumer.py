"""A caller of the Python API, for the type checker: every public name has the type it is to have."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import runner
from runner import Job, Outcome, Plan, Run, RunnerError


def report(file: Path) -> str:
    """Run a job, and return its report, or why there is none."""
    try:
        job = assert_type(runner.load_job(file, variables={"year": 2026}), Job)
        plan = assert_type(runner.plan(job, limit=10), Plan)
        assert_type(plan.cost_usd, Decimal)
        assert_type(plan.cost_usd_max, Decimal | None)
        run = assert_type(runner.run(job, max_cost="5.00"), Run)
        assert_type(run.report, Path | None)
        for outcome in assert_type(run.outcomes, Iterator[Outcome]):
            assert_type(outcome.key, str)
        return assert_type(runner.render(job, template="table", html=True), str)
    except RunnerError as error:
        assert_type(error.hint, str | None)
        return error.message


async def answers(job: Job) -> list[Mapping[str, Any]]:
    """Run a job inside an event loop, and return the answers that are mappings."""
    run = assert_type(await runner.arun(job, wait=False, buy=False), Run)
    return [each.output for each in run.outcomes if isinstance(each.output, dict)]
