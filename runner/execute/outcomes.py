"""What became of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.planning.calls import Call, Withheld

Status: TypeAlias = Literal["ok", "failed", "invalid", "pending", "skipped"]


@frozen
class Outcome:
    """One row's outcome of one step: exactly one per row, in input order.

    Attributes:
        status: `ok`; `failed` (the provider's error); `invalid` (the answer breaks the output
            schema: kept and shown); `pending`; `skipped`.
        output: A dict or text for a task; `{"results": [...]}` for search and extract; None where
            there is no answer.
        basis: The API's `{field, reasoning, citations: [{url, title, excerpts}], confidence}`.
        processor: The task's processor; None for search and extract.
        cost_usd: What this answer cost in this run (0 from the cache and from the local provider).
        attached: It was bought by an earlier run, or another one, and picked up by this one.
        error: What went wrong, in one sentence, or None.
        withheld: It was not asked: it lies beyond the limit, or a step it needs has no answer.
        interaction_id: The provider's name for its research context, for a step that follows.
    """

    step: str
    row: int
    key: str
    item: Mapping[str, JSON]
    status: Status
    output: JSON = None
    basis: Sequence[Mapping[str, JSON]] = ()
    run_id: str | None = None
    processor: str | None = None
    cost_usd: Decimal = field(default_factory=Decimal)
    cached: bool = False
    warnings: Sequence[str] = ()
    error: str | None = None
    attached: bool = False
    withheld: bool = False
    interaction_id: str | None = None

    def record(self) -> dict[str, JSON]:
        """Return the line of a jsonl results file, keys in the documented order."""
        return {
            "step": self.step,
            "key": self.key,
            "item": _plain(self.item),
            "status": self.status,
            "output": self.output,
            "basis": [_plain(entry) for entry in self.basis],
            "run_id": self.run_id,
            "processor": self.processor,
            "cost_usd": float(self.cost_usd),
            "cached": self.cached,
            "warnings": list(self.warnings),
            "error": self.error,
        }


def _plain(mapping: Mapping[str, JSON]) -> dict[str, JSON]:
    return mapping if type(mapping) is dict else dict(mapping)


def unanswered(call: Call, status: Status, error: str, run_id: str | None = None) -> Outcome:
    """Return the outcome of a call that has no answer, and why."""
    return Outcome(
        step=call.step,
        row=call.row,
        key=call.key,
        item=call.item,
        status=status,
        run_id=run_id,
        processor=call.body.get("processor"),
        error=error,
    )


def withheld(call: Call, why: Withheld) -> Outcome:
    """Return the outcome of a call that is not asked."""
    return replace(unanswered(call, why.status, why.reason), withheld=True)
