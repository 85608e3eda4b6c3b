"""`runner plan`: what would run, why, and what it costs; spends nothing and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import click

from runner.cli.changed import chooser_for, chosen_files
from runner.cli.loading import load_job_file
from runner.cli.messages import show_error, show_json, show_warnings
from runner.cli.options import changed_options, job_options, parse_variables, talk_options
from runner.course.forecasting import Later, Plan, later_calls, plan_of, survey_job, verification
from runner.course.options import Options
from runner.course.stages import edition_for
from runner.course.words import dollars, duration, plural, price_range
from runner.errors import ExitCode, RunnerError, UsageError
from runner.execute.survey import Survey
from runner.job.model import FoundItems, Job
from runner.jsonvalue import JSON
from runner.planning.calls import Call


@click.command("plan")
@click.argument("jobs", metavar="JOB...", nargs=-1, type=click.Path(path_type=Path))
@job_options
@changed_options
@talk_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
@click.option(
    "--show", metavar="N|KEY", help="The row whose request is printed: its number, or its key."
)
@click.pass_context
def command(
    ctx: click.Context,
    jobs: tuple[Path, ...],
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    changed: bool,
    since: str | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    show: str | None,
) -> None:
    """Show what would run, and its price; asks nothing.

    With --changed or --since a JOB may be a folder; without any, it is every job below this one.
    """
    del verbose
    options = Options(
        variables=parse_variables(variables),
        provider=provider,
        limit=limit,
        allow_outside=allow_outside,
    )
    files = chosen_files(jobs, changed=changed, since=since)
    chooser = chooser_for(files, options, changed=changed, since=since)
    worst = ExitCode.DONE
    for file in files:
        try:
            job = load_job_file(
                file,
                variables=options.variables,
                provider=provider,
                allow_outside=allow_outside,
                quiet=quiet,
            )
            if chooser is None or chooser.reasons(job, quiet=quiet):
                _plan(job, options, show, quiet=quiet, as_json=as_json, form=form)
        except RunnerError as error:
            if len(files) == 1:
                raise
            # One broken job does not hide the plans of the others.
            show_error(error)
            worst = max(worst, error.exit_code)
    ctx.exit(int(worst))


def _plan(
    job: Job, options: Options, show: str | None, *, quiet: bool, as_json: bool, form: str
) -> None:
    """Plan a job and print it.

    Raises:
        RunnerError: the job's data or its documents are at fault, or there is no row to show.
    """
    with edition_for(job, allow_outside=options.allow_outside) as (edition, state, warnings):
        show_warnings(warnings, quiet=quiet)
        shown = _Shown(wanted=show)
        found = survey_job(job, state, edition, options.limit, shown.watched)
    if show is not None and not shown.requests:
        raise UsageError(
            f"No row is called '{show}'",
            hint="Give a row's number, from 1, or its key as the report has it",
        )
    later = later_calls(job, found)
    plan = plan_of(job, found, later)
    if form == "github":
        from runner.cli.stepsummary import append_plan

        append_plan(plan)
    if as_json:
        show_json(plan.record(shown.requests))
        return
    _show(job, found, later, plan)
    for step, request in shown.requests.items():
        click.echo(f"\nrequest of {shown.name(step, job)}:")
        click.echo(json.dumps(request, ensure_ascii=False, indent=2))


@dataclass(slots=True)
class _Shown:
    """Picks the requests of one row out of the calls that pass."""

    wanted: str | None
    requests: dict[str, Mapping[str, JSON]] = field(default_factory=dict)
    key: str = ""
    row: int | None = None
    by_key: bool = False

    def watched(self, calls: Iterable[Call]) -> Iterator[Call]:
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
        if call.row == self.row and call.body:
            self.requests.setdefault(call.step, call.body)

    def name(self, step: str, job: Job) -> str:
        if isinstance(job.items, FoundItems) and step == job.items.step.id:
            return "the search for the rows"
        number = f"row {(self.row or 0) + 1} ({self.key})" if job.items is not None else "the job"
        return number if len(job.steps) == 1 else f"{number}, step {step}"


def _show(job: Job, found: Survey, later: Mapping[str, Later], plan: Plan) -> None:
    total = found.total
    is_local = job.provider == "local"
    rows = plural(plan.rows, "row") if plan.rows_found is None else "rows yet to be found"
    click.echo(f"{job.name}: {rows}, {plural(total.calls, 'distinct call')}")
    if plan.rows_found is not None:
        click.echo(f"rows:     found by FindAll, at most {plan.rows_found:,}")
    if total.cached:
        click.echo(f"cached:   {total.cached:,}, {_ago(found.ages)}")
    if total.attached:
        click.echo(f"bought:   {total.attached:,} in an earlier run; not bought again")
    click.echo(f"new:      {total.new:,}")
    for why, count in plan.new_because.items():
        click.echo(f"          {count:,}: {why}")
    _show_later(job, later, plan)
    click.echo(f"provider: {job.provider}")
    for step in plan.steps:
        if step["processor"] is not None and not is_local:
            name = "" if len(job.steps) == 1 else f"{step['id']}: "
            click.echo(f"          {name}{step['processor']} ({step['why']})")
    click.echo(f"price:    {_price(plan, later, verification(job, found, later))}")
    if job.budget is not None:
        click.echo(f"budget:   {dollars(job.budget)}{_room(found)}")
    shortest, longest = plan.seconds
    if longest:
        click.echo(f"time:     {duration(shortest)} to {duration(longest)}")
    click.echo(f"sent:     {_sent(job, plan)}")


def _show_later(job: Job, later: Mapping[str, Later], plan: Plan) -> None:
    for id_, each in later.items():
        name = "" if len(job.steps) == 1 else f"step '{id_}', "
        click.echo(f"later:    {name}{_calls(*each.calls)}; {_waits(plan, each)}")


def _sent(job: Job, plan: Plan) -> str:
    if job.provider == "local":
        return "nothing leaves this machine"
    if isinstance(job.items, FoundItems):
        return "no data of yours: the rows come from the web"
    return ", ".join(plan.columns_sent) or "no column of the data"


def _calls(least: int, most: int | None) -> str:
    if most is None:
        return f"{plural(least, 'call')} or more" if least else "any number of calls"
    return plural(most, "call") if least == most else f"{least:,} to {plural(most, 'call')}"


def _waits(plan: Plan, later: Later) -> str:
    """Return what a step waits for."""
    if plan.rows_found is None:
        return "it reads earlier answers"
    is_single = later.calls[1] == plan.rows_found
    return "one for each row that is found" if is_single else "for the rows that are found"


def _price(plan: Plan, later: Mapping[str, Later], pages: Decimal | None) -> str:
    shown = price_range(plan.cost_usd, plan.cost_usd_max)
    if plan.cost_usd_max is None:
        is_list = any(each.calls[1] is None for each in later.values())
        why = "a later step asks once for each entry of a list"
        return (
            f"{shown}: {why if is_list else 'a later step asks for as much as earlier ones tell'}"
        )
    if plan.cost_usd_max == plan.cost_usd:
        return shown
    why = f"up to {dollars(pages)} of it to read cited pages" if pages else "by what is found"
    return f"{shown}, {why}"


def _ago(ages: tuple[float, float] | None) -> str:
    youngest, oldest = (duration(age) for age in ages or (0.0, 0.0))
    return f"{oldest} old" if youngest == oldest else f"{youngest} to {oldest} old"


def _room(found: Survey) -> str:
    if found.fits is None:
        return ""
    if not found.fits:
        return ", which is too little for the first row"
    return f", which is enough for the first {plural(found.fits, 'row')}: --limit {found.fits}"
