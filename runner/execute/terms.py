"""On which terms a run asks and buys, and what an answer is kept with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from runner.errors import InvalidRequestError
from runner.execute.fates import Fate
from runner.frozen import frozen
from runner.job.model import Step
from runner.jsonvalue import JSON
from runner.planning.calls import Call
from runner.providers.base import Answer

Kept: TypeAlias = tuple[str, Answer, float | None]
"""A fingerprint's answer and when it is from (None: now)."""


@frozen
class Terms:
    """On which terms a run asks and buys.

    Attributes:
        steps: By id.
        concurrency: So many requests are under way at the same time.
        refresh: Use no earlier answer; what is answered is still stored.
        offline: Read only the cache; what is not there is `skipped`.
        budget: The most that the job's living runs may commit to, in USD.
        wait: Wait for what is bought; else it is left `pending`.
        buy: Ask and buy what is new; else it is `skipped`.
        timeout: How long a bought call is waited for, in seconds.
        name: What a call is called where it is told of its progress.
        place: Where in the job file a call's step stands (`file:line`), for messages.
    """

    steps: Mapping[str, Step]
    concurrency: int
    refresh: bool = False
    offline: bool = False
    budget: Decimal | None = None
    wait: bool = True
    buy: bool = True
    timeout: Callable[[Call], float] = lambda _call: 600.0
    name: Callable[[Call], str] = lambda call: call.key
    place: Callable[[Call], str] = lambda _call: ""

    def age(self, step: str) -> timedelta | None:
        """Return how old an answer to a step's call may be; None where it is to be a new one."""
        return None if self.refresh else self.steps[step].cache

    def refused(self, call: Call, error: InvalidRequestError) -> Fate:
        """Return what became of a call that was refused as invalid, and where it stands."""
        said = f"{self.place(call)}: {error.message} (row {call.row + 1}, {call.key})"
        return Fate("failed", "new", said)


def entry_of(kept: Kept) -> tuple[str, dict[str, JSON], float | None]:
    """Return an answer as the cache stores it."""
    fingerprint, answer, at = kept
    stored = {
        "output": answer.output,
        "basis": list(answer.basis),
        "run_id": answer.run_id,
        "warnings": list(answer.warnings),
        "output_schema": answer.output_schema,
        "interaction_id": answer.interaction_id,
    }
    return fingerprint, stored, at
