"""What became of a distinct call in one run, told apart from its answer, which is in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from runner.execute.outcomes import Status

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
ATTACHED = Fate("ok", "attached")


def no_room(budget: Decimal | None) -> str:
    """Return why a call was not bought."""
    return f"The budget of ${budget} has no room for it"
