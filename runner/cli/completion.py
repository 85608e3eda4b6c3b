"""`runner completion`: what a shell needs to complete commands, options and values."""

from __future__ import annotations

import os
from pathlib import Path

import click

from runner.errors import RunnerError

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", metavar="|".join(SHELLS), type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete `runner`.

    \b
    bash: runner completion bash > ~/.local/share/bash-completion/completions/runner
    zsh:  runner completion zsh > ~/.zfunc/_runner
          (with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc)
    fish: runner completion fish > ~/.config/fish/completions/runner.fish
    """  # noqa: D301 - click wants the character itself
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"There is no completion for {shell}")
    # `source` would also start the shell to learn its version; the template alone is the script.
    maker = complete(ctx.find_root().command, {}, "runner", "_RUNNER_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())


def complete_provider(_ctx: click.Context, _option: click.Parameter, start: str) -> list[str]:
    """Return the providers that begin so."""
    from runner.plugins import PROVIDERS, plugin_names

    known = ("parallel", "local", *plugin_names(PROVIDERS))
    return [name for name in known if name.startswith(start)]


def complete_template(_ctx: click.Context, _option: click.Parameter, start: str) -> list[str]:
    """Return the built-in templates that begin so."""
    from runner.job.model import REPORT_TEMPLATES

    return [name for name in REPORT_TEMPLATES if name.startswith(start)]


def complete_run(ctx: click.Context, _argument: click.Parameter, start: str) -> list[str]:
    """Return the kept runs of the job on the command line that begin so, the newest first."""
    from runner.execute.kept import kept_runs
    from runner.execute.state import state_of
    from runner.job.load import load_job

    try:
        job = load_job(Path(ctx.params["job"]))
        runs = kept_runs(state_of(job, os.environ, Path.cwd()), job.name)
    except (RunnerError, OSError, KeyError, TypeError):
        return []  # A shell wants names, or none; what is wrong is told by the command itself.
    return [run.id for run in runs if run.id.startswith(start)]
