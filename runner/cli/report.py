"""`runner report`: render a job's report again from its stored outcomes, offline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from runner.cli.messages import shown_path
from runner.cli.options import job_argument, load_options, parse_variables, talk_options
from runner.cli.past import changes_since, last_run
from runner.cli.stages import load_runnable, state_for
from runner.execute.state import write_whole
from runner.execute.stored import read_outcomes
from runner.report.render import render_report


@click.command("report")
@job_argument
@load_options
@talk_options
@click.option("--template", metavar="NAME", help="Try another template; prints, writes nothing.")
@click.option(
    "--to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write it here: markdown, or a page where FILE ends in .html.",
)
def command(
    job: Path,
    variables: tuple[str, ...],
    provider: str | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    template: str | None,
    to: Path | None,
) -> None:
    """Render the report again from stored outcomes; asks nothing."""
    del form, verbose
    loaded = load_runnable(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
    )
    state = state_for(loaded)
    outcomes = tuple(read_outcomes(state.outcomes(loaded.name)))
    run = last_run(state, loaded.name)
    date = None if run is None else run.date
    changes = changes_since(state, loaded.name, run)
    if template is not None:
        loaded = replace(loaded, report=replace(loaded.report, template=template))
    if to is not None:
        loaded = replace(loaded, report=replace(loaded.report, path=Path.cwd() / to))
    if template is not None and to is None:
        click.echo(render_report(loaded, outcomes, date=date, changes=changes), nl=False)
        return
    write_whole(loaded.report.path, [render_report(loaded, outcomes, date=date, changes=changes)])
    if not quiet:
        click.echo(f"report:  {shown_path(loaded.report.path)}")
