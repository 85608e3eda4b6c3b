"""Runs of jobs as the ledger knows them, and the heartbeat that tells the dead from the slow."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from runner.execute.database import connect
from runner.frozen import frozen

BEAT_SECONDS: Final = 2.0
SILENT_SECONDS: Final = 60.0
"""A run without a heartbeat for so long is dead, even if its process id is in use."""

MICROS: Final = 1_000_000
"""Money is kept in whole millionths of a US dollar."""

COUNTS: Final = ("rows", "done", "new", "cached", "attached", "failed", "pending")
"""What is counted of a run."""


def new_run(kind: str) -> str:
    """Return the id of a run that begins now; ids of one kind sort by time."""
    return f"{kind}_{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}_{secrets.token_hex(3)}"


@frozen
class RunRecord:
    """One run of a job, for `runner status` and `runner history`."""

    id: str
    job: str
    status: str
    started_at: float
    finished_at: float | None
    cost_usd: Decimal
    rows: int
    done: int
    new: int
    cached: int
    attached: int
    failed: int
    pending: int
    alive: bool


def record_of(row: sqlite3.Row, now: float) -> RunRecord:
    """Return a row of the table `run`; one that neither ended nor lives is called stopped."""
    has_ended = row["finished_at"] is not None
    alive = not has_ended and is_alive(row, now)
    status = row["status"]
    return RunRecord(
        id=row["id"],
        job=row["job"],
        status="stopped" if status == "running" and not (has_ended or alive) else status,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        cost_usd=Decimal(row["committed"]) / MICROS,
        alive=alive,
        **{name: row[name] for name in COUNTS},
    )


def is_alive(row: sqlite3.Row, now: float) -> bool:
    """Return whether the process of a run still lives, as far as can be told from here."""
    if now - row["heartbeat"] > SILENT_SECONDS:
        return False
    return row["host"] != socket.gethostname() or _process_exists(row["pid"])


class Heartbeat:
    """Says every two seconds, from a thread of its own, that a run is alive."""

    def __init__(self, file: Path, run: str, now: Callable[[], float]) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, args=(file, run, now), name="heartbeat", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Say no more."""
        self._stopped.set()
        self._thread.join()

    def _beat(self, file: Path, run: str, now: Callable[[], float]) -> None:
        # A beat that is lost is followed by another; a database that is gone ends the run anyway.
        with contextlib.suppress(sqlite3.Error):
            database = connect(file)
            with contextlib.closing(database):
                while not self._stopped.wait(BEAT_SECONDS):
                    with contextlib.suppress(sqlite3.OperationalError):
                        database.execute("UPDATE run SET heartbeat = ? WHERE id = ?", (now(), run))


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
