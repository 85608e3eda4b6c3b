"""What every command says the same way: errors, problems, counts and money."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import click

from runner.course.words import plural
from runner.errors import RunnerError, TemplateError
from runner.job.diagnostics import JobProblemsError, Problem, as_dict, render
from runner.jsonvalue import JSON

FORMATS = ("text", "json", "github")

FORM = "runner.form"
"""Where the chosen one of `FORMATS` is kept in the context of a command."""


def show_error(error: RunnerError) -> None:
    """Print an error and its hint the way `--format` asks, by default as text to stderr."""
    context = click.get_current_context(silent=True)
    form = "text" if context is None else context.meta.get(FORM, "text")
    if isinstance(error, JobProblemsError):
        show_problems(error.problems, form)
        return
    file, line, column = "", 0, 0
    if isinstance(error, TemplateError) and error.file is not None:
        file, line, column = shown_path(Path(error.file)), error.line, error.column
    if form == "text":
        _show_error(error.message, error.hint, f"{file}:{line}:{column}: " if file else "")
        return
    problem = Problem(file=file, line=line, column=column, message=error.message, hint=error.hint)
    show_problems([problem], form)


def show_usage(error: click.UsageError) -> None:
    """Print what is wrong with a command line, and where to look it up."""
    if error.message.startswith("Usage: "):  # a group alone prints its help
        click.echo(error.message, err=True)
        return
    message = " ".join(error.format_message().split())
    hint = "See `runner --help`" if error.ctx is None else f"See `{error.ctx.command_path} --help`"
    if isinstance(error, click.NoSuchOption):
        message = f"There is no option '{error.option_name}'"
        if error.possibilities:
            hint = f"Did you mean {' or '.join(error.possibilities)}?"
    _show_error(message.rstrip("."), hint)


def _show_error(message: str, hint: str | None, place: str = "") -> None:
    click.echo(f"{place}{_label('error:', 'red')} {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)


def _label(word: str, colour: str) -> str:
    return word if os.environ.get("NO_COLOR") else click.style(word, fg=colour, bold=True)


def show_defect(error: Exception, *, is_run: bool) -> None:
    """Print that runner itself is at fault; the traceback goes to a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="runner-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.writelines(traceback.format_exception(error))
    _show_error(
        f"runner made a mistake ({type(error).__name__}: {str(error)[:200]})",
        f"{'What was answered is kept. ' if is_run else ''}Please report this with {log.name}",
    )


def show_problems(problems: Iterable[Problem], form: str) -> None:
    """Print problems: text to stderr; json, github (workflow annotations) and sarif to stdout."""
    found = list(problems)
    match form:
        case "json":
            show_json([as_dict(problem) for problem in found])
        case "github":
            from runner.cli.annotations import workflow_commands

            # GitHub reads both streams; stdout is for JSON where that is asked for.
            context = click.get_current_context(silent=True)
            is_json = context is not None and bool(context.params.get("as_json"))
            for line in workflow_commands(found):
                click.echo(line, err=is_json)
        case "sarif":
            from runner.cli.sarif import sarif_log

            show_json(sarif_log(found))
        case _:
            for problem in found:
                click.echo(render(problem), err=True)
            if found:
                click.echo(_count(found), err=True)


def show_json(value: JSON) -> None:
    """Print a JSON value to stdout, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def show_warnings(warnings: Iterable[str], *, quiet: bool) -> None:
    """Print warnings to stderr."""
    if quiet:
        return
    for warning in warnings:
        click.echo(f"{_label('warning:', 'yellow')} {warning}", err=True)


def shown_path(path: Path) -> str:
    """Return a path the way the user would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def typed_path(path: Path) -> str:
    """Return a path as it stands in a command that the user may copy into a shell."""
    shown = shown_path(path)
    return shlex.quote(f"./{shown}" if shown.startswith("-") else shown)


def _count(problems: list[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    parts = []
    if errors:
        parts.append(plural(errors, "error"))
    if len(problems) > errors:
        parts.append(plural(len(problems) - errors, "warning"))
    return ", ".join(parts)


def _plain(value: object) -> JSON:
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
