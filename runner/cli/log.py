"""`--log-file` and `--verbose`: what a run does, line by line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Final

import click

from runner.errors import UsageError, reason
from runner.execute.outcomes import Outcome
from runner.execute.stored import json_line
from runner.execute.watching import Watcher
from runner.job.text.credentials import masked
from runner.planning.calls import Call
from runner.providers.exchanges import Exchange

FINGERPRINT_SHOWN: Final = 12
"""So many digits of a fingerprint tell calls apart."""


class LogFile:
    """A file of JSON lines, which several processes may write to at once."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self._path = path
        self._file = file
        self._is_broken = False

    def write(self, line: str) -> None:
        """Append a line as a whole; a file that cannot be written any more is said once."""
        if self._is_broken:
            return
        text = line.encode()
        try:
            # A single write to the end of the file: no other process's line comes in between, and
            # nothing is left in a buffer when this one is killed.
            written = self._file.write(text)
            if written != len(text):
                self._file.write(text[written:])
        except OSError as error:
            self._is_broken = True
            click.echo(
                f"warning: {self._path} cannot be written any more: {reason(error)}", err=True
            )


@contextmanager
def log_file(path: Path | None) -> Iterator[LogFile | None]:
    """Open the log file for more lines.

    Raises:
        UsageError: it cannot be written.
    """
    if path is None:
        yield None
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened for appending, and read to see how it ends.
        file = FileIO(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666), "r+")
        _end_line(file)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {reason(error)}", hint="Choose another --log-file"
        ) from error
    with file:
        yield LogFile(path, file)


def _end_line(file: FileIO) -> None:
    """End a line that broke off when the disk was full, so that the next one is whole."""
    if not file.seekable() or not file.seek(0, os.SEEK_END):
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.write(b"\n")


class Log(Watcher):
    """JSON lines about a run: one for each request and each outcome.

    Neither a row's contents nor an answer's are in them; a row is named by its key.
    """

    def __init__(self, file: LogFile | None, *, run: str, job: str, verbose: bool) -> None:
        self._file = file
        self._run = run
        self._job = job
        self._verbose = verbose
        self._steps: list[str] = []
        self._bought_for: dict[str, str] = {}

    def write(self, event: str, **fields: object) -> None:
        """Write one event to the log file."""
        if self._file is None:
            return
        at = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
        record = {"at": at, "run": self._run, "job": self._job, "event": event, **fields}
        self._file.write(masked(json_line(record)))

    def began(self, steps: Sequence[str]) -> None:
        """Remember what a request can be for that does not say."""
        self._steps.extend(steps)

    def ended(self, steps: Sequence[str]) -> None:
        """Forget steps for which no more requests are made."""
        self._steps = [step for step in self._steps if step not in steps]

    def exchanged(self, exchange: Exchange) -> None:
        """Tell of one HTTP request: its route, status and time; never of its headers or body."""
        if self._file is not None:
            self._write_request(exchange)
        if self._verbose:
            said = "no answer" if exchange.status is None else exchange.status
            click.echo(
                f"  {exchange.method} {exchange.path} -> {said} in {exchange.milliseconds:,.0f} ms",
                err=True,
            )

    def _write_request(self, exchange: Exchange) -> None:
        purpose = exchange.purpose
        self.write(
            "request",
            step=self._step(exchange),
            call=_short(purpose.fingerprint),
            key=purpose.key,
            calls=purpose.calls,
            attempt=exchange.attempt,
            method=exchange.method,
            route=exchange.route,
            id=exchange.id,
            status=exchange.status,
            error=exchange.error,
            milliseconds=round(exchange.milliseconds, 1),
            price=float(exchange.committed_usd),
        )

    def _step(self, exchange: Exchange) -> str | None:
        """Return the step that a request is made for; None where it may be for several."""
        step, id_ = exchange.purpose.step, exchange.id
        if step is not None and id_ is not None:
            self._bought_for[id_] = step
        elif step is None and id_ is not None:
            step = self._bought_for.get(id_)
        return self._steps[0] if step is None and len(self._steps) == 1 else step

    def outcome(self, call: Call, outcome: Outcome) -> None:
        """Tell what a row's call came to; why it failed stands in its results."""
        if self._file is None:
            return
        self.write(
            "outcome",
            step=outcome.step,
            call=_short(call.fingerprint),
            key=outcome.key,
            row=outcome.row,
            status=outcome.status,
            cached=outcome.cached,
            attached=outcome.attached,
            id=outcome.run_id,
            price=float(outcome.cost_usd),
        )


def _short(fingerprint: str | None) -> str | None:
    return None if fingerprint is None else fingerprint[:FINGERPRINT_SHOWN]
