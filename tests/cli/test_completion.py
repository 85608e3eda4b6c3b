"""Shells complete commands, options and values, with the script that `runner completion` prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_changed import project, reasons

__all__ = ["project"]  # the fixture, found by its name

BIN = Path(sys.executable).parent
TELL = {
    "bash": """
        eval "$(runner completion bash)"
        COMP_WORDS=({words}); COMP_CWORD={last}
        _runner_completion runner
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "fish": "runner completion fish | source; complete -C '{line}'",
}


def complete(shell, line):
    """Return what a shell offers at the end of a line."""
    words = line.split() + ([""] if line.endswith(" ") else [])
    quoted = " ".join(f"'{word}'" for word in words)
    script = TELL[shell].format(words=quoted, last=len(words) - 1, line=line)
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == ""
    return [offer.split("\t")[0] for offer in done.stdout.split("\n") if offer]


def installed(shell):
    return pytest.param(
        shell, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"no {shell} here")
    )


@pytest.mark.parametrize("shell", [installed("bash"), installed("fish")])
def test_a_shell_completes_commands_options_and_values(shell, project):
    assert complete(shell, "runner hist") == ["history"]
    assert complete(shell, "runner run --max") == ["--max-cost"]
    assert complete(shell, "runner report towns.yaml --template ca") == ["cards"]
    reasons()
    runs = [file.name.split(".")[0] for file in project.glob(".runner/runs/towns/run_*")]
    assert complete(shell, "runner diff jobs/towns.yaml run_") == runs
    assert complete(shell, "runner diff nowhere.yaml run_") == []


@pytest.mark.parametrize("shell", [installed("bash"), installed("zsh"), installed("fish")])
def test_the_script_is_one_that_the_shell_can_read(shell):
    script = subprocess.run(
        [BIN / "runner", "completion", shell], capture_output=True, check=True
    ).stdout
    assert b"_RUNNER_COMPLETE" in script
    subprocess.run([shell, "-n"], input=script, check=True, capture_output=True)


def test_another_shell_is_refused_with_those_there_are(project):
    done = subprocess.run(
        [BIN / "runner", "completion", "csh"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bash" in done.stderr
