"""`runner validate`: every problem in every job, with its place and a hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from runner.cli.messages import plural, show_problems
from runner.cli.options import talk_options
from runner.errors import ExitCode, UsageError
from runner.job.diagnostics import Problem, ordered
from runner.job.load import find_jobs, load
from runner.job.shelf import Shelf


@click.command("validate")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@talk_options
@click.option("--allow-outside", is_flag=True, help="Accept paths outside the project folder.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    form: str,
    *,
    verbose: bool,
    quiet: bool,
    allow_outside: bool,
) -> None:
    """Check job files; without PATH, every job below this folder."""
    files = list(_files(paths or (Path(),)))
    if not files:
        folders = ", ".join(map(str, paths)) or "this folder"
        raise UsageError(f"There is no job file below {folders}", hint="Make one: runner init")
    shelf = Shelf()
    problems: list[Problem] = []
    for file in files:
        found = load(file, allow_outside=allow_outside, shelf=shelf).problems
        problems += [each for each in found if each.severity == "error" or not quiet]
        if verbose and not found:
            click.echo(f"{file}: no problem", err=True)
    show_problems(ordered(problems), form)
    if any(problem.severity == "error" for problem in problems):
        ctx.exit(int(ExitCode.USAGE))
    if form == "text" and not quiet:
        click.echo(f"{plural(len(files), 'job')} checked, no error found")


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from find_jobs(path)
        else:
            yield path
