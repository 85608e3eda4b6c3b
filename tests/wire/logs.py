"""What was billed and what was asked, one JSON line each, on disk before any answer leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class Log:
    """A file that grows by whole lines, each flushed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")

    def write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        self._file.write("".join(json.dumps(entry) + "\n" for entry in entries))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Billing(Log):
    """One line per accepted run, search and extract: `id`, `kind`, `key`, and what was asked."""


class Requests(Log):
    """One line per request: `method`, `route`, `path`, `status` (0: no answer), `fault`."""


def entries(path: Path) -> list[dict[str, Any]]:
    """Read the whole lines of a log, which another process may be writing."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def bought(path: Path) -> Counter[str]:
    """Count by canonical question how often each was bought."""
    return Counter(entry["key"] for entry in entries(path))
