"""How calls stand before anything is asked: answered, on their way, or new, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from runner.execute.cache import Cache
from runner.execute.ledger import Ledger, Purchase
from runner.frozen import frozen
from runner.job.model import Step
from runner.planning.calls import Call

State: TypeAlias = Literal["cached", "attached", "new"]

BOUGHT: Final = frozenset({"task", "findall"})
"""The kinds of calls that the ledger knows; the others are answered at once."""

ALWAYS = "the job always asks (cache: false)"
REFRESH = "every answer is to be fresh (--refresh)"
OLD = "its answer is older than the job's cache age"
FAILED = "it failed, longer ago than the job's cache age"


@frozen
class Standing:
    """How one call stands.

    Attributes:
        state: The cache answers it; an earlier run bought it (its failure is an answer too); or it
            is to be asked.
        age: How old the cached answer is, in seconds.
        why: Of a new one, why no answer serves; None where it was never stored.
        error: Of an attached one, why it failed; None where it did not, or not yet.
    """

    state: State
    age: float | None = None
    why: str | None = None
    error: str | None = None


class Standings:
    """Looks up how calls stand, many at a time; `cache` and `ledger` are None where none is."""

    def __init__(
        self,
        cache: Cache | None,
        ledger: Ledger | None,
        steps: Mapping[str, Step],
        *,
        refresh: bool = False,
    ) -> None:
        self._cache = cache
        self._ledger = ledger
        # How old an answer may be, by step; None where it is to be a new one.
        self._limits = {id_: None if refresh else step.cache for id_, step in steps.items()}
        self._refresh = refresh

    def of(self, calls: Sequence[Call]) -> list[Standing]:
        """Return how each call stands, in order."""
        fingerprints = [call.fingerprint for call in calls]
        ages = {} if self._cache is None else self._cache.ages(fingerprints)
        answered = [self._cached(call, ages.get(call.fingerprint)) for call in calls]
        known = [found for found in answered if found is not None]
        if len(known) == len(calls):
            return known
        both = list(zip(calls, answered, strict=True))
        bought = [call.fingerprint for call, found in both if not found and call.kind in BOUGHT]
        purchases = {} if self._ledger is None else self._ledger.look(bought)
        return [
            found
            or self._uncached(call, ages.get(call.fingerprint), purchases.get(call.fingerprint))
            for call, found in both
        ]

    def _cached(self, call: Call, age: float | None) -> Standing | None:
        limit = self._limits[call.step]
        if age is None or limit is None or age > limit.total_seconds():
            return None
        return Standing(state="cached", age=age)

    def _uncached(self, call: Call, age: float | None, purchase: Purchase | None) -> Standing:
        if (
            purchase is not None
            and self._ledger is not None
            and not purchase.is_stale(self._ledger.now(), self._limits[call.step])
        ):
            return Standing(state="attached", error=purchase.error)
        return Standing(state="new", why=self._why(call, age, purchase))

    def _why(self, call: Call, age: float | None, purchase: Purchase | None) -> str | None:
        if self._refresh:
            return REFRESH
        if self._limits[call.step] is None:
            return ALWAYS
        if age is not None:
            return OLD
        return FAILED if purchase is not None and purchase.state == "failed" else None
