"""What a call costs that no cache answers. Source: the Parallel price list as of 2026-11."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from runner.jsonvalue import JSON
from runner.plan.calls import Kind
from runner.plan.processors import PROCESSORS

SEARCH_USD = Decimal("0.005")
SEARCH_RESULTS_INCLUDED = 10
SEARCH_RESULT_USD = Decimal("0.001")
EXTRACT_URL_USD = Decimal("0.001")

FREE_PROVIDERS = frozenset({"local"})


def price(provider: str, kind: Kind, body: Mapping[str, JSON]) -> Decimal:
    """Return what a provider charges for one request, in USD."""
    if provider in FREE_PROVIDERS:
        return Decimal(0)
    match kind:
        case "task":
            return PROCESSORS[body["processor"]].price_usd
        case "search":
            settings = body.get("advanced_settings") or {}
            wanted = settings.get("max_results") or SEARCH_RESULTS_INCLUDED
            return SEARCH_USD + SEARCH_RESULT_USD * max(0, wanted - SEARCH_RESULTS_INCLUDED)
        case "extract":
            return EXTRACT_URL_USD * len(body["urls"])
        case "findall":
            raise NotImplementedError("a FindAll run has a price range, not a price")
