"""The ledger's file: SQLite in WAL mode, transactions, and its faults in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runner.errors import StateError

BUSY_SECONDS: Final = 30.0
"""How long to wait for another process that writes."""


class Database:
    """A SQLite file, opened and given its tables.

    Raises:
        StateError: it cannot be used; so may every method.
    """

    def __init__(self, file: Path, schema: str) -> None:
        self.file = file
        with self.reporting():
            file.parent.mkdir(parents=True, exist_ok=True)
            self.connection = connect(file)
            self.connection.executescript(schema)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do everything inside or nothing, with no one else writing meanwhile."""
        with self.reporting():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """Turn a broken, locked or read-only file into words."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            text = str(error).lower()
            if "locked" in text:
                said, hint = "is locked by another program", "Wait until it is done and run again"
            elif "readonly" in text or "unable to open" in text or "permission" in text:
                said, hint = "cannot be written", "Name another folder with RUNNER_STATE_DIR"
            else:
                said = f"is damaged ({text})"
                hint = "Move it away: runs that are on their way are then no longer known"
            raise StateError(f"The ledger {self.file} {said}", hint=hint) from error

    def close(self) -> None:
        """Release the file."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(file: Path) -> sqlite3.Connection:
    """Open the file; every commit reaches the disk, for a purchase outlives a power cut."""
    database = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    return database
