"""Jobs with a webhook, run with --no-wait, are finished by `runner webhook` alone."""

import json
import shutil
import socket
import time

import httpx
import pytest
from click.testing import CliRunner

from runner.cli.main import main
from runner.server.deliveries import Deliveries, Patience
from runner.server.faults import Fault, Faults
from runner.server.signatures import fresh_secret, signed_headers
from tests.server.commands import PATIENCE, ROOT, Command
from tests.wire import KEY, WireServer

SECRET = fresh_secret()

JOB = """\
name: rows
provider: parallel
vars: {year: 2025}
items: [Acme, Globex, Initech]
query: Facts about {{ item.value }} in {{ vars.year }}
processor: base
output: {founded_year: integer}
results: out/rows.jsonl
webhook: https://hooks.example.com/runner
"""


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="runner")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def webhook(folder, port, url, *more):
    return Command(
        *("webhook", "--port", port, *more),
        folder=folder,
        PARALLEL_BASE_URL=url,
        PARALLEL_API_KEY=KEY,
        PARALLEL_WEBHOOK_SECRET=SECRET,
    )


@pytest.fixture
def project(ground, monkeypatch):
    monkeypatch.setenv("PARALLEL_API_KEY", KEY)
    (ground / "job.yaml").write_text(JOB, encoding="utf-8")
    return ground


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def server(port, monkeypatch):
    deliveries = Deliveries(
        secret=SECRET,
        forward_to=f"http://127.0.0.1:{port}/",
        patience=Patience(first=0.05, longest=0.2),
    )
    with WireServer(deliveries=deliveries) as wire:
        monkeypatch.setenv("PARALLEL_BASE_URL", wire.url)
        yield wire


def outcomes(project, file="out/rows.jsonl"):
    return [json.loads(line) for line in (project / file).read_text(encoding="utf-8").splitlines()]


def unfinished(project):
    return list(project.glob(".runner/runs/*/unfinished/*"))


def wait_until(holds):
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_the_sample_job_is_finished_with_no_process_waiting(project, port, monkeypatch):
    """`runner serve` answers, `runner webhook` hears of it; nobody waits, nothing is bought twice."""
    ignored = shutil.ignore_patterns("out", "reports")
    shutil.copytree(ROOT / "jobs", project / "jobs", ignore=ignored)
    shutil.copytree(ROOT / "schemas", project / "schemas")
    job = project / "jobs/webhook-enrichment.yaml"
    with job.open("a", encoding="utf-8") as file:
        file.write("results: out/facts.jsonl\n")
    serve = Command(
        *("serve", "--documents", "jobs/documents", "--port", 0, "--key", KEY),
        *("--billing", "billing.jsonl", "--webhooks-to", f"http://127.0.0.1:{port}/done"),
        folder=project,
        PARALLEL_WEBHOOK_SECRET=SECRET,
    )
    with serve, webhook(project, port, serve.url, "--path", "/done") as receiver:
        monkeypatch.setenv("PARALLEL_BASE_URL", serve.url)
        done = run("run", job, "--no-wait")
        assert done.exit_code == 5, done.output
        receiver.wait_for("webhook-enrichment: finished")
        answered = {each["key"]: each for each in outcomes(project, "jobs/out/facts.jsonl")}
        assert {each["status"] for each in answered.values()} == {"ok"}
        assert answered["Airbus"]["output"]["founded_year"] == 1970
        report = project / "jobs/reports/webhook-enrichment.md"
        assert "Toulouse" in report.read_text(encoding="utf-8")
        billed = (project / "billing.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(billed) == len(answered)
        again = run("run", job, "--json")
        assert json.loads(again.stdout)["new"] == 0
        assert unfinished(project) == []


def test_the_webhook_is_part_of_what_is_asked_and_not_of_the_question(project, server):
    assert run("run", "job.yaml", "--no-wait").exit_code == 5
    ((run_id, *_),) = [[bill["id"] for bill in server.bills()]]
    asked = httpx.get(f"{server.url}/v1/tasks/runs/{run_id}/input", headers={"x-api-key": KEY})
    hook = {"url": "https://hooks.example.com/runner", "event_types": ["task_run.status"]}
    assert asked.json()["webhook"] == hook
    text = JOB.replace("webhook: https://hooks.example.com/runner\n", "")
    (project / "job.yaml").write_text(text, encoding="utf-8")
    assert json.loads(run("run", "job.yaml", "--json").stdout)["attached"] == 3
    assert len(server.bills()) == 3


def test_each_run_of_a_job_is_finished_with_its_own_variables(project, port, server):
    """Values from a file keep their type; the file may be gone by then."""
    server.faults = Faults(run_seconds=0.3)
    assert run("run", "job.yaml", "--no-wait", "--out", "one").exit_code == 5
    values = project / "values.yaml"
    values.write_text("year: 1999", encoding="utf-8")
    two = run("run", "job.yaml", "--no-wait", "--out", "two", "--vars", values)
    assert two.exit_code == 5, two.output
    values.unlink()
    assert len(unfinished(project)) == 2
    with webhook(project, port, server.url) as receiver:
        receiver.wait_for("rows: finished")
        wait_until(lambda: not unfinished(project))
    first, second = outcomes(project, "one/rows.jsonl"), outcomes(project, "two/rows.jsonl")
    assert [each["status"] for each in first + second] == ["ok"] * 6
    assert first[0]["output"] != second[0]["output"]
    assert max(server.bought().values()) == 1
    assert len(server.bought()) == 6


def test_a_run_that_only_waits_for_what_another_bought_is_finished_too(project, port, server):
    server.faults = Faults(run_seconds=0.3)
    for out in ("one", "two"):
        assert run("run", "job.yaml", "--no-wait", "--out", out).exit_code == 5
    assert len(unfinished(project)) == 2
    with webhook(project, port, server.url):
        wait_until(lambda: not unfinished(project))
    assert outcomes(project, "one/rows.jsonl") == outcomes(project, "two/rows.jsonl")
    assert len(server.bills()) == 3


def test_a_run_that_bought_nothing_leaves_nothing_to_finish(project, port, server):
    """An earlier report is not replaced by one without answers."""
    (project / "reports").mkdir()
    report = project / "reports/rows.md"
    report.write_text("an earlier report", encoding="utf-8")
    server.faults = Faults(unauthorized=1.0)
    assert run("run", "job.yaml", "--no-wait").exit_code == 3
    assert len(unfinished(project)) == 1
    with webhook(project, port, server.url):
        wait_until(lambda: not unfinished(project))
    assert report.read_text(encoding="utf-8") == "an earlier report"


def test_a_row_that_failed_is_its_outcome_and_is_not_bought_again(project, port, server):
    server.faults = Faults(failed=Fault(marker="Globex", count=1), run_seconds=0.2)
    text = JOB + "retry: {failed_runs: 2}\n"
    (project / "job.yaml").write_text(text, encoding="utf-8")
    assert run("run", "job.yaml", "--no-wait").exit_code == 5
    with webhook(project, port, server.url) as receiver:
        receiver.wait_for("rows: finished")
    assert [each["status"] for each in outcomes(project)] == ["ok", "failed", "ok"]
    assert "no source" in outcomes(project)[1]["error"]
    assert len(server.bills()) == 3


def test_an_answer_that_may_not_be_cached_is_still_used(project, port, server):
    server.faults = Faults(run_seconds=0.2)
    (project / "job.yaml").write_text(JOB + "cache: false\n", encoding="utf-8")
    assert run("run", "job.yaml", "--no-wait").exit_code == 5
    with webhook(project, port, server.url) as receiver:
        receiver.wait_for("rows: finished")
    assert [each["status"] for each in outcomes(project)] == ["ok"] * 3
    assert len(server.bills()) == 3


def test_what_was_added_since_is_left_and_never_bought(project, port, server):
    server.faults = Faults(run_seconds=0.2)
    assert run("run", "job.yaml", "--no-wait").exit_code == 5
    text = JOB.replace("Initech]", "Initech, Hooli]")
    (project / "job.yaml").write_text(text, encoding="utf-8")
    with webhook(project, port, server.url) as receiver:
        receiver.wait_for("rows: finished")
    assert [each["status"] for each in outcomes(project)] == ["ok", "ok", "ok", "skipped"]
    assert len(server.bills()) == 3


def test_a_webhook_of_someone_else_changes_nothing(project, port, server):
    (project / "reports").mkdir()
    report = project / "reports/rows.md"
    report.write_text("an earlier report", encoding="utf-8")
    server.faults = Faults(endless=1.0)
    assert run("run", "job.yaml", "--no-wait").exit_code == 5
    told = {"type": "task_run.status", "data": {"run_id": "trun_unknown", "status": "completed"}}
    body = json.dumps(told).encode()
    with webhook(project, port, server.url) as receiver:
        headers = signed_headers(SECRET, "m1", int(time.time()), body)
        assert httpx.post(receiver.url, content=body, headers=headers).status_code == 200
        receiver.wait_for("trun_unknown: not bought from here")
        forged = signed_headers(fresh_secret(), "m2", int(time.time()), body)
        assert httpx.post(receiver.url, content=body, headers=forged).status_code == 401
        receiver.wait_for("webhook refused: no signature is good")
    assert report.read_text(encoding="utf-8") == "an earlier report"
    assert len(unfinished(project)) == 1


def test_what_it_needs_is_said(project, monkeypatch):
    done = run("webhook")
    assert done.exit_code == 3
    assert "PARALLEL_WEBHOOK_SECRET" in done.stderr
    monkeypatch.setenv("PARALLEL_WEBHOOK_SECRET", SECRET)
    monkeypatch.delenv("PARALLEL_API_KEY")
    done = run("webhook", "--port", 0)
    assert done.exit_code == 3
    assert "PARALLEL_API_KEY" in done.stderr
    assert run("webhook", "--path", "done").exit_code == 2
