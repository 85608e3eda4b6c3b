"""A stream taken a portion at a time: what is looked up or written together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Entry = TypeVar("Entry")


def portions(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    """Yield the entries in lists of `size`, the last one as long as it comes; none is empty."""
    iterator = iter(entries)
    while portion := list(islice(iterator, size)):
        yield portion
