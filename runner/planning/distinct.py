"""Fingerprints in a few bytes each: a table of slots, and the set of those met so far.

While they are few, plain sets and mappings hold them; they are faster, but take ten times the room.
A table holds 64 bits of each fingerprint. Among a million different ones, two are taken for the
same with a probability of 3 in 100 million.
"""

from __future__ import annotations

from array import array
from typing import Final

FEW: Final = 10_000
"""So many fingerprints are held as they are."""

FIRST_SIZE: Final = 1 << 16
"""So many slots a new table has; it doubles when half of them are taken."""


class Distinct:
    """A set of fingerprints (hexadecimal texts) in 16 to 32 bytes each: for counting them."""

    def __init__(self, *, few: int = FEW) -> None:
        self._most = few
        self._few: set[str] | None = set()
        self._slots = array("Q")
        self._count = 0

    def __len__(self) -> int:
        return self._count if self._few is None else len(self._few)

    def add(self, fingerprint: str) -> bool:
        """Remember a fingerprint; return whether it is met for the first time."""
        few = self._few
        if few is not None:
            if fingerprint in few:
                return False
            few.add(fingerprint)
            if len(few) > self._most:
                self._few, self._slots = None, array("Q", [0]) * FIRST_SIZE
                for each in few:
                    self.add(each)
            return True
        value = short(fingerprint)
        place = place_of(self._slots, value)
        if self._slots[place]:
            return False
        self._slots[place] = value
        self._count += 1
        if 2 * self._count > len(self._slots):
            larger = array("Q", [0]) * (2 * len(self._slots))
            for held in self._slots:
                if held:
                    larger[place_of(larger, held)] = held
            self._slots = larger
        return True


def short(fingerprint: str) -> int:
    """Return the first 64 bits of a fingerprint, never 0: that is an empty slot."""
    return int(fingerprint[:16], 16) or 1


def place_of(slots: array[int], value: int) -> int:
    """Return the slot where a value is, or may be put."""
    mask = len(slots) - 1
    place = value & mask
    while slots[place] not in (0, value):
        place = (place + 1) & mask
    return place
