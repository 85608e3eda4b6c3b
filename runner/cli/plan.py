"""`runner plan`: what would run and what it costs; spends nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click

from runner.cli.messages import dollars, plural, show_json, show_warnings
from runner.cli.options import job_argument, job_options, parse_variables, talk_options
from runner.cli.stages import load_runnable, open_provider, rows_of, state_for
from runner.execute.cache import Cache
from runner.execute.state import State
from runner.job.model import Job, Step, Task
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.plan.columns import columns_sent
from runner.plan.expand import Edition, expand, processor_of
from runner.plan.processors import PROCESSORS


@click.command("plan")
@job_argument
@job_options
@talk_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object.")
def command(
    job: Path,
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Show what would run, and its price; asks nothing."""
    del form
    loaded = load_runnable(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
    )
    state = state_for(loaded)
    edition = _edition(loaded, state, allow_outside=allow_outside, quiet=quiet)
    today = datetime.now(tz=UTC).date()
    calls = [
        call
        for call in expand(loaded, rows_of(loaded), edition=edition, today=today)
        if limit is None or call.row < limit
    ]
    plan = _plan(loaded, calls, state)
    if as_json:
        show_json(plan)
        return
    _show(loaded, plan)
    if verbose and calls:
        click.echo("\nthe first request:")
        show_json(dict(calls[0].body))


def _edition(job: Job, state: State, *, allow_outside: bool, quiet: bool) -> Edition:
    if job.provider != "local":
        return lambda _body: job.provider
    provider = open_provider(job, state, allow_outside=allow_outside)
    show_warnings(provider.warnings, quiet=quiet)
    return provider.edition


def _plan(job: Job, calls: Iterable[Call], state: State) -> dict[str, JSON]:
    """Return the plan as `--json` prints it."""
    calls = list(calls)
    distinct = {call.fingerprint: call for call in calls}
    steps = {step.id: step for step in job.steps}
    with Cache(state.cache, time.time) as cache:
        known = {
            call.fingerprint
            for call in distinct.values()
            if (age := steps[call.step].cache) is not None
            and cache.get(call.fingerprint, age) is not None
        }
    new = [call for call in distinct.values() if call.fingerprint not in known]
    cost = sum((call.price_usd for call in new), Decimal(0))
    shortest, longest = _time(job, len(new))
    return {
        "job": job.name,
        "rows": len({call.row for call in calls}),
        "calls": len(distinct),
        "cached": len(known),
        "attached": 0,
        "new": len(new),
        "cost_usd": float(cost),
        "cost_usd_max": float(cost),
        "budget_usd": None if job.budget is None else float(job.budget),
        "steps": [_step(step, new) for step in job.steps],
        "columns_sent": list(columns_sent(job)),
        "seconds_min": shortest,
        "seconds_max": longest,
    }


def _step(step: Step, new: list[Call]) -> dict[str, JSON]:
    of_step = [call for call in new if call.step == step.id]
    processor = why = None
    if isinstance(step.action, Task):
        processor = processor_of(step.action)
        why = "named in the job"
        if step.action.processor == "auto":
            why = "the cheapest that serves this output"
    return {
        "id": step.id,
        "processor": processor,
        "why": why,
        "calls": len(of_step),
        "cost_usd": float(sum((call.price_usd for call in of_step), Decimal(0))),
    }


def _time(job: Job, new: int) -> tuple[float, float]:
    """Return the shortest and longest expected time in seconds, from the documented latencies."""
    if job.provider == "local" or not new:
        return 0.0, 0.0
    shortest = longest = timedelta(0)
    rounds = -(-new // job.concurrency)
    for step in job.steps:
        if isinstance(step.action, Task):
            low, high = PROCESSORS[processor_of(step.action)].latency
            shortest += low
            longest += high * rounds
    return shortest.total_seconds(), longest.total_seconds()


def _show(job: Job, plan: Mapping[str, JSON]) -> None:
    click.echo(
        f"{job.name}: {plural(plan['rows'], 'row')}, {plural(plan['calls'], 'distinct call')} "
        f"({plan['cached']} cached, {plan['new']} new), provider {job.provider}"
    )
    cost = Decimal(str(plan["cost_usd"]))
    click.echo(f"price:   {dollars(cost) if cost else 'free'}")
    for step in plan["steps"]:
        if step["processor"] is not None and job.provider != "local":
            click.echo(f"         {step['processor']} ({step['why']})")
    if job.budget is not None:
        click.echo(f"budget:  {dollars(job.budget)}")
    if job.provider == "local":
        click.echo("sent:    nothing leaves this machine")
    else:
        click.echo(f"sent:    {', '.join(plan['columns_sent']) or 'no column of the data'}")
