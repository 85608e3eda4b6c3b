"""What several job files of one call share: runner.yaml, schemas and data, each read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Found = TypeVar("Found")

_MOST = 256


class Shelf:
    """Keeps what was read from files, for as long as one call lasts; the oldest makes room."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def take(self, key: Hashable, read: Callable[[], Found]) -> Found:
        """Return what is kept under a key, or read it and keep it."""
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = read()
        found: Found = self._kept[key]
        return found
