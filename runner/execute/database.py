"""A file of the state directory: SQLite in WAL mode, transactions, and its faults in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from runner.errors import StateError
from runner.locks import patiently

BUSY_SECONDS: Final = 30.0
"""How long to wait for another process that writes."""


class Database:
    """A SQLite file, opened and given its tables.

    `holds` says what it holds, and `loses` what is lost when it is moved away.

    Raises:
        StateError: it cannot be used; so may every method.
    """

    holds = "ledger"
    loses = ": runs that are on their way are then no longer known"

    def __init__(
        self, file: Path, schema: str, *, synchronous: Literal["FULL", "OFF"] = "FULL"
    ) -> None:
        self.file = file
        with self.reporting():
            file.parent.mkdir(parents=True, exist_ok=True)
            self.connection = connect(file, synchronous, schema)

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
                hint = "Move it away" + self.loses
            raise StateError(f"The {self.holds} {self.file} {said}", hint=hint) from error

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


def connect(
    file: Path, synchronous: Literal["FULL", "OFF"] = "FULL", schema: str = ""
) -> sqlite3.Connection:
    """Open a file; if `FULL`, every commit reaches the disk: a purchase outlives a power cut."""
    database = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        database.row_factory = sqlite3.Row
        # Of several that open a new file SQLite refuses all but one at once.
        patiently(lambda: database.execute("PRAGMA journal_mode = WAL"), BUSY_SECONDS)
        database.execute(f"PRAGMA synchronous = {synchronous}")
        database.executescript(schema)
    except BaseException:
        database.close()
        raise
    return database
