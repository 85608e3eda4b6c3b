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

    @property
    def sentences(self) -> str:
        """The message and the hint in one line."""
        return self.message if self.hint is None else f"{self.message}. {self.hint}"


class UsageError(RunnerError):
    """The job, its data or the command line is wrong."""


class NotAvailableError(UsageError):
    """The provider does not answer this kind of request."""


class KeyRefusedError(RunnerError):
    """The API key is missing or was refused."""

    exit_code = ExitCode.KEY


class ProviderError(RunnerError):
    """The provider could not answer a call."""

    exit_code = ExitCode.PROVIDER


class UnreachableError(ProviderError):
    """The provider could not be reached: nothing was sent."""


class AmbiguousError(ProviderError):
    """The answer to a request was lost: it may have been accepted, and paid for."""


class RateLimitedError(ProviderError):
    """Too many requests: nothing was accepted. `seconds` is how long to wait, if the API said."""

    def __init__(self, message: str, *, seconds: float | None = None) -> None:
        super().__init__(message, hint="Run again later; what was bought is kept")
        self.seconds = seconds


class InvalidRequestError(ProviderError):
    """The provider refused a request as invalid, whole; `input_index` is the input it blames."""

    def __init__(
        self, message: str, *, hint: str | None = None, input_index: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.input_index = input_index


class UnknownRunError(ProviderError):
    """The provider does not know a run or a group (any more)."""


class ProcessorRefusedError(RunnerError):
    """The processor is unknown to the provider, or not open to this key."""


class BudgetError(RunnerError):
    """The budget, or the account's credit, is used up."""

    exit_code = ExitCode.BUDGET


class StillRunningError(RunnerError):
    """What the run needs is bought, and not answered yet."""

    exit_code = ExitCode.STILL_RUNNING


class StateError(RunnerError):
    """The state directory (cache, index, stored outcomes) cannot be used."""


class TemplateError(UsageError):
    """A template that cannot be read or rendered.

    Attributes:
        line: In the template's text, from 1.
        column: In that line, from 1; 1 where Jinja does not know it.
        width: How many characters are at fault, from `column` on.
        file: The template file, or None for a template inside a job file.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int = 1,
        column: int = 1,
        width: int = 1,
        hint: str | None = None,
        file: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.width = width
        self.file = file


def reason(error: OSError) -> str:
    """Return the operating system's own words for an error, without numbers."""
    return (error.strerror or str(error)).lower()
