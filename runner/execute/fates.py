"""What became of a distinct call in one run, told apart from its answer, which is in the cache."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from runner.execute.outcomes import Status
from runner.planning.distinct import FEW, FIRST_SIZE, place_of, short

Source: TypeAlias = Literal["cached", "new", "attached"]
"""Where an answer came from: the cache, this run's purchase, or one that was on its way."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a call ended: `status` is `ok` where the cache holds an answer.

    `purchases` is how often this run bought it, if its source is `new`; `cost_usd` what that came
    to where it is not known from the call.
    """

    status: Status
    source: Source = "new"
    error: str | None = None
    run_id: str | None = None
    purchases: int = 1
    cost_usd: Decimal | None = None


CACHED = Fate("ok", "cached")
NEW = Fate("ok", "new")
PAID = Fate("ok", "new", purchases=0)
"""Of equal calls the first one has paid."""
ATTACHED = Fate("ok", "attached")

SUBMITTED: Final = "Submitted; run again to pick it up"
LATE: Final = "Still running at the timeout; run again to pick it up"
NOT_BOUGHT: Final = "Not bought (--no-buy)"


def no_room(budget: Decimal | None) -> str:
    """Return why a call was not bought."""
    return f"The budget of ${budget} has no room for it"


class Fates:
    """Fates by fingerprint (a hexadecimal text), in some 30 bytes for each of very many.

    Of two fingerprints that are taken for the same (see `plan.distinct`) the second is left
    unanswered.
    """

    def __init__(self, *, few: int = FEW) -> None:
        self._most = few
        self._few: dict[str, Fate] | None = {}
        self._slots = array("Q")
        self._numbers = array("I")
        self._fates: list[Fate] = []
        self._number: dict[Fate, int] = {}
        self._count = 0

    def get(self, fingerprint: str, default: Fate | None = None) -> Fate | None:
        """Return a call's fate; the default where it has none."""
        if self._few is not None:
            return self._few.get(fingerprint, default)
        place = place_of(self._slots, short(fingerprint))
        return self._fates[self._numbers[place]] if self._slots[place] else default

    def __getitem__(self, fingerprint: str) -> Fate:
        fate = self.get(fingerprint)
        if fate is None:
            raise KeyError(fingerprint)
        return fate

    def __contains__(self, fingerprint: str) -> bool:
        return self.get(fingerprint) is not None

    def __setitem__(self, fingerprint: str, fate: Fate) -> None:
        few = self._few
        if few is not None:
            few[fingerprint] = fate
            if len(few) > self._most:
                self._few = None
                self._slots = array("Q", bytes(8 * FIRST_SIZE))
                self._numbers = array("I", bytes(4 * FIRST_SIZE))
                self.update(few)
            return
        value = short(fingerprint)
        place = place_of(self._slots, value)
        if not self._slots[place]:
            self._count += 1
            if 2 * self._count > len(self._slots):
                self._grow()
                place = place_of(self._slots, value)
            self._slots[place] = value
        number = self._number.get(fate)
        if number is None:
            number = self._number[fate] = len(self._fates)
            self._fates.append(fate)
        self._numbers[place] = number

    def update(self, fates: Mapping[str, Fate]) -> None:
        """Set many fates."""
        if self._few is not None and len(self._few) + len(fates) <= self._most:
            self._few.update(fates)
            return
        for fingerprint, fate in fates.items():
            self[fingerprint] = fate

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        numbers = array("I", bytes(8 * len(self._slots)))
        for value, number in zip(self._slots, self._numbers, strict=True):
            if value:
                place = place_of(slots, value)
                slots[place], numbers[place] = value, number
        self._slots, self._numbers = slots, numbers
