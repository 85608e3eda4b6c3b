"""`runner reference`: the pages on the language, the commands and the errors, offline."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.messages import shown_path
from runner.errors import UsageError, reason
from runner.reference.pages import PAGES, Writer, filled, page_text, section, shown, without_links

if TYPE_CHECKING:
    from runner.reference.commands import Command, Option


_WIDEST = 110
"""Columns of a terminal; longer lines are hard to read."""


@click.command("reference")
@click.argument("page", metavar=f"[{'|'.join(PAGES)}]", type=click.Choice(PAGES), required=False)
@click.argument("part", metavar="[PART]", required=False)
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write all pages into this folder, filled in anew.",
)
def command(page: str | None, part: str | None, folder: Path | None) -> None:
    """Print a page of the reference: guide, language, commands or errors.

    PART is a heading of the page, such as a key of a job, or a command: `runner reference language
    items`. On a terminal it is shown page by page, elsewhere it is printed as markdown.
    """
    if folder is not None:
        _write(folder)
    elif page is not None:
        text = shown(page_text(page))
        _show(text if part is None else section(text, part))
    else:
        for name in PAGES:
            title = page_text(name).partition("\n")[0].lstrip("# ")
            click.echo(f"runner reference {name:<10} {title}")


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(_WIDEST, Console().width))
    with console.capture() as laid_out:
        console.print(Markdown(without_links(text)))
    click.echo_via_pager(laid_out.get())


def _write(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in written_pages().items():
            file = folder / f"{name}.md"
            file.write_text(text, encoding="utf-8")
            click.echo(shown_path(file))
    except OSError as error:
        raise UsageError(
            f"{shown_path(folder)} cannot be written: {reason(error)}", hint="Choose another --to"
        ) from error


def written_pages() -> Mapping[str, str]:
    """Return every page, its parts filled in from the code as it is now."""
    writers = _writers()
    return {name: filled(page_text(name), writers) for name in PAGES}


def _writers() -> Mapping[str, Writer]:
    from runner.reference import commands, errors, language, tables

    known = list(described_commands())
    parts: Mapping[str, Callable[[], str]] = {
        "exits": errors.describe_exits,
        "refusals": errors.describe_refusals,
        "rules": errors.describe_rules,
        "kinds": errors.describe_kinds,
        "overview": partial(commands.describe_overview, known),
        "shared": partial(commands.describe_shared, known),
        "processors": tables.describe_processors,
        "prices": tables.describe_prices,
        "filters": tables.describe_filters,
        "faults": tables.describe_faults,
    }

    def part(name: str, _named: frozenset[str]) -> str:
        return parts[name]()

    return {
        "key": language.describe_key,
        "project": language.describe_project,
        "command": partial(commands.describe_command, commands=known),
        "part": part,
    }


def described_commands() -> Iterator[Command]:
    """Yield every command of `runner`, those of a group after the group."""
    from runner.cli.main import main

    context = click.Context(main, info_name="runner")
    for name in main.list_commands(context):
        found = main.get_command(context, name)
        if found is not None and not found.hidden:
            yield from _described(found, click.Context(found, context, info_name=name), name)


def _described(found: click.Command, context: click.Context, name: str) -> Iterator[Command]:
    from runner.reference.commands import Command

    options = tuple(_options(found, context))
    yield Command(
        name=name,
        usage=_usage(found, context, options),
        help=_help(found.help or ""),
        options=options,
    )
    if isinstance(found, click.Group):
        for below, inner in sorted(found.commands.items()):
            inside = click.Context(inner, context, info_name=below)
            yield from _described(inner, inside, f"{name} {below}")


def _usage(found: click.Command, context: click.Context, options: Sequence[Option]) -> str:
    """Return how a command is typed; the options that only ask for help go without saying."""
    pieces = found.collect_usage_pieces(context)
    shown = pieces if options else [piece for piece in pieces if piece != "[OPTIONS]"]
    return " ".join((context.command_path, *shown))


def _options(found: click.Command, context: click.Context) -> Iterator[Option]:
    from runner.reference.commands import Option

    for parameter in found.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record is not None:
            names, does = record
            does = re.sub(r" *\[(.+)\]$", r" (\1)", does).strip().removesuffix(".")
            yield Option(names=names, does=re.sub(r"\. \(", " (", does))


def _help(text: str) -> str:
    r"""Return the help of a command; a paragraph after `\b` keeps its lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        f"```\n{paragraph.removeprefix(chr(8)).strip()}\n```"
        if paragraph.startswith("\b")
        else paragraph
        for paragraph in paragraphs
    )
