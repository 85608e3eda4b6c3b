"""What the server keeps on disk, in SQLite: runs, groups, outputs, and webhooks to be delivered."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from runner.errors import StateError
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.server.runs import Group, Run
from runner.server.wire import encode

FILE = "server.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS groups (
    id TEXT PRIMARY KEY,
    metadata BLOB NOT NULL,
    created TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    group_id TEXT,
    body BLOB NOT NULL,
    elements INTEGER NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    status TEXT NOT NULL,
    error BLOB,
    warnings BLOB,
    ended INTEGER
);
CREATE TABLE IF NOT EXISTS outputs (run_id TEXT PRIMARY KEY, output BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lefts (run_id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    first REAL NOT NULL,
    attempts INTEGER NOT NULL,
    due REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@frozen
class KeptRun:
    """A run as it was written down; `ended` says in which order runs ended."""

    run_id: str
    group_id: str | None
    body: Mapping[str, JSON]
    elements: bool
    created: str
    modified: str
    status: str
    error: Mapping[str, JSON] | None
    warnings: list[str]
    ended: int | None


@frozen
class Delivery:
    """A webhook on its way; moments are seconds since 1970."""

    id: str
    url: str
    body: bytes
    first: float
    attempts: int
    due: float


class Archive:
    """One server's file; no second server may have it open.

    Raises:
        StateError: it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        with self._reporting():
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.file, timeout=1.0, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)
            self._ends = self._count("SELECT COALESCE(MAX(ended), 0) FROM runs")

    def close(self) -> None:
        """Release the file."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    # -- runs and groups --------------------------------------------------------------------

    def add_group(self, group: Group) -> None:
        """Write down a new group."""
        with self._reporting():
            self._database.execute(
                "INSERT INTO groups VALUES (?, ?, ?)",
                (group.group_id, encode(group.metadata), group.created),
            )

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Write down new runs, all or none."""
        with self._reporting():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO runs (id, group_id, body, elements, created, modified, status)"
                " VALUES (?, ?, ?, ?, ?, ?, 'queued')",
                [
                    (
                        run.run_id,
                        None if run.group is None else run.group.group_id,
                        encode(run.body),
                        run.elements,
                        run.created,
                        run.modified,
                    )
                    for run in runs
                ],
            )
            self._database.execute("COMMIT")

    def end(self, run: Run) -> None:
        """Write down how a run ended."""
        self._ends += 1
        error = None if run.error is None else encode(run.error)
        with self._reporting():
            self._database.execute(
                "UPDATE runs SET status = ?, modified = ?, error = ?, warnings = ?, ended = ?"
                " WHERE id = ?",
                (run.status, run.modified, error, encode(run.warnings), self._ends, run.run_id),
            )

    def groups(self) -> Iterator[tuple[str, Mapping[str, JSON] | None, str]]:
        """Yield id, metadata and time of every group."""
        with self._reporting():
            for row in self._database.execute("SELECT * FROM groups"):
                yield row["id"], orjson.loads(row["metadata"]), row["created"]

    def runs(self) -> Iterator[KeptRun]:
        """Yield every run in the order they were accepted."""
        with self._reporting():
            for row in self._database.execute("SELECT * FROM runs ORDER BY seq"):
                yield KeptRun(
                    run_id=row["id"],
                    group_id=row["group_id"],
                    body=orjson.loads(row["body"]),
                    elements=bool(row["elements"]),
                    created=row["created"],
                    modified=row["modified"],
                    status=row["status"],
                    error=None if row["error"] is None else orjson.loads(row["error"]),
                    warnings=[] if row["warnings"] is None else orjson.loads(row["warnings"]),
                    ended=row["ended"],
                )

    # -- outputs ----------------------------------------------------------------------------

    def keep_output(self, run_id: str, output: Mapping[str, JSON], left: str | None = None) -> None:
        """Write down a run's output, and what it leaves for the runs that follow."""
        with self._reporting():
            self._database.execute(
                "INSERT OR REPLACE INTO outputs VALUES (?, ?)", (run_id, encode(output))
            )
            if left is not None:
                self._database.execute("INSERT OR REPLACE INTO lefts VALUES (?, ?)", (run_id, left))

    def left(self, run_id: str) -> str | None:
        """Return what a run leaves for those that follow; None where it has left nothing."""
        with self._reporting():
            row = self._database.execute(
                "SELECT value FROM lefts WHERE run_id = ?", (run_id,)
            ).fetchone()
        return None if row is None else str(row["value"])

    def output(self, run_id: str) -> orjson.Fragment | None:
        """Return a run's output, as JSON ready to be sent."""
        with self._reporting():
            row = self._database.execute(
                "SELECT output FROM outputs WHERE run_id = ?", (run_id,)
            ).fetchone()
        return None if row is None else orjson.Fragment(row["output"])

    # -- webhooks ---------------------------------------------------------------------------

    def keep_delivery(self, delivery: Delivery) -> None:
        """Write down a delivery, or how far it is."""
        with self._reporting():
            self._database.execute(
                "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?)",
                (
                    delivery.id,
                    delivery.url,
                    delivery.body,
                    delivery.first,
                    delivery.attempts,
                    delivery.due,
                ),
            )

    def forget_delivery(self, delivery_id: str) -> None:
        """Forget a delivery that arrived, or was given up."""
        with self._reporting():
            self._database.execute("DELETE FROM deliveries WHERE id = ?", (delivery_id,))

    def deliveries(self) -> list[Delivery]:
        """Return the deliveries on their way."""
        with self._reporting():
            rows = self._database.execute("SELECT * FROM deliveries ORDER BY due").fetchall()
        return [Delivery(**{key: row[key] for key in row.keys()}) for row in rows]  # noqa: SIM118

    def secret(self, name: str, fresh: str) -> str:
        """Return the secret of a name; the fresh one where there was none."""
        with self._reporting():
            self._database.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, fresh))
            row = self._database.execute(
                "SELECT value FROM secrets WHERE name = ?", (name,)
            ).fetchone()
        return str(row["value"])

    def _count(self, query: str) -> int:
        return int(self._database.execute(query).fetchone()[0])

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, orjson.JSONDecodeError) as fault:
            text = str(fault).lower()
            if "locked" in text:
                said, hint = "is in use by another server", "Name another folder with --state"
            elif "readonly" in text or "unable to open" in text or "permission" in text:
                said, hint = "cannot be written", "Name another folder with --state"
            else:
                said, hint = f"is damaged ({text})", "Delete it, or name another folder"
            raise StateError(f"The server's state {self.file} {said}", hint=hint) from fault
