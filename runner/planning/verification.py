"""What verifying citations may cost: each cited page is read once, at the price of extract."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from runner.job.model import JsonOutput, Step, Task
from runner.planning.prices import FREE_PROVIDERS, PRICES, Prices

PAGES_A_FIELD: Final = 3
"""So many pages a value is expected to cite at most; the API states no bound."""

PAGES_OF_A_TEXT: Final = 30
"""Likewise for an answer that is a text, or of a shape that is not known."""


def verification_price(
    provider: str, step: Step, calls: int, prices: Prices = PRICES
) -> tuple[Decimal, Decimal]:
    """Return the least and the most that verifying a step is expected to cost, in USD.

    The least is nothing: answers may cite nothing, or pages that are known already. The most is an
    estimate, not a promise; what a run spends is bounded by its budget.

    Args:
        provider: Who is asked.
        step: The step; one that does not verify costs nothing.
        calls: How many distinct calls it makes.
        prices: US dollars by name; `extract_url` counts.
    """
    none = Decimal(0)
    if not step.verify or provider in FREE_PROVIDERS or not isinstance(step.action, Task):
        return none, none
    output = step.action.output
    pages = PAGES_OF_A_TEXT
    if isinstance(output, JsonOutput):
        pages = PAGES_A_FIELD * max(1, len(output.schema.get("properties") or {}))
    return none, prices["extract_url"] * pages * calls
