"""Fingerprints in a few bytes each: a table of slots, and the set of those met so far.

A table holds 64 bits of each fingerprint. Among a million different ones, two are taken for the
same with a probability of 3 in 100 million.
"""

from __future__ import annotations

from array import array
from typing import Final

FIRST_SIZE: Final = 1 << 12
"""So many slots an empty table has; it doubles when half of them are taken."""


class Distinct:
    """A set of fingerprints (hexadecimal texts) in 16 to 32 bytes each: for counting them."""

    def __init__(self) -> None:
        self._slots = array("Q", [0]) * FIRST_SIZE
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, fingerprint: str) -> bool:
        """Remember a fingerprint; return whether it is met for the first time."""
        value = short(fingerprint)
        place = place_of(self._slots, value)
        if self._slots[place]:
            return False
        self._slots[place] = value
        self._count += 1
        if 2 * self._count > len(self._slots):
            larger = array("Q", [0]) * (2 * len(self._slots))
            for each in self._slots:
                if each:
                    larger[place_of(larger, each)] = each
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
