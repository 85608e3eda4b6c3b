"""An OTLP receiver on loopback: what it was sent, as plain values."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Received:
    """A span; `parent` is None where it has none."""

    id: str
    trace: str
    parent: str | None
    name: str
    kind: int
    failed: bool
    start: int
    end: int
    said: dict[str, Any]


@dataclass
class Collector:
    """Keeps all it is sent; `status` is what it answers, after `seconds`."""

    status: int = 200
    seconds: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    spans: list[Received] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)
    _metrics: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        collector, gone = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                gone.wait(collector.seconds)
                if collector.status == 200:
                    collector.take(self.path, body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._gone = gone
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        self.bodies.append(body)
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resource = _values(group.resource.attributes)
                self.spans += [_span(each) for scope in group.scope_spans for each in scope.spans]
        elif path == "/v1/metrics":
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in group.scope_metrics:
                    # Counters count from the start: the last report is the whole.
                    self._metrics.update({metric.name: metric for metric in scope.metrics})

    def named(self, name: str) -> list[Received]:
        return [span for span in self.spans if span.name == name]

    def chain(self, span: Received) -> list[str]:
        """Return the names of a span's ancestors, the nearest first."""
        known = {each.id: each for each in self.spans}
        names = []
        while span.parent is not None and span.parent in known:
            span = known[span.parent]
            names.append(span.name)
        return names

    def counted(self, name: str, **wanted: Any) -> float:
        """Return the sum of a counter's points (or a histogram's counts) with such attributes."""
        metric = self._metrics.get(name)
        if metric is None:
            return 0
        points = metric.sum.data_points or metric.histogram.data_points
        total = 0.0
        for point in points:
            said = {key.rpartition(".")[2]: v for key, v in _values(point.attributes).items()}
            if wanted.items() <= said.items():
                is_sum = bool(metric.sum.data_points)
                total += (point.as_double or point.as_int) if is_sum else point.count
        return total


def _span(span: Any) -> Received:
    return Received(
        id=span.span_id.hex(),
        trace=span.trace_id.hex(),
        parent=span.parent_span_id.hex() or None,
        name=span.name,
        kind=span.kind,
        failed=span.status.code == 2,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        said=_values(span.attributes),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
