"""`runner validate`: every problem in every job, with its place and a hint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.messages import FORMATS, show_error, show_problems, shown_path
from runner.cli.options import load_options, parse_variables, talk_options
from runner.course.words import plural
from runner.errors import ExitCode, RunnerError, TemplateError, UsageError
from runner.job.diagnostics import JobProblemsError, Problem, has_errors, ordered
from runner.job.load import job_files, load
from runner.job.project import find_root
from runner.job.rules.together import Writers
from runner.job.shelf import Shelf
from runner.job.text.lines import Lines, Position
from runner.jsonvalue import JSON

if TYPE_CHECKING:
    from watchfiles import Change

_READ = {
    *(".yaml", ".yml", ".json", ".j2"),
    *(".jsonl", ".csv", ".tsv", ".parquet", ".xlsx"),
    *(".md", ".markdown", ".txt", ".text", ".html", ".htm", ".pdf"),
}
"""How the files end that jobs are made of."""

_FEW = 3
_PAUSE = 200
"""How long the first check waits for the watcher, in milliseconds."""


@click.command("validate")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@load_options
@partial(talk_options, formats=(*FORMATS, "sarif"))
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved, until Ctrl-C.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    variables: tuple[str, ...],
    form: str,
    *,
    provider: str | None,
    allow_outside: bool,
    verbose: bool,
    quiet: bool,
    watch: bool,
) -> None:
    """Check job files; without PATH, every job below this folder."""

    def check() -> bool:
        """Check and print everything; return whether all of it is right."""
        given = parse_variables(variables)
        files = list(job_files(paths or (Path(),)))
        if not files:
            folders = ", ".join(map(str, paths)) or "this folder"
            raise UsageError(f"There is no job file below {folders}", hint="Make one: runner init")
        shelf, writers = Shelf(), Writers()
        problems: list[Problem] = []
        for file in files:
            found = _problems(file, given, provider, shelf, writers, allow_outside=allow_outside)
            problems += [each for each in found if each.severity == "error" or not quiet]
            if verbose and not found:
                click.echo(f"{file}: no problem", err=True)
        show_problems(ordered(problems), form)
        if has_errors(problems):
            return False
        if form == "text" and not quiet:
            click.echo(f"{plural(len(files), 'job')} checked, no error found")
        return True

    if watch:
        _check_on_save(check, paths or (Path(),), quiet=quiet)
        ctx.exit(int(ExitCode.INTERRUPTED))
    if not check():
        ctx.exit(int(ExitCode.USAGE))


def _problems(
    file: Path,
    given: Mapping[str, JSON],
    provider: str | None,
    shelf: Shelf,
    writers: Writers,
    *,
    allow_outside: bool,
) -> tuple[Problem, ...]:
    """Return the problems of one file; a variable that does not fit it is one, too."""
    try:
        loaded = load(
            file, variables=given, provider=provider, allow_outside=allow_outside, shelf=shelf
        )
    except JobProblemsError as error:  # a value in a file of variables
        return error.problems
    except UsageError as error:
        shown = shown_path(Path.cwd() / file)
        return (Problem(file=shown, line=0, column=0, message=error.message, hint=error.hint),)
    found = (*loaded.problems, *_template_problems(file, loaded.template))
    return found if loaded.job is None else (*found, *writers.clashes(loaded.job))


def _template_problems(file: Path, name: str | None) -> Iterator[Problem]:
    """Yield why the report template that a job names cannot be read."""
    if name is None:
        return
    from runner.report.render import check_own_template

    folder = (Path.cwd() / file).parent
    try:
        check_own_template(folder, name)
    except TemplateError as error:
        path = Path(error.file or folder / name)
        with suppress(OSError):
            lines = Lines(path.read_text(encoding="utf-8", errors="replace"))
            place = Position(line=error.line, column=error.column, width=error.width)
            message, hint = error.message, error.hint or ""
            yield replace(
                lines.problem(
                    shown_path(path),
                    place,
                    message[:1].lower() + message[1:],
                    hint=hint[:1].lower() + hint[1:] or None,
                ),
                kind="template",
            )


def _check_on_save(check: Callable[[], bool], paths: Iterable[Path], *, quiet: bool) -> None:
    """Check now and after each change of a file, until Ctrl-C; what goes wrong is only told.

    Raises:
        UsageError: there is nothing to watch, or the system cannot watch it.
    """
    from watchfiles import watch

    def tell() -> None:
        try:
            check()
        except RunnerError as error:
            show_error(error)
        if not quiet:
            click.echo("watching; Ctrl-C ends it", err=True)

    roots = {find_root(_folder(path)) for path in paths}
    is_told = False
    try:
        # It first yields when it watches: what is saved during the first check is seen.
        for changes in watch(
            *roots, watch_filter=_filter(), rust_timeout=_PAUSE, yield_on_timeout=True
        ):
            if changes and not quiet:
                names = sorted({shown_path(Path(name)) for _, name in changes})
                click.echo(f"\n{', '.join(names[:_FEW])} changed", err=True)
            if changes or not is_told:
                is_told = True
                tell()
    except KeyboardInterrupt:
        return
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"The folder cannot be watched: {error}", hint="Check once, without --watch"
        ) from error


def _filter() -> Callable[[Change, str], bool]:
    """Return what lets through what jobs are made of; not the caches of tools, nor our own."""
    from watchfiles import Change, DefaultFilter

    class Saved(DefaultFilter):
        ignore_dirs = (*DefaultFilter.ignore_dirs, ".runner")

        def __call__(self, change: Change, path: str) -> bool:
            file = Path(path)
            is_read = file.suffix.lower() in _READ or is_folder(change, file)
            return is_read and super().__call__(change, path)

    def is_folder(change: Change, path: Path) -> bool:
        """Return whether a folder came or, as far as its name tells, went, with all in it."""
        if change is not Change.deleted:
            return path.is_dir()
        # Editors make such files for a moment: vim one that is called 4913.
        return not path.suffix and not path.name.isdigit() and not path.name.startswith(".")

    return Saved()


def _folder(path: Path) -> Path:
    """Return the folder of a path, absolute."""
    absolute = Path.cwd() / path
    return absolute if absolute.is_dir() else absolute.parent
