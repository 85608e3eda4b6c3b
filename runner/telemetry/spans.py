"""A run as spans: the run, its steps, what each call or purchase took, and every request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from opentelemetry import context as contexts
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from runner.execute.fates import Fate
from runner.execute.outcomes import Outcome
from runner.execute.watching import End, Watcher
from runner.planning.calls import Call
from runner.providers.exchanges import Exchange
from runner.telemetry.names import About, request_attributes

MILLISECOND: Final = 1_000_000
"""In nanoseconds, in which spans count time."""

FINGERPRINT_SHOWN: Final = 12

_FAILED: Final[frozenset[End]] = frozenset({"failed", "stopped"})


@dataclass(slots=True)
class _Work:
    """A call, or the purchases in one group, under way: its span, and when it was last heard of."""

    span: Span
    last: int
    step: str | None
    calls: int = 0
    price_usd: Decimal = field(default_factory=Decimal)


@dataclass(slots=True)
class _Step:
    """A step under way, and how its rows came out so far."""

    span: Span
    rows: Counter[str] = field(default_factory=Counter)
    cached: int = 0
    cost_usd: Decimal = field(default_factory=Decimal)


class Spans(Watcher):
    """Makes spans of what a run tells; a span's parent is found by what its request was for.

    `parent` holds `traceparent`, where something larger started the run.
    """

    def __init__(
        self,
        tracer: Tracer,
        about: About,
        *,
        parent: Mapping[str, str],
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._tracer = tracer
        self._now = now
        self._run = self._start(
            f"run {about.job}",
            None,
            {
                "runner.job.name": about.job,
                "runner.run.id": about.run,
                "runner.provider": about.provider,
            },
            within=extract(parent),
        )
        self._steps: dict[str, _Step] = {}
        self._calls: dict[str, _Work] = {}
        self._groups: dict[str, _Work] = {}
        self._total = _Step(self._run)

    def began(self, steps: Sequence[str]) -> None:
        """Start the spans of steps."""
        for step in steps:
            span = self._start(f"step {step}", self._run, {"runner.step.id": step})
            self._steps[step] = _Step(span)

    def exchanged(self, exchange: Exchange) -> None:
        """Add the span of a request, below that of the call or purchase it was made for."""
        end = self._now()
        begin = end - round(exchange.milliseconds * MILLISECOND)
        work = self._work(exchange, begin)
        parent = self._parent(exchange) if work is None else work.span
        span = self._start(
            f"{exchange.method} {exchange.route}",
            parent,
            request_attributes(exchange),
            kind=SpanKind.CLIENT,
            begin=begin,
        )
        if exchange.is_failed:
            span.set_status(StatusCode.ERROR)
        span.end(end)
        if work is not None:
            work.last = end

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """End the spans of calls that were asked by themselves."""
        if not self._calls:
            return
        for fingerprint, fate in fates.items():
            work = self._calls.pop(fingerprint, None)
            if work is None:
                continue
            work.span.set_attribute("runner.call.status", fate.status)
            if fate.status == "failed":
                work.span.set_status(StatusCode.ERROR)
            _end(work, self._now())

    def outcome(self, call: Call, outcome: Outcome) -> None:
        """Count a row."""
        for step in (self._steps.get(call.step), self._total):
            if step is not None:
                step.rows[outcome.status] += 1
                step.cached += outcome.cached
                step.cost_usd += outcome.cost_usd

    def ended(self, steps: Sequence[str]) -> None:
        """End the spans of steps, and of what was done for them."""
        for step in steps:
            self._end_work(step)
            known = self._steps.pop(step, None)
            if known is not None:
                _sum_up(known)
                known.span.end(self._now())

    def committed(self, cost_usd: Decimal) -> None:
        """Note what the run costs, pages that were verified included."""
        self._total.cost_usd = cost_usd

    def over(self, end: End) -> None:
        """End the run's span, and all that is still open; once."""
        if not self._run.is_recording():
            return
        self.ended(tuple(self._steps))
        _sum_up(self._total)
        self._run.set_attribute("runner.status", end)
        if end in _FAILED:
            self._run.set_status(StatusCode.ERROR)
        self._run.end(self._now())

    def _start(
        self,
        name: str,
        parent: Span | None,
        attributes: Mapping[str, str | int],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        begin: int | None = None,
        within: contexts.Context | None = None,
    ) -> Span:
        if parent is not None:
            within = set_span_in_context(parent)
        return self._tracer.start_span(
            name,
            context=within,
            kind=kind,
            attributes=attributes,
            start_time=self._now() if begin is None else begin,
        )

    def _work(self, exchange: Exchange, begin: int) -> _Work | None:
        """Return what a request belongs to: a call asked by itself, or the purchases in a group."""
        purpose = exchange.purpose
        if purpose.fingerprint is not None and purpose.kind != "task":
            known = self._calls.get(purpose.fingerprint)
            if known is None:
                span = self._start(
                    str(purpose.kind),
                    self._parent(exchange),
                    {"runner.call.fingerprint": purpose.fingerprint[:FINGERPRINT_SHOWN]},
                    begin=begin,
                )
                known = self._calls[purpose.fingerprint] = _Work(span, begin, purpose.step, calls=1)
        elif exchange.id is None:
            return None
        else:
            known = self._groups.get(exchange.id)
            if known is None:
                if not purpose.calls:
                    return None
                span = self._start(
                    "purchase",
                    self._parent(exchange),
                    {"runner.group.id": exchange.id},
                    begin=begin,
                )
                known = self._groups[exchange.id] = _Work(span, begin, purpose.step)
            known.calls += purpose.calls if exchange.is_accepted else 0
        known.price_usd += exchange.committed_usd
        return known

    def _parent(self, exchange: Exchange) -> Span:
        """Return the span of the step a request is made for; of the run where there are several."""
        step = self._steps.get(exchange.purpose.step or "")
        if step is None and len(self._steps) == 1:
            (step,) = self._steps.values()
        return self._run if step is None else step.span

    def _end_work(self, step: str) -> None:
        """End the spans of what was done for a step."""
        for under_way in (self._calls, self._groups):
            for name in [name for name, work in under_way.items() if work.step == step]:
                work = under_way.pop(name)
                _end(work, work.last)


def _end(work: _Work, at: int) -> None:
    work.span.set_attribute("runner.calls", work.calls)
    work.span.set_attribute("runner.price_usd", float(work.price_usd))
    work.span.end(at)


def _sum_up(step: _Step) -> None:
    step.span.set_attribute("runner.rows", step.rows.total())
    for status, count in step.rows.items():
        step.span.set_attribute(f"runner.rows.{status}", count)
    step.span.set_attribute("runner.rows.cached", step.cached)
    step.span.set_attribute("runner.cost_usd", float(step.cost_usd))
