"""What was accepted and what was asked, one JSON line each, on disk before any answer leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from runner.errors import UsageError, reason
from runner.jsonvalue import JSON


class Log:
    """A file that grows by whole lines, each flushed; without a path nothing is written.

    Raises:
        UsageError: the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("ab")
            except OSError as fault:
                raise UsageError(
                    f"{path} cannot be written: {reason(fault)}", hint="Choose another file"
                ) from fault

    def write(self, entries: Iterable[Mapping[str, JSON]]) -> None:
        """Add lines."""
        if self._file is not None:
            self._file.write(b"".join(orjson.dumps(entry) + b"\n" for entry in entries))
            self._file.flush()

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()
