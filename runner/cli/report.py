"""`runner report`: render a job's report again from its stored outcomes, offline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from runner.cli.completion import complete_template
from runner.cli.loading import load_job_file
from runner.cli.messages import shown_path
from runner.cli.options import job_argument, load_options, parse_variables, talk_options
from runner.course.past import stored_report
from runner.course.stages import state_for
from runner.errors import UsageError
from runner.execute.state import write_whole
from runner.job.rules.files import no_report
from runner.report.render import render_report


@click.command("report")
@job_argument
@load_options
@talk_options
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=complete_template,
    help="Try another template; prints, writes nothing.",
)
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
    if to is not None and (fault := no_report(to)):
        raise UsageError(f"{fault[0][0].upper()}{fault[0][1:]}", hint=fault[1])
    loaded = load_job_file(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
    )
    if template is not None:
        loaded = replace(loaded, report=replace(loaded.report, template=template))
    digest, changes = stored_report(state_for(loaded), loaded)
    if to is not None:
        loaded = replace(loaded, report=replace(loaded.report, path=Path.cwd() / to))
    if template is not None and to is None:
        click.echo(render_report(loaded, digest, changes=changes), nl=False)
        return
    write_whole(loaded.report.path, [render_report(loaded, digest, changes=changes)])
    if not quiet:
        click.echo(f"report:  {shown_path(loaded.report.path)}")
