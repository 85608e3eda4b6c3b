"""What can go wrong, as values: a message, a hint and an exit code. They neither print nor exit."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line."""

    DONE = 0
    FAILED_ROWS = 1
    USAGE = 2
    KEY = 3
    PROVIDER = 4
    STILL_RUNNING = 5
    BUDGET = 6
    INTERRUPTED = 130


class RunnerError(Exception):
    """Something the user can mend: what went wrong, and how to mend it."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RunnerError):
    """The job, its data or the command line is wrong."""


class NotAvailableError(UsageError):
    """The job file is right, but this version cannot run that part of it yet."""


class KeyRefusedError(RunnerError):
    """The API key is missing or was refused."""

    exit_code = ExitCode.KEY


class ProviderError(RunnerError):
    """The provider could not answer a call."""

    exit_code = ExitCode.PROVIDER


class StateError(RunnerError):
    """The state directory (cache, index, stored outcomes) cannot be used."""
