"""Waiting for a lock on a SQLite file, where SQLite itself does not wait."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.1

_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def patiently(act: Callable[[], object], seconds: float) -> None:
    """Do something that needs a lock, again and again until it is free.

    Raises:
        sqlite3.OperationalError: it was not free for so many seconds; or another fault.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            act()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether an error means that another connection holds the lock."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BUSY
