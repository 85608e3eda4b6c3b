"""The `runner` command: its subcommands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from runner import __version__
from runner.cli.messages import show_defect, show_error
from runner.errors import ExitCode, RunnerError

COMMANDS = {
    "cache": "runner.cli.cache",
    "init": "runner.cli.init",
    "plan": "runner.cli.plan",
    "report": "runner.cli.report",
    "run": "runner.cli.run",
    "schema": "runner.cli.schema",
    "validate": "runner.cli.validate",
}
ORDER = ("init", "validate", "plan", "run", "report", "cache", "schema")


class Runner(click.Group):
    """Loads a subcommand when it is asked for, and turns errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order one uses them."""
        del ctx
        return list(ORDER)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelled one gets a suggestion."""
        import difflib

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], ORDER, n=1)
            if near:
                error.message += f" Did you mean '{near[0]}'?"
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; every error ends here."""
        try:
            return super().invoke(ctx)
        except RunnerError as error:
            show_error(error)
            ctx.exit(int(error.exit_code))
        except KeyboardInterrupt:
            click.echo("Interrupted. What was answered is kept; run again to go on.", err=True)
            ctx.exit(int(ExitCode.INTERRUPTED))
        except BrokenPipeError:
            # The reader of our output has gone; there is no one left to tell.
            sys.stderr.close()
            ctx.exit(int(ExitCode.DONE))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - no traceback may reach a user
            show_defect(error)
            ctx.exit(int(ExitCode.PROVIDER))


@click.group(cls=Runner, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runner")
def main() -> None:
    """Turn YAML job files into cited markdown reports."""


if __name__ == "__main__":
    main()
