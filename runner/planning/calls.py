"""A call: one request to a provider, with the fingerprint that says when two are the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from runner.frozen import frozen
from runner.job.model import Kind
from runner.jsonvalue import JSON, digest

UNASKED = frozenset({"metadata", "webhook"})
"""Parts of a request body that do not change its answer."""


WEBHOOK_EVENT = "task_run.status"
"""The one event that the API rings a webhook for: a run that is over."""


@frozen
class Withheld:
    """Why a call is not asked: `skipped`, `failed` or `pending`, and the reason in a sentence."""

    status: Literal["skipped", "failed", "pending"]
    reason: str


@frozen
class Call:
    """What one row asks of one step.

    Attributes:
        row: Index of the row, from 0; the input's order.
        key: What the row is called in reports.
        item: The row itself ({} for a job without items).
        body: The request body, exactly as the Parallel API takes it.
        fingerprint: sha256 of provider, kind and body; see `fingerprint`.
        price_usd: The most that the provider charges for it when it is not cached.
        least_usd: The least; another sum only for FindAll. None: the same.
        withheld: Why it is not asked; its outcome is known from the start.
    """

    row: int
    step: str
    kind: Kind
    key: str
    item: Mapping[str, JSON]
    body: Mapping[str, JSON]
    fingerprint: str
    price_usd: Decimal
    least_usd: Decimal | None = None
    withheld: Withheld | None = None


def fingerprint(provider: str, kind: Kind, body: Mapping[str, JSON]) -> str:
    """Return what identifies a call's answer, whatever the order of keys.

    `provider` names who answers and the edition of what it answers from (for the local provider
    the state of the documents), so that an edited document is a new question.
    """
    if not UNASKED.isdisjoint(body):
        body = {key: value for key, value in body.items() if key not in UNASKED}
    return digest([provider, kind, body])
