"""Which calls are met for the first time, in a few bytes a call."""

from __future__ import annotations

from array import array
from typing import Final

_FIRST_SIZE: Final = 1 << 12


class Distinct:
    """A set of fingerprints (hexadecimal texts) in 16 to 32 bytes each: for counting them.

    It keeps the first 64 bits of each. Among a million different fingerprints, two are taken for
    the same with a probability of 3 in 100 million.
    """

    def __init__(self) -> None:
        self._slots = array("Q", [0]) * _FIRST_SIZE  # 0 is an empty slot.
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, fingerprint: str) -> bool:
        """Remember a fingerprint; return whether it is met for the first time."""
        value = int(fingerprint[:16], 16) or 1
        if not _put(self._slots, value):
            return False
        self._count += 1
        if 2 * self._count > len(self._slots):
            larger = array("Q", [0]) * (2 * len(self._slots))
            for each in self._slots:
                if each:
                    _put(larger, each)
            self._slots = larger
        return True


def _put(slots: array[int], value: int) -> bool:
    mask = len(slots) - 1
    place = value & mask
    while (held := slots[place]) != value:
        if not held:
            slots[place] = value
            return True
        place = (place + 1) & mask
    return False
