"""What OpenTelemetry's own variables turn on, and what they leave off."""

import pytest

from runner.telemetry.wishes import Wishes, wishes_of

HERE = "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("environment", "traces", "metrics"),
    [
        ({}, (), ()),
        ({"OTEL_SERVICE_NAME": "research", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, (), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, ("otlp",), ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "  "}, (), ()),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": HERE}, ("otlp",), ()),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": HERE}, (), ("otlp",)),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ("otlp",), ()),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ("console", "otlp"), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE, "OTEL_METRICS_EXPORTER": "None"}, ("otlp",), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE, "OTEL_SDK_DISABLED": "TRUE"}, (), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE, "OTEL_SDK_DISABLED": "1"}, ("otlp",), ("otlp",)),
    ],
)
def test_a_signal_is_sent_only_where_a_variable_says_to_whom(environment, traces, metrics):
    assert wishes_of(environment) == Wishes(traces=traces, metrics=metrics)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER=zipkin is not known here"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": HERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTLP is sent over HTTP only",
        ),
    ],
)
def test_what_is_not_there_is_said_once_and_nothing_is_sent(environment, said):
    wishes = wishes_of(environment)
    assert not wishes.are_any
    (sentence,) = wishes.refused
    assert said in sentence


def test_one_signal_may_have_a_protocol_of_its_own():
    wishes = wishes_of(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": HERE,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
        }
    )
    assert (wishes.traces, wishes.metrics) == ((), ("otlp",))
