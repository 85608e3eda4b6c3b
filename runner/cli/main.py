"""The `runner` command: its subcommands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

import click

from runner import __version__
from runner.cli.messages import show_defect, show_error, show_usage
from runner.cli.options import Commands
from runner.errors import ExitCode, RunnerError, StateError, reason

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# When all is done Python would once more look through everything for cycles, for nothing.
atexit.register(gc.freeze)

COMMANDS = {
    "init": ("init", "Write a job that runs at once; nothing is overwritten."),
    "import": (
        "importing",
        "Turn an enrichment config of parallel-cli into a job; nothing is overwritten.",
    ),
    "validate": ("validate", "Check job files; without PATH, every job below this folder."),
    "plan": ("plan", "Show what would run, and its price; asks nothing."),
    "run": ("run", "Run job files: write their results and reports."),
    "status": ("status", "Show each job's runs under way, or else its last one."),
    "history": (
        "history",
        "List past runs, the newest first: of one job (a name or a file), or of all.",
    ),
    "report": ("report", "Render the report again from stored outcomes; asks nothing."),
    "diff": (
        "diff",
        "Compare the last two runs, or those named: rows, values, confidence and sources.",
    ),
    "verify": (
        "verify",
        "Read the pages that the last run cites, look for each excerpt, and mark the report.",
    ),
    "cache": ("cache", "List, prune or clear stored answers."),
    "serve": ("serve", "Answer over HTTP as the Parallel API does, from documents."),
    "webhook": ("webhook", "Hear that runs are over, and finish jobs that wait."),
    "schema": (
        "schema",
        "Print the JSON Schema of job files, of files they extend, or of runner.yaml.",
    ),
    "reference": (
        "reference",
        "Print a page of the reference: guide, language, commands or errors.",
    ),
    "completion": ("completion", "Print the script that lets a shell complete `runner`."),
}
"""The module of each command and what it does, in the order one uses them."""

_KEPT = "What was answered is kept; run again to go on."
_UNTOUCHED = "Nothing was asked, and no file was changed."
INTERRUPTED = {
    "init": "Nothing was written.",
    "import": "Nothing was written.",
    "validate": _UNTOUCHED,
    "plan": _UNTOUCHED,
    "run": _KEPT,
    "status": _UNTOUCHED,
    "history": _UNTOUCHED,
    "report": "The report is whole: the new one, or the one before.",
    "diff": _UNTOUCHED,
    "verify": _KEPT,
    "cache": "What is still stored can be used; try again.",
}
"""What becomes of a command that is interrupted, where there is something to be said."""


class Runner(Commands):
    """Loads a subcommand when it is asked for, and turns errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order one uses them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(f"runner.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without loading them."""
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        names = [
            CompletionItem(name, help=said)
            for name, (_, said) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *options]

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit; wrong usage and interrupts end here."""
        kwargs["standalone_mode"] = False
        # Commands make very many small values that live long: looking through them for cycles
        # again and again would take a fifth of the time of a run.
        gc.set_threshold(100_000, 50, 100)
        with _patient_streams():
            try:
                code = super().main(*args, **kwargs) or ExitCode.DONE
            except click.UsageError as error:
                show_usage(error)
                code = ExitCode.USAGE
            except click.Abort:  # before the command began, or after its end
                click.echo("Interrupted.", err=True)
                code = ExitCode.INTERRUPTED
        sys.exit(int(code))

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; its errors end here."""
        try:
            super().invoke(ctx)
        except RunnerError as error:
            show_error(error)
            ctx.exit(int(error.exit_code))
        except (KeyboardInterrupt, click.Abort):
            click.echo(f"\nInterrupted. {INTERRUPTED.get(_named(ctx), '')}".rstrip(), err=True)
            ctx.exit(int(ExitCode.INTERRUPTED))
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - no traceback may reach a user
            show_defect(error, is_run=INTERRUPTED.get(_named(ctx)) == _KEPT)
            ctx.exit(int(ExitCode.PROVIDER))


def _named(ctx: click.Context) -> str:
    """Return the name of the command that was called."""
    return ctx.invoked_subcommand or ""


class _PatientStream:
    """An output whose reader may leave (`| head -1`): the rest goes nowhere, without an error.

    The command goes on to its end, writes its files, and its exit code stays true.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._refused: StateError | None = None

    def write(self, text: str) -> int:
        with self._patience():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._patience():
            self._stream.flush()

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        if self._refused is not None:
            raise self._refused
        try:
            yield
        except OSError as error:
            # What is still buffered is written again at exit: there must be someone to take it.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):
                self._refused = StateError(f"The output cannot be written: {reason(error)}")
                raise self._refused from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _patient_streams() -> Iterator[None]:
    """Let stdout and stderr outlive their readers, and print what a terminal cannot show."""
    with (
        contextlib.redirect_stdout(_patient(sys.stdout)),
        contextlib.redirect_stderr(_patient(sys.stderr)),
    ):
        yield


def _patient(stream: TextIO | None) -> TextIO | None:
    if isinstance(stream, io.TextIOWrapper):
        # Nothing is ASCII any more; click would write around us, in UTF-8.
        ascii_only = codecs.lookup(stream.encoding).name == "ascii"
        stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    # A stream that the caller has closed is None, and click then prints nothing.
    return None if stream is None else cast("TextIO", _PatientStream(stream))


@click.group(cls=Runner, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runner")
def main() -> None:
    """Turn YAML job files into cited markdown reports."""
