"""`runner plan`: what would run, why, and what it costs; spends nothing and writes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from runner.cli.messages import dollars, duration, plural, show_json, show_warnings
from runner.cli.options import job_argument, job_options, parse_variables, talk_options
from runner.cli.stages import edition_for, load_runnable, plan_calls
from runner.errors import UsageError
from runner.execute.asked import LastRun
from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from runner.execute.standing import Standings
from runner.execute.state import State
from runner.execute.survey import Count, Survey, reasons_sorted, survey
from runner.job.model import Job, Step, Task
from runner.jsonvalue import JSON
from runner.plan.calls import Call, Kind
from runner.plan.choosing import choose
from runner.plan.columns import columns_sent
from runner.plan.time import expected_seconds


@click.command("plan")
@job_argument
@job_options
@talk_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object.")
@click.option(
    "--show", metavar="N|KEY", help="The row whose request is printed: its number, or its key."
)
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
    show: str | None,
) -> None:
    """Show what would run, and its price; asks nothing."""
    del form, verbose
    loaded = load_runnable(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
        only_plan=True,
    )
    with edition_for(loaded, allow_outside=allow_outside) as (edition, state, warnings):
        show_warnings(warnings, quiet=quiet)
        shown = _Shown(wanted=show)
        calls = plan_calls(loaded, edition, limit).all()
        found = _survey(loaded, shown.watched(calls), state, edition({}), limit)
    if show is not None and not shown.requests:
        raise UsageError(
            f"No row is called '{show}'",
            hint="Give a row's number, from 1, or its key as the report has it",
        )
    plan = _plan(loaded, found, shown)
    if as_json:
        show_json(plan)
        return
    _show(loaded, found, plan)
    for step, request in shown.requests.items():
        click.echo(f"\nrequest of {shown.name(step, loaded)}:")
        click.echo(json.dumps(request, ensure_ascii=False, indent=2))


@dataclass(slots=True)
class _Shown:
    """Picks the requests of one row out of the calls that pass."""

    wanted: str | None
    requests: dict[str, Mapping[str, JSON]] = field(default_factory=dict)
    key: str = ""
    row: int | None = None
    by_key: bool = False

    def watched(self, calls: Iterator[Call]) -> Iterator[Call]:
        for call in calls:
            self._see(call)
            yield call

    def _see(self, call: Call) -> None:
        wanted = self.wanted
        named = wanted is not None and call.key == wanted and not self.by_key
        numbered = self.row is None and (wanted is None or wanted == str(call.row + 1))
        if named or numbered:
            # A row that is called by the number goes before the row that has it.
            self.row, self.key, self.by_key = call.row, call.key, self.by_key or named
            self.requests.clear()
        if call.row == self.row:
            self.requests.setdefault(call.step, call.body)

    def name(self, step: str, job: Job) -> str:
        number = f"row {(self.row or 0) + 1} ({self.key})" if job.items is not None else "the job"
        return number if len(job.steps) == 1 else f"{number}, step {step}"


def _survey(
    job: Job, calls: Iterator[Call], state: State, edition: str, limit: int | None
) -> Survey:
    """Count the calls against what the state directory holds; it may not be there yet."""
    with ExitStack() as stack:
        cache = ledger = None
        if state.cache.is_dir():
            cache = stack.enter_context(Cache(state.cache, time.time))
        if state.ledger.is_file():
            ledger = stack.enter_context(Ledger(state.ledger))
        last = LastRun(
            job,
            edition,
            asked_file=state.asked(job.name),
            outcomes=state.outcomes(job.name),
        )
        stack.callback(last.close)
        steps = {step.id: step for step in job.steps}
        return survey(
            calls,
            Standings(cache, ledger, steps),
            steps,
            limit=limit,
            budget=job.budget,
            why=last.why,
        )


def _plan(job: Job, found: Survey, shown: _Shown) -> dict[str, JSON]:
    """Return the plan as `--json` prints it."""
    total = found.total
    shortest, longest = _seconds(job, found)
    return {
        "job": job.name,
        "rows": found.rows - found.rows_beyond,
        "calls": total.calls,
        "cached": total.cached,
        "attached": total.attached,
        "new": total.new,
        "cost_usd": float(total.cost_usd),
        "cost_usd_max": float(total.cost_usd_max),
        "budget_usd": None if job.budget is None else float(job.budget),
        "steps": [_step(step, found.steps[step.id]) for step in job.steps],
        "columns_sent": list(columns_sent(job)) if job.provider != "local" else [],
        "seconds_min": shortest,
        "seconds_max": longest,
        "rows_within_budget": found.fits,
        "cached_seconds_ago": None if found.ages is None else [round(age) for age in found.ages],
        "new_because": reasons_sorted(found.reasons),
        "requests": dict(shown.requests),
    }


def _step(step: Step, count: Count) -> dict[str, JSON]:
    choice = choose(step.action) if isinstance(step.action, Task) else None
    return {
        "id": step.id,
        "processor": None if choice is None else choice.processor,
        "why": None if choice is None else choice.why,
        "calls": count.calls,
        "cost_usd": float(count.cost_usd_max),
    }


def _kind(step: Step) -> Kind:
    kinds: Mapping[str, Kind] = {
        "Task": "task",
        "Search": "search",
        "Extract": "extract",
        "FindAll": "findall",
    }
    return kinds[type(step.action).__name__]


def _seconds(job: Job, found: Survey) -> tuple[float, float]:
    """Return the shortest and longest expected time; steps side by side take as long as one."""
    if job.provider == "local":
        return 0.0, 0.0
    times = [
        expected_seconds(
            _kind(step),
            choose(step.action).processor if isinstance(step.action, Task) else None,
            found.steps[step.id].new,
            job.concurrency,
        )
        for step in job.steps
    ]
    return max(each[0] for each in times), max(each[1] for each in times)


def _show(job: Job, found: Survey, plan: Mapping[str, JSON]) -> None:
    total = found.total
    click.echo(f"{job.name}: {plural(plan['rows'], 'row')}, {plural(total.calls, 'distinct call')}")
    is_local = job.provider == "local"
    if total.cached:
        click.echo(f"cached:   {total.cached:,}, {_ago(found.ages)}")
    if total.attached:
        click.echo(f"bought:   {total.attached:,} in an earlier run; not bought again")
    click.echo(f"new:      {total.new:,}")
    for why, count in plan["new_because"].items():
        click.echo(f"          {count:,}: {why}")
    click.echo(f"provider: {job.provider}")
    for step in plan["steps"]:
        if step["processor"] is not None and not is_local:
            name = "" if len(job.steps) == 1 else f"{step['id']}: "
            click.echo(f"          {name}{step['processor']} ({step['why']})")
    click.echo(f"price:    {_price(total)}")
    if job.budget is not None:
        click.echo(f"budget:   {dollars(job.budget)}{_room(found)}")
    if total.new and not is_local:
        shortest, longest = plan["seconds_min"], plan["seconds_max"]
        click.echo(f"time:     {duration(shortest)} to {duration(longest)}")
    if is_local:
        click.echo("sent:     nothing leaves this machine")
    else:
        click.echo(f"sent:     {', '.join(plan['columns_sent']) or 'no column of the data'}")


def _ago(ages: tuple[float, float] | None) -> str:
    youngest, oldest = (duration(age) for age in ages or (0.0, 0.0))
    return f"{oldest} old" if youngest == oldest else f"{youngest} to {oldest} old"


def _price(total: Count) -> str:
    if not total.cost_usd_max:
        return "free"
    if total.cost_usd == total.cost_usd_max:
        return dollars(total.cost_usd)
    return f"{dollars(total.cost_usd)} to {dollars(total.cost_usd_max)}, by what is found"


def _room(found: Survey) -> str:
    if found.fits is None:
        return ""
    if not found.fits:
        return ", which is too little for the first row"
    return f", which is enough for the first {plural(found.fits, 'row')}: --limit {found.fits}"
