"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.cli.messages import FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])


def job_argument(command: Command) -> Command:
    """Take one job file."""
    return click.argument("job", metavar="JOB", type=click.Path(path_type=Path))(command)


def job_options(command: Command) -> Command:
    """Change a job from the command line."""
    for option in (
        click.option(
            "--allow-outside",
            is_flag=True,
            help="Let the job read and write outside its project folder.",
        ),
        click.option("--limit", type=click.IntRange(min=1), help="Only the first N rows."),
        click.option("--provider", metavar="NAME", help="Ask this provider: parallel or local."),
        click.option(
            "--var",
            "variables",
            metavar="K=V",
            multiple=True,
            help="Set a variable of the job; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def talk_options(command: Command) -> Command:
    """Say more or less."""
    for option in (
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            default="text",
            help="How problems are printed.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    ):
        command = option(command)
    return command


def parse_variables(variables: tuple[str, ...]) -> dict[str, str]:
    """Return `K=V` texts as a mapping.

    Raises:
        click.BadParameter: one has no `=`.
    """
    parsed = {}
    for text in variables:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise click.BadParameter(
                f"'{text}' is not of the form NAME=VALUE, e.g. --var year=2025",
                param_hint="--var",
            )
        parsed[name.strip()] = value
    return parsed
