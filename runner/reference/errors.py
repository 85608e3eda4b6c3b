"""Exit codes, refusals of the API and kinds of errors, as markdown."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import runner
from runner.errors import ExitCode, RunnerError
from runner.job.rules.jobs import RULES
from runner.providers.parallel.errors import refusal
from runner.reference.pages import table

EXITS: Mapping[ExitCode, tuple[str, str]] = MappingProxyType(
    {
        ExitCode.DONE: (
            "Done. Every row has its answer, and every check is fulfilled.",
            "Read the report.",
        ),
        ExitCode.FAILED_ROWS: (
            "Done, but rows failed or a check failed. Report and results are written.",
            (
                "The report tells each row that failed, with its reason, and each failed check. "
                "A row that failed is asked again when the job's `cache` age is over; `--refresh` "
                "asks for all rows anew; `retry: {failed_runs: 1}` buys what fails once more."
            ),
        ),
        ExitCode.USAGE: (
            "The job, its data or the command line is wrong. Nothing was bought for it.",
            "The message says where, and how to mend it; `runner validate` shows all problems.",
        ),
        ExitCode.KEY: (
            "The API key is missing or was refused.",
            "Set `PARALLEL_API_KEY`. What was bought before is kept.",
        ),
        ExitCode.PROVIDER: (
            "The provider failed: it could not be reached, or gave errors to the last attempt.",
            (
                "Run again later; what was bought is kept and picked up. The same code is given "
                "when `runner` itself is at fault; it then names a file to report."
            ),
        ),
        ExitCode.STILL_RUNNING: (
            "Answers are still on their way at the timeout, or because of `--no-wait`.",
            "Run again to pick them up; nothing is bought twice.",
        ),
        ExitCode.BUDGET: (
            "The budget, or the account's credit, stopped the run.",
            (
                "Raise `budget` or `--max-cost`, ask for fewer rows with `--limit`, or add credit, "
                "and run again."
            ),
        ),
        ExitCode.INTERRUPTED: (
            "Interrupted with Ctrl-C.",
            "Run again to go on; what was answered is kept.",
        ),
    }
)
"""What each exit code means, and what to do."""

_STOPPING = (401, 402, 403)
"""The refusals that end a run; others are the outcome of a row."""


def describe_exits() -> str:
    """Return the table of exit codes."""
    rows = [(f"`{int(code)}`", *EXITS[code]) for code in ExitCode]
    return table(("Code", "Means", "What to do"), rows)


def describe_refusals() -> str:
    """Return the refusals of the API that end a run."""
    rows = []
    for status in _STOPPING:
        error = refusal(status, b"", "")
        rows.append((f"`{status}`", error.message, error.hint or "", f"`{int(error.exit_code)}`"))
    return table(("HTTP status", "Message", "What to do", "Exit code"), rows)


def describe_rules() -> str:
    """Return what is checked in a job beyond the kinds of its values, a line each."""
    return "\n".join(f"- {inspect.getdoc(rule)}" for rule in RULES)


def describe_kinds() -> str:
    """Return the classes of errors that a Python program may see."""
    rows = [
        (
            f"`{kind.__name__}`",
            f"`{kind.__bases__[0].__name__}`",
            _sentence(kind),
            f"`{int(kind.exit_code)}`",
        )
        for kind in _kinds()
    ]
    return table(("Error", "Is a", "Means", "Exit code"), rows)


def _kinds() -> Iterator[type[RunnerError]]:
    """Yield every kind of error, each before those that are kinds of it."""
    for module in pkgutil.walk_packages(runner.__path__, "runner."):
        # What belongs to an extra that is not installed has no errors of its own.
        with contextlib.suppress(ImportError):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    waiting: list[type[RunnerError]] = [RunnerError]
    while waiting:
        kind = waiting.pop(0)
        if kind is not RunnerError:
            yield kind
        waiting[:0] = sorted(kind.__subclasses__(), key=lambda each: each.__name__)


def _sentence(kind: type[RunnerError]) -> str:
    first, *_ = (inspect.getdoc(kind) or "").split("\n\n")
    return " ".join(first.split())
