"""Sending spans and metrics, without ever holding up a run: what cannot be sent is let go."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from runner import __version__
from runner.execute.watching import Watcher
from runner.telemetry.metrics import Metrics
from runner.telemetry.names import About
from runner.telemetry.spans import Spans
from runner.telemetry.wishes import Wishes

SCOPE: Final = "runner"
PATIENCE_SECONDS: Final = 3.0
"""So long the end of a run waits for the last to be sent."""

MOST_SAID: Final = 200
"""So many characters of what an exporter complains of are shown."""


class _Complaints(logging.Handler):
    """Keeps the first thing that the exporters complain of, in the place of printing them all."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or " ".join(record.getMessage().split())[:MOST_SAID]


class Telemetry:
    """Watchers of a run that send what they hear; `close` waits for it, but not for long."""

    def __init__(self, wishes: Wishes, about: About, environment: Mapping[str, str]) -> None:
        self._complaints = _Complaints()
        self._logger = logging.getLogger("opentelemetry")
        self._logger.addHandler(self._complaints)
        self._logger.propagate = False
        self._shutdowns: list[Callable[[], object]] = []
        self.watchers: list[Watcher] = []
        resource = _resource(environment)
        if wishes.traces:
            traces = TracerProvider(resource=resource, shutdown_on_exit=False)
            for name in wishes.traces:
                exporter = (
                    OTLPSpanExporter()
                    if name == "otlp"
                    else ConsoleSpanExporter(out=sys.stderr, service_name=SCOPE)
                )
                traces.add_span_processor(BatchSpanProcessor(exporter))
            self._shutdowns.append(traces.shutdown)
            tracer = traces.get_tracer(SCOPE, __version__)
            self.watchers.append(Spans(tracer, about, parent=_parent(environment)))
        if wishes.metrics:
            readers = [
                PeriodicExportingMetricReader(
                    OTLPMetricExporter()
                    if name == "otlp"
                    else ConsoleMetricExporter(out=sys.stderr)
                )
                for name in wishes.metrics
            ]
            metrics = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
            self._shutdowns.append(metrics.shutdown)
            self.watchers.append(Metrics(metrics.get_meter(SCOPE, __version__), about))

    def close(self) -> str | None:
        """Send what is left; return what went wrong with it, in a sentence, or None."""
        ends = time.monotonic() + PATIENCE_SECONDS
        threads = [threading.Thread(target=each, daemon=True) for each in self._shutdowns]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, ends - time.monotonic()))
        self._logger.removeHandler(self._complaints)
        if any(thread.is_alive() for thread in threads):
            return self._complaints.first or f"no answer within {PATIENCE_SECONDS:g} s"
        return self._complaints.first


def _resource(environment: Mapping[str, str]) -> Resource:
    """Return who is speaking: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go first."""
    attributes = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    is_named = bool(environment.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes
    given = Resource.create({} if is_named else {"service.name": "runner"})
    return Resource({"service.version": __version__}).merge(given)


def _parent(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the trace that a run is part of, which a CI system names in the environment."""
    names = ("traceparent", "tracestate")
    return {name: environment[name.upper()] for name in names if name.upper() in environment}
