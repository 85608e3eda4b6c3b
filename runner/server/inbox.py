"""Webhooks that came in, in SQLite: each counts once, and none is lost before it was seen to."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runner.errors import StateError

KEPT_SECONDS: Final = 30 * 86_400
"""How long a webhook's id is remembered; the sender tries for two days."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS webhook (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    came_at REAL NOT NULL,
    is_done INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON webhook (came_at) WHERE NOT is_done;
"""


class Inbox:
    """The webhooks of a state directory.

    Raises:
        StateError: the file cannot be used; so may every method.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._reporting():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=30.0, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
            self._database.execute(
                "DELETE FROM webhook WHERE is_done AND came_at < ?", (time.time() - KEPT_SECONDS,)
            )

    def take(self, webhook_id: str, run_id: str, now: float) -> bool:
        """Write a webhook down; false where it came before."""
        with self._reporting():
            taken = self._database.execute(
                "INSERT OR IGNORE INTO webhook (id, run_id, came_at) VALUES (?, ?, ?)",
                (webhook_id, run_id, now),
            )
        return taken.rowcount > 0

    def waiting(self) -> list[str]:
        """Return the ids of runs that were told of and not yet seen to, the first first."""
        with self._reporting():
            rows = self._database.execute(
                "SELECT run_id FROM webhook WHERE NOT is_done ORDER BY came_at"
            ).fetchall()
        return list(dict.fromkeys(run_id for (run_id,) in rows))

    def done(self, run_id: str) -> None:
        """Say that a run was seen to."""
        with self._reporting():
            self._database.execute(
                "UPDATE webhook SET is_done = 1 WHERE NOT is_done AND run_id = ?", (run_id,)
            )

    def close(self) -> None:
        """Release the file."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StateError(
                f"The inbox of webhooks {self.file} cannot be used: {str(error).lower()}",
                hint="Name another folder with RUNNER_STATE_DIR, or move the file away",
            ) from error
