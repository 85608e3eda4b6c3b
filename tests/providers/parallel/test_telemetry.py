"""Runs as OpenTelemetry sees them, sent to a receiver on loopback; and never in a run's way."""

import json
import os
import signal
import sys
import time

import pytest

from runner.server.faults import Fault, Faults
from tests.providers.parallel.test_signals import PATIENCE, start, wait_until_bought
from tests.telemetry.collector import Collector

CLIENT = 3
STEPS = """\
name: mixed
items: rows.csv
results: out/rows.jsonl
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
steps:
  - id: find
    search: {queries: ["{{ item.name }} head office"]}
  - id: ask
    query: Facts about {{ item.name }}
    processor: base
    output: schema.json
"""


@pytest.fixture
def collector(monkeypatch):
    for name in tuple(os.environ):
        if name.startswith("OTEL_") or name in ("TRACEPARENT", "TRACESTATE"):
            monkeypatch.delenv(name)
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


@pytest.fixture
def mixed(project, collector):
    project.write("job.yaml", STEPS)
    project.rows(5)
    return project


def test_every_request_is_a_span_below_its_call_or_purchase_its_step_and_the_run(mixed, collector):
    """In one trace; and what the spans say of rows and money is what the run says itself."""
    mixed.server.faults = Faults(error_before=Fault(marker="Company 3", count=1))
    done = mixed.run("--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert len({span.trace for span in collector.spans}) == 1
    asked = [span for span in collector.spans if span.kind == CLIENT]
    assert len(asked) == len(mixed.server.requests)
    chains = {(span.name, *collector.chain(span)) for span in asked}
    assert ("POST /v1/search", "search", "step find", "run mixed") in chains
    bought = ("POST /v1/tasks/groups/{id}/runs", "purchase", "step ask", "run mixed")
    assert bought in chains
    assert all(chain[-1] == "run mixed" for chain in chains)
    (run,) = collector.named("run mixed")
    assert run.said["runner.status"] == "done"
    assert run.said["runner.run.id"] == record["run"]
    assert run.said["runner.rows.ok"] == run.said["runner.rows"] == 10
    assert run.said["runner.cost_usd"] == pytest.approx(record["cost_usd"])
    for step in (*collector.named("step find"), *collector.named("step ask")):
        assert (step.said["runner.rows"], step.said["runner.rows.cached"]) == (5, 0)
        assert run.start <= step.start <= step.end <= run.end
    (purchase,) = collector.named("purchase")
    assert purchase.said["runner.calls"] == 5
    assert purchase.said["runner.price_usd"] == pytest.approx(0.05)
    assert len(collector.named("search")) == 5
    assert collector.resource["service.name"] == "runner"


def test_requests_speak_the_conventions_of_http_clients(mixed, collector):
    """A request that was sent again says so, and one that failed is an error."""
    mixed.server.faults = Faults(error_before=Fault(marker="Company 3", count=1))
    assert mixed.run().exit_code == 0
    searches = collector.named("POST /v1/search")
    (failed,) = [span for span in searches if span.failed]
    status = failed.said["http.response.status_code"]
    assert status >= 500
    assert failed.said["error.type"] == str(status)
    (again,) = [span for span in searches if "http.request.resend_count" in span.said]
    assert again.said["http.request.resend_count"] == 1
    assert again.parent == failed.parent
    url = mixed.server.url
    assert {key: again.said[key] for key in again.said if key != "http.request.resend_count"} == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(url.rpartition(":")[2]),
        "url.scheme": "http",
        "url.template": "/v1/search",
        "url.full": f"{url}/v1/search",
    }
    (added,) = collector.named("POST /v1/tasks/groups/{id}/runs")
    assert "{id}" not in added.said["url.full"]


def test_metrics_count_calls_rows_money_and_how_long_requests_take(mixed, collector):
    first = json.loads(mixed.run("--json").stdout)
    requests = len(mixed.server.requests)
    assert collector.counted("runner.calls", status="ok", source="new") == 10
    assert collector.counted("runner.rows", status="ok", cached=False) == 10
    assert collector.counted("runner.cost") == pytest.approx(first["cost_usd"])
    assert collector.counted("http.client.request.duration") == requests
    assert collector.counted("http.client.request.duration", template="/v1/search") == 5
    assert mixed.run().exit_code == 0
    assert collector.counted("runner.calls", source="cached") == 10
    assert collector.counted("runner.rows", id="find", cached=True) == 5
    assert len(mixed.server.requests) == requests


def test_no_key_and_no_contents_of_a_row_are_sent(mixed, collector):
    mixed.server.faults = Faults(failed="Company 2")
    assert mixed.run().exit_code == 1
    sent = b"".join(collector.bodies)
    assert b"step ask" in sent
    assert b"Company" not in sent
    assert mixed.server.key.encode() not in sent
    (run,) = collector.named("run mixed")
    assert run.failed
    assert run.said["runner.rows.failed"] == 1


def test_a_run_joins_the_trace_it_is_started_in(mixed, collector, monkeypatch):
    """As CI systems name it, in TRACEPARENT; and the service is called what the variables say."""
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("TRACEPARENT", f"00-{trace}-{parent}-01")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "research")
    assert mixed.run().exit_code == 0
    (run,) = collector.named("run mixed")
    assert (run.trace, run.parent) == (trace, parent)
    assert collector.resource["service.name"] == "research"


@pytest.mark.parametrize("trouble", ["refuses", "hangs", "fails"])
def test_a_collector_in_trouble_neither_stops_nor_holds_up_a_run(
    mixed, collector, monkeypatch, trouble
):
    """There is a warning, or none where nothing is to be said; and the end waits not for long."""
    monkeypatch.setattr("runner.telemetry.export.PATIENCE_SECONDS", 0.3)
    if trouble == "refuses":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    elif trouble == "hangs":
        collector.seconds = 60.0
    else:
        collector.status = 400
    begun = time.monotonic()
    done = mixed.run("--json")
    assert time.monotonic() - begun < 2.5  # the exporter itself would try for 10 seconds
    assert done.exit_code == 0
    assert json.loads(done.stdout)["status"] == "done"
    (warning,) = [line for line in done.stderr.splitlines() if "OpenTelemetry" in line]
    assert "not everything was sent" in warning
    assert mixed.run("-q").output == ""


def test_an_interrupted_run_sends_what_it_has(mixed, collector):
    """And its log says so, too."""
    mixed.server.faults = Faults(endless=1.0)
    process = start(mixed, "--log-file", "log.jsonl")
    wait_until_bought(mixed, 5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    (run,) = collector.named("run mixed")
    assert run.said["runner.status"] == "interrupted"
    assert collector.chain(*collector.named("purchase")) == ["step ask", "run mixed"]
    last = (mixed.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["status"] == "interrupted"


def test_a_run_that_cannot_begin_is_told_of(mixed, collector, monkeypatch):
    monkeypatch.delenv("PARALLEL_API_KEY")
    assert mixed.run().exit_code == 3
    (run,) = collector.named("run mixed")
    assert run.failed
    assert run.said["runner.status"] == "stopped"


def test_without_the_extra_a_run_says_how_to_get_it(mixed, collector, monkeypatch):
    monkeypatch.setitem(sys.modules, "runner.telemetry.export", None)
    done = mixed.run()
    assert done.exit_code == 0
    assert "pip install 'research-runner[otel]'" in done.stderr
    assert collector.bodies == []


def test_a_variable_that_cannot_be_read_stops_no_run(mixed, collector, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    done = mixed.run()
    assert done.exit_code == 0
    assert "OpenTelemetry cannot be used" in done.stderr
