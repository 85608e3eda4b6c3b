"""What was bought and is on its way, in SQLite: the promise that nothing is bought twice.

A purchase is recorded before the request that makes it (`submitting`, with the group it goes to),
gets its run id from the answer (`submitted`), and is `completed` once its outcome is in the cache,
or `failed`. `run` is the run that pays for it; `keeper` the one that must find out what became of a
request without an answer. Who takes over from a dead keeper reads the group back before it sends
anything. Each run of a job has a heartbeat, so that the dead can be told from the slow.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, TypeAlias

from runner.execute.database import Database
from runner.execute.runs import COUNTS, MICROS, Heartbeat, RunRecord, is_alive, record_of
from runner.frozen import frozen

PurchaseState: TypeAlias = Literal["submitting", "submitted", "completed", "failed"]

KEPT_SECONDS: Final = 90 * 86_400
"""How long finished purchases are remembered."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS purchase (
    fingerprint TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    group_id TEXT NOT NULL,
    run_id TEXT,
    run TEXT NOT NULL,
    keeper TEXT NOT NULL,
    price INTEGER NOT NULL,
    bought_at REAL NOT NULL,
    settled_at REAL,
    error TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS in_doubt ON purchase (group_id) WHERE state = 'submitting';
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    status TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    heartbeat REAL NOT NULL,
    started_at REAL NOT NULL,
    finished_at REAL,
    committed INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0,
    cached INTEGER NOT NULL DEFAULT 0,
    attached INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0
);
"""


@frozen
class Purchase:
    """One fingerprint that was bought. `settled_at` and `bought_at` are seconds since 1970."""

    fingerprint: str
    state: PurchaseState
    group: str
    run_id: str | None
    run: str
    bought_at: float
    settled_at: float | None = None
    error: str | None = None

    def is_stale(self, now: float, age: timedelta | None) -> bool:
        """Whether it no longer serves: what is on its way always does.

        `age` is how old an answer may be, None where it is to be a new one.
        """
        if self.state in ("submitting", "submitted"):
            return False
        if age is None or self.settled_at is None:
            return True
        return now - self.settled_at > age.total_seconds()


class Ledger(Database):
    """The ledger of one state directory, as one run of a job sees it."""

    def __init__(self, file: Path, *, now: Callable[[], float] = time.time) -> None:
        self.file = file
        self.now = now
        self._run = ""
        self._job = ""
        self._beating: Heartbeat | None = None
        super().__init__(file, _SCHEMA)

    # -- runs -------------------------------------------------------------------------------

    def start(self, run: str, job: str) -> None:
        """Record that a run of a job begins, and keep its heart beating."""
        now = self.now()
        with self.transaction() as database:
            database.execute(
                "INSERT INTO run (id, job, status, host, pid, heartbeat, started_at)"
                " VALUES (?, ?, 'running', ?, ?, ?, ?)",
                (run, job, socket.gethostname(), os.getpid(), now, now),
            )
            database.execute(
                "DELETE FROM purchase WHERE state IN ('completed', 'failed') AND settled_at < ?",
                (now - KEPT_SECONDS,),
            )
        self._run, self._job = run, job
        self._beating = Heartbeat(self.file, run, self.now)

    def count(self, counts: Mapping[str, int]) -> None:
        """Record how far the run is; names are those of `COUNTS`."""
        with self.reporting():
            self.connection.executemany(
                "UPDATE run SET rows = ?, done = ?, new = ?, cached = ?, attached = ?, failed = ?,"
                " pending = ? WHERE id = ?",
                [(*(counts.get(name, 0) for name in COUNTS), self._run)],
            )

    def finish(self, status: str, counts: Mapping[str, int]) -> None:
        """Record how the run ended."""
        if self._beating is not None:
            self._beating.stop()
            self._beating = None
        self.count(counts)
        with self.reporting():
            self.connection.execute(
                "UPDATE run SET status = ?, finished_at = ? WHERE id = ?",
                (status, self.now(), self._run),
            )

    def runs(self, job: str | None = None, limit: int = 100) -> list[RunRecord]:
        """Return the latest runs, of one job or of all, newest first."""
        with self.reporting():
            found = self.connection.execute(
                "SELECT * FROM run WHERE ? IS NULL OR job = ? ORDER BY started_at DESC LIMIT ?",
                (job, job, limit),
            ).fetchall()
        return [record_of(row, self.now()) for row in found]

    def waiting(self, job: str) -> int:
        """Return how many purchases of a job's runs have no outcome yet."""
        with self.reporting():
            row = self.connection.execute(
                "SELECT COUNT(*) AS count FROM purchase"
                " WHERE state IN ('submitting', 'submitted')"
                " AND run IN (SELECT id FROM run WHERE job = ?)",
                (job,),
            ).fetchone()
        return int(row["count"])

    def running_elsewhere(self) -> int:
        """Return how many runs at the provider other living runs wait for, of whatever job."""
        with self.reporting():
            others = self.connection.execute(
                "SELECT * FROM run WHERE finished_at IS NULL AND id != ?", (self._run,)
            ).fetchall()
            living = [row["id"] for row in others if is_alive(row, self.now())]
            counts = [
                self.connection.execute(
                    "SELECT COUNT(*) FROM purchase WHERE state = 'submitted' AND run = ?", (id_,)
                ).fetchone()[0]
                for id_ in living
            ]
        return sum(counts)

    def cost(self) -> Decimal:
        """Return what the run has committed to, in USD."""
        with self.reporting():
            row = self.connection.execute(
                "SELECT committed FROM run WHERE id = ?", (self._run,)
            ).fetchone()
        return Decimal(row["committed"] if row else 0) / MICROS

    # -- money ------------------------------------------------------------------------------

    def reserve(self, prices: Sequence[Decimal], budget: Decimal | None) -> int:
        """Commit to as many of the prices, in order, as the budget allows; return how many.

        What other living runs of the same job have committed to counts too.
        """
        with self.transaction() as database:
            return self._reserve(database, [_micros(price) for price in prices], budget)

    def release(self, amount: Decimal) -> None:
        """Take back a commitment that bought nothing."""
        with self.transaction() as database:
            database.execute(
                "UPDATE run SET committed = committed - ? WHERE id = ?",
                (_micros(amount), self._run),
            )

    def _reserve(
        self, database: sqlite3.Connection, prices: Sequence[int], budget: Decimal | None
    ) -> int:
        taken, total = len(prices), sum(prices)
        if budget is not None:
            living = database.execute(
                "SELECT * FROM run WHERE job = ? AND finished_at IS NULL", (self._job,)
            ).fetchall()
            left = _micros(budget) - sum(
                row["committed"]
                for row in living
                if row["id"] == self._run or is_alive(row, self.now())
            )
            taken = total = 0
            for price in prices:
                if total + price > left:
                    break
                taken, total = taken + 1, total + price
        database.execute(
            "UPDATE run SET committed = committed + ? WHERE id = ?", (total, self._run)
        )
        return taken

    # -- purchases --------------------------------------------------------------------------

    def look(self, fingerprints: Iterable[str]) -> dict[str, Purchase]:
        """Return what is known of the fingerprints; those never bought are absent."""
        found: dict[str, Purchase] = {}
        wanted = list(fingerprints)
        with self.reporting():
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                marks = ",".join("?" * len(some))
                for row in self.connection.execute(
                    f"SELECT * FROM purchase WHERE fingerprint IN ({marks})",  # noqa: S608
                    some,
                ):
                    found[row["fingerprint"]] = _purchase(row)
        return found

    def intend(
        self,
        group: str,
        prices: Mapping[str, Decimal],
        budget: Decimal | None,
        *,
        again: Callable[[Purchase], bool],
    ) -> tuple[list[str], list[str]]:
        """Record the intent to buy, before the request is sent.

        Args:
            group: Where the runs will go.
            prices: What each fingerprint costs, in the order of buying.
            budget: The most that the job's living runs may commit to.
            again: Whether a settled purchase may be made once more (it is too old, say).

        Returns:
            The fingerprints that are now this run's to buy, and those the budget has no room for.
            The rest is someone else's by now: look again.
        """
        now = self.now()
        with self.transaction() as database:
            known = self.look(prices)
            free = [
                fingerprint
                for fingerprint in prices
                if fingerprint not in known
                or (
                    known[fingerprint].state in ("completed", "failed")
                    and again(known[fingerprint])
                )
            ]
            costs = [_micros(prices[fingerprint]) for fingerprint in free]
            taken = self._reserve(database, costs, budget)
            database.executemany(
                "INSERT OR REPLACE INTO purchase"
                " (fingerprint, state, group_id, run, keeper, price, bought_at)"
                " VALUES (?, 'submitting', ?, ?, ?, ?, ?)",
                [
                    (fingerprint, group, self._run, self._run, cost, now)
                    for fingerprint, cost in zip(free[:taken], costs, strict=False)
                ],
            )
        return free[:taken], free[taken:]

    def submitted(self, run_ids: Mapping[str, str]) -> None:
        """Record the run id of each fingerprint that was bought."""
        with self.transaction() as database:
            database.executemany(
                "UPDATE purchase SET state = 'submitted', run_id = ?"
                " WHERE fingerprint = ? AND state = 'submitting'",
                [(run_id, fingerprint) for fingerprint, run_id in run_ids.items()],
            )

    def withdrawn(self, fingerprints: Iterable[str]) -> None:
        """Forget purchases that were refused: nothing was bought."""
        with self.transaction() as database:
            for fingerprint in fingerprints:
                row = database.execute(
                    "DELETE FROM purchase WHERE fingerprint = ? AND state = 'submitting'"
                    " RETURNING price, run",
                    (fingerprint,),
                ).fetchone()
                if row is not None:
                    database.execute(
                        "UPDATE run SET committed = committed - ? WHERE id = ?",
                        (row["price"], row["run"]),
                    )

    def settled(self, errors: Mapping[str, str | None]) -> None:
        """Record outcomes: the error of each fingerprint whose run failed, None where it is ok."""
        now = self.now()
        with self.transaction() as database:
            database.executemany(
                "UPDATE purchase SET state = ?, settled_at = ?, error = ? WHERE fingerprint = ?",
                [
                    ("completed" if error is None else "failed", now, error, fingerprint)
                    for fingerprint, error in errors.items()
                ],
            )

    def adopt(self, group: str) -> list[str]:
        """Take over the purchases of a group that dead runs left in `submitting`.

        Returns the fingerprints that are now this run's to look for and, if need be, to send.
        """
        with self.transaction() as database:
            rows = database.execute(
                "SELECT fingerprint, keeper FROM purchase"
                " WHERE group_id = ? AND state = 'submitting'",
                (group,),
            ).fetchall()
            keepers = {row["keeper"] for row in rows} - {self._run}
            dead = {keeper for keeper in keepers if not self._is_running(database, keeper)}
            adopted = [row["fingerprint"] for row in rows if row["keeper"] in dead]
            database.executemany(
                "UPDATE purchase SET keeper = ? WHERE fingerprint = ?",
                [(self._run, fingerprint) for fingerprint in adopted],
            )
        return adopted

    def _is_running(self, database: sqlite3.Connection, run: str) -> bool:
        row = database.execute("SELECT * FROM run WHERE id = ?", (run,)).fetchone()
        return row is not None and row["finished_at"] is None and is_alive(row, self.now())

    def close(self) -> None:
        """Release the file; a run that has not finished is from now on seen as stopped."""
        if self._beating is not None:
            self._beating.stop()
        super().close()


def _purchase(row: sqlite3.Row) -> Purchase:
    return Purchase(
        fingerprint=row["fingerprint"],
        state=row["state"],
        group=row["group_id"],
        run_id=row["run_id"],
        run=row["run"],
        bought_at=row["bought_at"],
        settled_at=row["settled_at"],
        error=row["error"],
    )


def _micros(amount: Decimal) -> int:
    return int(amount * MICROS)
