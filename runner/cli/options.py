"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.cli.completion import complete_provider
from runner.cli.messages import FORM, FORMATS
from runner.errors import UsageError
from runner.job.durations import parse_money
from runner.jsonvalue import JSON

_FILES = "runner.vars"
"""Where the files of variables are kept in the context of a command."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """A group of commands that answers a misspelled one with a suggestion."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command.

        Raises:
            UsageError: there is none of that name.
        """
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not ctx.resilient_parsing:  # which completes words in a shell
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            raise UsageError(
                f"There is no command '{ctx.command_path} {name}'",
                hint=f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}",
            )
        return super().resolve_command(ctx, args)


def job_argument(command: Command) -> Command:
    """Take one job file."""
    return click.argument("job", metavar="JOB", type=click.Path(path_type=Path))(command)


def job_options(command: Command) -> Command:
    """Change a job from the command line, and which of its rows are asked for."""
    limit = click.option(
        "--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N rows."
    )
    return load_options(limit(command))


def changed_options(command: Command) -> Command:
    """Take only the jobs that changed."""
    since = click.option(
        "--since", metavar="COMMIT", help="Only jobs whose files git sees changed since a commit."
    )
    changed = click.option(
        "--changed", is_flag=True, help="Only jobs that changed since their last run; says why."
    )
    return changed(since(command))


def load_options(command: Command) -> Command:
    """Change a job from the command line."""
    for option in (
        click.option(
            "--allow-outside",
            is_flag=True,
            help="Let the job read and write outside its project folder.",
        ),
        click.option(
            "--provider",
            metavar="NAME",
            shell_complete=complete_provider,
            help="Ask this provider: parallel or local.",
        ),
        click.option(
            "--vars",
            metavar="FILE",
            type=click.Path(path_type=Path),
            multiple=True,
            callback=_remember_files,
            expose_value=False,
            help="Set variables from a yaml or json file; may be repeated; --var goes first.",
        ),
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


def talk_options(command: Command, *, formats: tuple[str, ...] = FORMATS) -> Command:
    """Say more or less."""
    for option in (
        click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            default="text",
            show_default=True,
            callback=_remember_form,
            help="How problems are printed.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    ):
        command = option(command)
    return command


def _remember_files(ctx: click.Context, _option: click.Parameter, files: tuple[Path, ...]) -> None:
    """Keep the files of variables for `parse_variables`, which every command calls."""
    ctx.meta[_FILES] = files


def _remember_form(ctx: click.Context, _option: click.Parameter, form: str) -> str:
    """Keep the format where an error that ends the command finds it."""
    ctx.meta[FORM] = form
    return form


def parse_variables(variables: tuple[str, ...]) -> dict[str, JSON]:
    """Return the variables of `--vars`, the last file over the first, and over them `K=V` texts.

    Raises:
        click.BadParameter: one has no `=`.
        JobProblemsError: a file holds no variables.
    """
    from runner.job.variables import Given, read_values

    parsed = Given()
    for file in click.get_current_context().meta.get(_FILES, ()):
        read_values(file, parsed)
    for text in variables:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise click.BadParameter(
                f"'{text}' is not of the form NAME=VALUE, e.g. --var year=2025",
                param_hint="--var",
            )
        parsed[name.strip()] = value
        parsed.sources.pop(name.strip(), None)
    return parsed


def parse_max_cost(text: str | None) -> Decimal | None:
    """Return what `--max-cost` allows, in USD; None where it is not given.

    Raises:
        click.BadParameter: it is no amount.
    """
    if text is None:
        return None
    amount = parse_money(text)
    if amount is None:
        raise click.BadParameter(
            f"'{text}' is no amount in USD, e.g. --max-cost 2.50", param_hint="--max-cost"
        )
    return amount
