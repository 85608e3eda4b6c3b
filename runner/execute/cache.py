"""Answers by fingerprint, kept on disk (the only import of diskcache).

Entries are JSON, never pickle: a cache that someone else hands over cannot run code. Nothing is
evicted: an answer may have been paid for.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import diskcache
import orjson

from runner.errors import StateError
from runner.frozen import frozen
from runner.jsonvalue import JSON

LOCK_TIMEOUT = 10.0
"""Seconds to wait for another process that holds the cache."""

LOOK = 500
"""So many fingerprints are looked up in one query."""

_PLAIN_MODES = (diskcache.core.MODE_RAW, diskcache.core.MODE_BINARY)
SMALL = 8_192
"""Answers of so many bytes are kept as they are: they fit a page or two of the file anyway."""

_COMPRESSED = b"x"
"""What zlib begins with, and JSON does not."""

_STORE = """
INSERT INTO Cache (key, raw, store_time, access_time, tag, size, mode, filename, value)
VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key, raw) DO UPDATE SET
    store_time = excluded.store_time, access_time = excluded.access_time, tag = excluded.tag,
    size = excluded.size, mode = excluded.mode, filename = excluded.filename, value = excluded.value
"""
"""Puts a row as diskcache does; its own triggers count it."""

_BROKEN = (sqlite3.Error, diskcache.Timeout, OSError)
_UNREADABLE = (ValueError, zlib.error, KeyError, TypeError, AttributeError)


@frozen
class Entry:
    """A stored answer and when it was stored (seconds since 1970)."""

    answer: JSON
    stored_at: float


class _Disk(diskcache.JSONDisk):  # type: ignore[misc]
    """`diskcache.JSONDisk` with a faster JSON library, plain keys, and no way to run code.

    The original still unpickles what a row of the database says is a pickle.
    """

    def put(self, key: str) -> tuple[str, bool]:
        """Return what the database holds of a key: the key."""
        return key, True

    def get(self, key: object, raw: bool) -> str:
        """Return the key that the database holds."""
        return str(key) if raw else ""

    def store(self, value: JSON, read: bool, key: JSON = diskcache.UNKNOWN) -> Any:
        """Return what the database holds of a value."""
        if not read:
            text = _dumps(value)
            value = text if len(text) <= SMALL else zlib.compress(text, self.compress_level)
        return diskcache.Disk.store(self, value, read, key=key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> JSON:
        """Return the value that the database holds.

        Raises:
            ValueError: it is of a kind that is never stored.
        """
        if mode not in _PLAIN_MODES:
            raise ValueError("not a stored answer")
        data = diskcache.Disk.fetch(self, mode, filename, value, read)
        if read:
            return data
        return _loads(zlib.decompress(data) if data.startswith(_COMPRESSED) else data)


def _dumps(value: JSON) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits; a blank tells `_loads` who wrote it.
        return b" " + json.dumps(value).encode()


def _loads(data: bytes) -> JSON:
    # orjson would turn integers beyond 64 bits into floats.
    return json.loads(data) if data.startswith(b" ") else orjson.loads(data)


class Cache:
    """The answers of one state directory. Several processes may use it at once.

    Many answers at a time are read from and written to diskcache's table directly: that takes a
    third of the time of as many calls of its own.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._direct: sqlite3.Connection | None = None
        with self._reporting():
            _wait_for_lock(folder / diskcache.core.DBNAME)
            self._store = diskcache.Cache(
                str(folder),
                timeout=LOCK_TIMEOUT,
                disk=_Disk,
                disk_compress_level=1,
                eviction_policy="none",
                cull_limit=0,
                statistics=0,
            )

    def get(self, fingerprint: str, age: timedelta) -> JSON | None:
        """Return the answer if it is no older than `age`; None if there is none.

        An entry that cannot be read counts as absent.
        """
        entry = self.entry(fingerprint)
        return entry.answer if entry is not None and self.is_fresh(entry, age) else None

    def is_fresh(self, entry: Entry, age: timedelta) -> bool:
        """Return whether an entry is no older than `age`."""
        return self._clock() - entry.stored_at <= age.total_seconds()

    def is_empty(self) -> bool:
        """Return whether nothing is stored."""
        with self._reporting():
            return len(self._store) == 0

    def entry(self, fingerprint: str) -> Entry | None:
        """Return what is stored, however old."""
        try:
            with self._reporting():
                return _entry(self._store.get(fingerprint, retry=True))
        except _UNREADABLE:
            return None

    def look(self, fingerprints: Sequence[str]) -> dict[str, Entry]:
        """Return what is stored of many fingerprints, however old; those not stored are absent."""
        found: dict[str, Entry] = {}
        disk = self._store.disk
        for key, mode, filename, value in self._rows("key, mode, filename, value", fingerprints):
            try:
                entry = _entry(disk.fetch(mode, filename, value, False))
            except (*_UNREADABLE, OSError):
                continue
            if entry is not None:
                found[key] = entry
        return found

    def ages(self, fingerprints: Sequence[str]) -> dict[str, float]:
        """Return how old each of many answers is, in seconds, without reading them.

        Those not stored are absent.
        """
        now = self._clock()
        return {
            key: now - float(tag)
            for key, tag in self._rows("key, tag", fingerprints)
            if isinstance(tag, float | int)
        }

    def _rows(self, columns: str, fingerprints: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        with self._reporting():
            database = self._database()
            for start in range(0, len(fingerprints), LOOK):
                some = fingerprints[start : start + LOOK]
                marks = ",".join("?" * len(some))
                yield from database.execute(
                    f"SELECT {columns} FROM Cache WHERE raw = 1 AND key IN ({marks})",  # noqa: S608
                    some,
                ).fetchall()

    def _database(self) -> sqlite3.Connection:
        if self._direct is None:
            file = self._folder / diskcache.core.DBNAME
            self._direct = sqlite3.connect(file, timeout=LOCK_TIMEOUT, isolation_level=None)
            self._direct.execute("PRAGMA synchronous = NORMAL")
        return self._direct

    def put(self, fingerprint: str, answer: JSON) -> None:
        """Store an answer, stamped with the time of now."""
        self.put_many([(fingerprint, answer, None)])

    def put_many(self, answers: Iterable[tuple[str, JSON, float | None]]) -> None:
        """Store answers by fingerprint, all in one transaction.

        Each is stamped with the time it is from (None: now), which is never later than now.
        """
        now, disk = self._clock(), self._store.disk
        rows: list[tuple[Any, ...]] = []
        with self._reporting():
            for fingerprint, answer, at in answers:
                stored_at = now if at is None else min(at, now)
                stored = {"answer": answer, "stored_at": stored_at}
                written = disk.store(stored, False, key=fingerprint)
                rows.append((fingerprint, stored_at, stored_at, stored_at, *written))
            # Answers that are replaced may leave files behind.
            left = [name for (name,) in self._rows("filename", [row[0] for row in rows]) if name]
            database = self._database()
            database.execute("BEGIN IMMEDIATE")
            with database:
                database.executemany(_STORE, rows)
            for name in left:
                disk.remove(name)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield fingerprints and entries, oldest first."""
        with self._reporting():
            keys = list(self._store)
        found = [(key, entry) for key in keys if (entry := self.entry(key)) is not None]
        yield from sorted(found, key=lambda pair: (pair[1].stored_at, pair[0]))

    def prune(self, age: timedelta) -> int:
        """Remove what is older than `age`; return how many."""
        limit = self._clock() - age.total_seconds()
        old = [key for key, entry in self.entries() if entry.stored_at < limit]
        with self._reporting():
            for key in old:
                self._store.delete(key, retry=True)
        return len(old)

    def clear(self) -> int:
        """Remove everything; return how many."""
        with self._reporting():
            return int(self._store.clear(retry=True))

    def size_bytes(self) -> int:
        """Return the size on disk in bytes."""
        with self._reporting():
            return int(self._store.volume())

    def close(self) -> None:
        """Release the files."""
        with contextlib.suppress(*_BROKEN):
            if self._direct is not None:
                self._direct.close()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a broken, locked or read-only cache into words."""
        try:
            yield
        except _BROKEN as error:
            raise _unusable(self._folder, error) from error


def _entry(stored: JSON) -> Entry | None:
    if not isinstance(stored, dict) or "stored_at" not in stored:
        return None
    return Entry(answer=stored.get("answer"), stored_at=float(stored["stored_at"]))


def _wait_for_lock(file: Path) -> None:
    """Raise `sqlite3.OperationalError` where another program keeps the database locked.

    diskcache itself would wait for a minute and longer.
    """
    if file.exists():
        with contextlib.closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.rollback()


def _unusable(folder: Path, error: Exception) -> StateError:
    text = str(error).lower()
    if isinstance(error, diskcache.Timeout) or "locked" in text:
        return StateError(
            f"The cache {folder} is locked by another program",
            hint="Wait until it is done and run again",
        )
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return StateError(
            f"The cache {folder} cannot be written",
            hint="Change its permissions, or name another folder with RUNNER_STATE_DIR",
        )
    return StateError(
        f"The cache {folder} is damaged ({text or type(error).__name__})",
        hint="Delete that folder; answers in it will be asked again",
    )
