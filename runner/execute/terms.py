"""On which terms a run buys, and what an answer is kept with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from runner.job.model import Step
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.providers.base import Answer

Kept: TypeAlias = tuple[str, Answer, float | None]
"""A fingerprint's answer and when it is from (None: now)."""

NOT_BOUGHT: Final = "Not bought (--no-buy)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a run buys.

    Attributes:
        budget: The most that the job's living runs may commit to, in USD.
        refresh: Buy even what was bought and answered before.
        wait: Wait for outcomes; else submit and leave.
        buy: Buy what is not bought yet; else it is skipped.
        timeout: Of a call, in seconds.
        place: Where in the job file a step stands (`file:line`), by step.
    """

    steps: Mapping[str, Step]
    budget: Decimal | None
    refresh: bool
    wait: bool
    buy: bool
    timeout: Callable[[Call], float]
    place: Callable[[Call], str]


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
