"""What the environment wishes to be told, by OpenTelemetry's own variables; nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias, get_args

from runner.frozen import frozen

Signal: TypeAlias = Literal["traces", "metrics"]
Exporter: TypeAlias = Literal["otlp", "console"]

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOL: Final = "OTEL_EXPORTER_OTLP_PROTOCOL"


@frozen
class Wishes:
    """Who is to hear of each signal.

    Attributes:
        traces: How spans are sent; () for not at all.
        metrics: How metrics are sent; () for not at all.
        refused: What was wished for and is not there, one sentence each.
    """

    traces: tuple[Exporter, ...] = ()
    metrics: tuple[Exporter, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def are_any(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self.traces or self.metrics)


def wishes_of(environment: Mapping[str, str]) -> Wishes:
    """Return what an environment wishes for: nothing, unless a variable names who is to hear it.

    A signal is sent where OTEL_TRACES_EXPORTER (or OTEL_METRICS_EXPORTER) says how, or else where
    there is an endpoint for it; OTEL_SDK_DISABLED=true turns all of it off.
    """
    if _value(environment, "OTEL_SDK_DISABLED") == "true":
        return Wishes()
    refused: list[str] = []
    traces = tuple(_exporters(environment, "traces", refused))
    metrics = tuple(_exporters(environment, "metrics", refused))
    return Wishes(traces=traces, metrics=metrics, refused=tuple(dict.fromkeys(refused)))


def _exporters(
    environment: Mapping[str, str], signal: Signal, refused: list[str]
) -> Iterator[Exporter]:
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}"
    named = _value(environment, variable)
    if not named:
        has_endpoint = _value(environment, ENDPOINT) or _value(environment, f"{own}_ENDPOINT")
        named = "otlp" if has_endpoint else "none"
    protocol = _value(environment, f"{own}_PROTOCOL") or _value(environment, _PROTOCOL)
    for name in dict.fromkeys(each.strip() for each in named.split(",")):
        if name == "otlp" and protocol == "grpc":
            refused.append(
                "OTLP is sent over HTTP only: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
            )
        elif name == "otlp":
            yield "otlp"
        elif name == "console":
            yield "console"
        elif name not in ("none", ""):
            known = ", ".join(get_args(Exporter))
            refused.append(f"{variable}={name} is not known here; there are {known} and none")


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip().lower()
