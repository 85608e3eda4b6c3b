"""The index's SQLite file: its schema, opening it, mending it, and waiting for other writers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runner.errors import StateError
from runner.locks import POLL_SECONDS, is_busy, patiently

FORMAT: Final = 2
"""Raised with every change of the schema or of what is stored; older files are built anew."""

_LOCK_SECONDS = 300.0
_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, title TEXT NOT NULL, names TEXT NOT NULL,
    stated TEXT, readable INTEGER NOT NULL, warnings TEXT NOT NULL
);
CREATE TABLE texts (document INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    heading TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX passages_of ON passages (document, ordinal);
CREATE TABLE facts (
    document INTEGER NOT NULL, entity TEXT NOT NULL, label TEXT NOT NULL, value TEXT NOT NULL,
    excerpt TEXT NOT NULL, section TEXT NOT NULL
);
CREATE INDEX facts_of ON facts (document);
CREATE VIRTUAL TABLE search USING fts5 (
    title, heading, body, content='',
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);
"""
_DROP = """
DROP TABLE IF EXISTS documents; DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS passages;
DROP TABLE IF EXISTS facts; DROP TABLE IF EXISTS search;
"""

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NOT_WRITABLE: Final = (
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_AUTH,
)  # fmt: skip


def open_database(path: Path) -> sqlite3.Connection:
    """Return a connection to the index's file, created or built anew where it is of no use.

    Raises:
        StateError: another process holds it for minutes.
        NotWritableError: the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(str(path))
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            discard(path)
            return _connect(str(path))
    except OSError as error:
        raise NotWritableError(error.strerror or "cannot be opened") from error
    except sqlite3.Error as error:
        raise as_state_error(error, path) from error


def open_memory() -> sqlite3.Connection:
    """Return an empty index that lives as long as its connection."""
    return _connect(":memory:")


class NotWritableError(Exception):
    """The index's file cannot be written; the message says why, in a clause."""


def discard(path: Path) -> None:
    """Remove the index's file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file's content cannot be trusted."""
    return _code(error) in _DAMAGED


def as_state_error(error: sqlite3.Error, path: Path) -> StateError | NotWritableError:
    """Return what to tell the user of an error of the index's file."""
    if _code(error) in _NOT_WRITABLE:
        return NotWritableError(str(error))
    if is_busy(error):
        return StateError(
            f"Another run has been writing the document index {path} for minutes",
            hint="Wait for it to end, or stop it, and run again",
        )
    return StateError(
        f"The document index {path} cannot be used: {error}",
        hint="Delete that file; it is built again from the documents",
    )


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock for one transaction: all of it is kept, or none.

    Other writers are waited for, in short steps so that Ctrl-C is heard.
    """
    patiently(lambda: connection.execute("BEGIN IMMEDIATE"), _LOCK_SECONDS)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, timeout=POLL_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"), _LOCK_SECONDS)
        for setting in ("synchronous = NORMAL", "temp_store = MEMORY", "cache_size = -32000"):
            connection.execute(f"PRAGMA {setting}")
        if _format(connection) != FORMAT:
            with writing(connection):
                if _format(connection) != FORMAT:
                    for statement in filter(str.strip, f"{_DROP}{_SCHEMA}".split(";")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute(
            "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search, row)"
        )
    except BaseException:
        connection.close()
        raise
    return connection


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
