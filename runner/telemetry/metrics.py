"""A run as metrics: calls, rows, money, and how long requests take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from opentelemetry.metrics import Meter

from runner.execute.fates import Fate
from runner.execute.outcomes import Outcome
from runner.execute.watching import Watcher
from runner.planning.calls import Call
from runner.providers.exchanges import Exchange
from runner.telemetry.names import About, shared_attributes

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""The bounds of the buckets that the conventions advise for the duration of requests."""


class Metrics(Watcher):
    """Counts what a run tells. Nothing that differs from row to row is in any attribute."""

    def __init__(self, meter: Meter, about: About) -> None:
        self._about = {"runner.job.name": about.job, "runner.provider": about.provider}
        self._calls = meter.create_counter(
            "runner.calls", "{call}", "Distinct calls that have their fate, by status and source."
        )
        self._rows = meter.create_counter(
            "runner.rows", "{row}", "Rows that have their outcome, by step, status and cache."
        )
        self._cost = meter.create_counter(
            "runner.cost", "{USD}", "What runs have committed to, in US dollars."
        )
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._counted_usd = Decimal(0)

    def exchanged(self, exchange: Exchange) -> None:
        """Note how long a request took."""
        self._duration.record(exchange.milliseconds / 1000, shared_attributes(exchange))

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Count distinct calls."""
        for (status, source), count in Counter(
            (fate.status, fate.source) for fate in fates.values()
        ).items():
            said = {"runner.call.status": status, "runner.call.source": source}
            self._calls.add(count, {**self._about, **said})

    def outcome(self, call: Call, outcome: Outcome) -> None:
        """Count a row."""
        said: dict[str, str | bool] = {
            "runner.step.id": call.step,
            "runner.row.status": outcome.status,
            "runner.row.cached": outcome.cached,
        }
        self._rows.add(1, {**self._about, **said})

    def committed(self, cost_usd: Decimal) -> None:
        """Count the money that has been committed since."""
        if cost_usd > self._counted_usd:
            self._cost.add(float(cost_usd - self._counted_usd), self._about)
            self._counted_usd = cost_usd
