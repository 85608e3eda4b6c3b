"""`runner run`: job files become reports and results files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from runner.cli.changed import chooser_for, chosen_files
from runner.cli.course import Options
from runner.cli.gates import show_failures
from runner.cli.junit import junit_file
from runner.cli.messages import dollars, plural, show_error, show_json, shown_path
from runner.cli.options import (
    changed_options,
    job_options,
    parse_max_cost,
    parse_variables,
    talk_options,
)
from runner.cli.running import load_for, run_job
from runner.cli.summary import Summary, unchanged_record
from runner.errors import ExitCode, RunnerError
from runner.execute.outcomes import Status
from runner.job.model import Job
from runner.report.render import is_html

GLIMPSE_LINES = 16


@click.command("run")
@click.argument("jobs", metavar="JOB...", nargs=-1, type=click.Path(path_type=Path))
@job_options
@changed_options
@talk_options
@click.option("--refresh", is_flag=True, help="Ask again, whatever the cache holds.")
@click.option("--offline", is_flag=True, help="Use the cache only; ask nothing.")
@click.option("--max-cost", metavar="USD", help="Commit to no more than this.")
@click.option("--no-wait", is_flag=True, help="Submit and leave; a later run picks it up.")
@click.option("--no-buy", is_flag=True, help="Use what is stored or on its way; buy nothing.")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="Write report and results here."
)
@click.option(
    "--log-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Append JSON lines about each request and outcome.",
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write JUnit XML: a test case a row, and one a row and check.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
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
    refresh: bool,
    offline: bool,
    max_cost: str | None,
    no_wait: bool,
    no_buy: bool,
    out: Path | None,
    log_file: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Run job files: write their results and reports.

    With --changed or --since a JOB may be a folder; without any, it is every job below this one.
    """
    options = Options(
        variables=parse_variables(variables),
        provider=provider,
        limit=limit,
        refresh=refresh,
        offline=offline,
        max_cost=parse_max_cost(max_cost),
        wait=not no_wait,
        buy=not no_buy,
        out=out,
        allow_outside=allow_outside,
        log_file=log_file,
        quiet=quiet,
        verbose=verbose,
    )
    files = chosen_files(jobs, changed=changed, since=since)
    chooser = chooser_for(
        files,
        changed=changed,
        since=since,
        allow_outside=allow_outside,
        limit=limit,
        options=options.inputs,
    )
    say = _Saying(form=form, quiet=quiet, as_json=as_json)
    worst = ExitCode.DONE
    alone = None
    with junit_file(junit) as suites:
        for file in files:
            try:
                job = load_for(file, options)
                because = None if chooser is None else chooser.reasons(job, quiet=quiet)
                if because is not None and not because:
                    say.unchanged(job)
                    continue
                with suites.suite(job.name) as suite:
                    summary = run_job(job, options, suite)
                    suites.add(suite, summary)
            except RunnerError as error:
                suites.add_error(file, error)
                worst = max(worst, error.exit_code)
                if len(files) == 1:
                    alone = error
                else:
                    # One broken job does not stop the others.
                    show_error(error)
                continue
            say.ended(summary, because)
            worst = max(worst, summary.exit_code)
    if alone is not None:
        raise alone
    ctx.exit(int(worst))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saying:
    """Says how runs ended, as the command line asks."""

    form: str
    quiet: bool
    as_json: bool

    def unchanged(self, job: Job) -> None:
        if self.as_json:
            show_json({**unchanged_record(job), "because": []})

    def ended(self, summary: Summary, because: list[str] | None) -> None:
        # As JSON is printed already, another kind of JSON beside it would be in the way.
        form = "text" if self.as_json and self.form == "json" else self.form
        show_failures(summary.checks, form, quiet=self.quiet, rows=summary.bad)
        if self.form == "github":
            from runner.cli.stepsummary import append_outcome

            append_outcome(summary)
        if self.as_json:
            show_json(summary.record() | ({} if because is None else {"because": because}))
        elif not self.quiet:
            _show(summary)


def _show(summary: Summary) -> None:
    tally = summary.tally
    parts = [f"{tally.statuses['ok']:,} ok"]
    bad: tuple[Status, ...] = ("failed", "invalid", "pending", "skipped")
    parts += [f"{tally.statuses[each]:,} {each}" for each in bad if tally.statuses[each]]
    if tally.sources["cached"]:
        parts.append(f"{tally.sources['cached']:,} from the cache")
    if tally.sources["attached"]:
        parts.append(f"{tally.sources['attached']:,} bought earlier")
    if summary.cost_usd:
        parts.append(dollars(summary.cost_usd))
    click.echo(f"{summary.job}: {', '.join(parts)} in {summary.seconds:.1f} s", err=True)
    if tally.statuses["pending"]:
        click.echo("Run again to pick up what is pending; nothing is bought twice.", err=True)
    if summary.stopped_by_budget:
        click.echo("The budget stopped the run; what was bought is kept.", err=True)
    if summary.report is None:
        click.echo("Nothing is answered yet: results and report were left as they were.", err=True)
        return
    if summary.results is not None:
        click.echo(f"results: {shown_path(summary.results)}")
    click.echo(f"report:  {shown_path(summary.report)}")
    if not is_html(summary.report):
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
