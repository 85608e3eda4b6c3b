"""What a call costs that no cache answers: the one table of prices.

Source: the Parallel price list (https://docs.parallel.ai), as of 2026-11. runner.yaml may put other
prices in their place, for an account with its own agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from runner.job.draft import BUILT_IN
from runner.job.durations import parse_money
from runner.job.model import Job, Kind
from runner.jsonvalue import JSON
from runner.planning.processors import FAST
from runner.plugins import PROVIDERS, PluginError, described, load_plugin

AS_OF = "2026-11"

Prices: TypeAlias = Mapping[str, Decimal]
"""US dollars by name: a processor's run, or one of the others in `PRICES`."""

PRICES: Prices = MappingProxyType(
    {
        name: Decimal(price)
        for name, price in {
            # A run of a task, whatever its fields; a `-fast` variant costs the same.
            "lite": "0.005",
            "base": "0.010",
            "core": "0.025",
            "core2x": "0.050",
            "pro": "0.100",
            "ultra": "0.300",
            "ultra2x": "0.600",
            "ultra4x": "1.200",
            "ultra8x": "2.400",
            # A search request with up to 10 results, and each result beyond.
            "search": "0.005",
            "search_result": "0.001",
            # A page of an extract request.
            "extract_url": "0.001",
            # A FindAll run by its generator, and each match.
            "findall.preview.run": "0.10",
            "findall.preview.match": "0",
            "findall.base.run": "0.25",
            "findall.base.match": "0.03",
            "findall.core.run": "2.00",
            "findall.core.match": "0.15",
            "findall.pro.run": "10.00",
            "findall.pro.match": "1.00",
        }.items()
    }
)

SEARCH_RESULTS_INCLUDED = 10

FREE_PROVIDERS = frozenset({"local"})


def prices_of(job: Job) -> Prices:
    """Return what a job pays: the list prices, and over them those of its runner.yaml.

    A plugin is free but for what it says itself.

    Raises:
        PluginError: it cannot be loaded, or a price of its is none.
    """
    if job.provider in BUILT_IN:
        return {**PRICES, **job.prices}
    return {**dict.fromkeys(PRICES, Decimal(0)), **_plugin_prices(job.provider), **job.prices}


def _plugin_prices(name: str) -> Prices:
    try:
        stated = getattr(load_plugin(PROVIDERS, name), "prices", None) or {}
    except KeyError:
        return {}  # Whoever opens it says that there is none.
    found: dict[str, Decimal] = {}
    for each, value in dict(stated).items():
        amount = parse_money(str(value))
        if each not in PRICES or amount is None:
            raise PluginError(
                f"The provider {described(PROVIDERS, name)} has a price that is none: "
                f"{each}: {value}",
                hint=f"The names are {', '.join(PRICES)}; an amount is in US dollars",
            )
        found[each] = amount
    return found


def price(
    provider: str, kind: Kind, body: Mapping[str, JSON], prices: Prices = PRICES
) -> tuple[Decimal, Decimal]:
    """Return the least and the most a provider charges for one request, in US dollars.

    They differ only for FindAll, which costs more the more it finds.
    """
    if provider in FREE_PROVIDERS:
        return _same(Decimal(0))
    match kind:
        case "task":
            return _same(task_price(body["processor"], prices))
        case "search":
            settings = body.get("advanced_settings") or {}
            wanted = settings.get("max_results") or SEARCH_RESULTS_INCLUDED
            more = max(0, wanted - SEARCH_RESULTS_INCLUDED)
            return _same(prices["search"] + prices["search_result"] * more)
        case "extract":
            return _same(prices["extract_url"] * len(body["urls"]))
        case "findall":
            name = f"findall.{body['generator']}"
            least = prices[f"{name}.run"]
            return least, least + prices[f"{name}.match"] * body["match_limit"]


def task_price(processor: str, prices: Prices = PRICES) -> Decimal:
    """Return what a run of a processor costs."""
    return prices[processor] if processor in prices else prices[processor.removesuffix(FAST)]


def _same(amount: Decimal) -> tuple[Decimal, Decimal]:
    return amount, amount
