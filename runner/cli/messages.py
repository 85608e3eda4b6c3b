"""What every command says the same way: errors, problems, counts and money."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal

import click

from runner.errors import RunnerError
from runner.job.diagnostics import JobProblemsError, Problem, as_dict, render
from runner.jsonvalue import JSON
from runner.templating import TemplateError

FORMATS = ("text", "json", "github")


def show_error(error: RunnerError) -> None:
    """Print an error and its hint to stderr."""
    if isinstance(error, JobProblemsError):
        show_problems(error.problems, "text")
        return
    place = ""
    if isinstance(error, TemplateError) and error.file is not None:
        place = f"{error.file}:{error.line}:{error.column}: "
    label = click.style("error:", fg="red", bold=True)
    click.echo(f"{place}{label} {error.message}", err=True)
    if error.hint:
        click.echo(f"  hint: {error.hint}", err=True)


def show_defect(error: Exception) -> None:
    """Print that runner itself is at fault; the traceback goes to a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="runner-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.writelines(traceback.format_exception(error))
    click.echo(
        f"error: runner made a mistake ({type(error).__name__}: {str(error)[:200]})\n"
        f"  hint: What was answered is kept. Please report this with {log.name}",
        err=True,
    )


def show_problems(problems: Iterable[Problem], form: str) -> None:
    """Print problems: text to stderr; json and github (workflow annotations) to stdout."""
    found = list(problems)
    match form:
        case "json":
            show_json([as_dict(problem) for problem in found])
        case "github":
            for problem in found:
                click.echo(_annotation(problem))
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
        click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {warning}", err=True)


def plural(count: int, noun: str) -> str:
    """Return `1 row`, `2 rows`, `2 queries`."""
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else many}"


def dollars(amount: Decimal) -> str:
    """Return an amount as `$0.05`, with as many decimals as it needs and two at least."""
    text = f"{amount.normalize():f}"
    decimals = max(2, len(text.partition(".")[2]))
    return f"${amount:,.{decimals}f}"


def _count(problems: list[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    parts = []
    if errors:
        parts.append(plural(errors, "error"))
    if len(problems) > errors:
        parts.append(plural(len(problems) - errors, "warning"))
    return ", ".join(parts)


def _annotation(problem: Problem) -> str:
    """Return a problem as a GitHub workflow command."""
    place: Mapping[str, object] = {
        "file": problem.file,
        "line": problem.line,
        "col": problem.column,
    }
    properties = ",".join(
        f"{name}={_escaped(str(value), inside=True)}" for name, value in place.items() if value
    )
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return f"::{problem.severity} {properties}::{_escaped(text, inside=False)}"


def _escaped(text: str, *, inside: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if inside else text


def _plain(value: object) -> JSON:
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
