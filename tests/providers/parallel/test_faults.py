"""Through every fault of the wire: no row bought twice, none missing, none wrong."""

import json
from collections import Counter

import pytest

from runner.server.faults import Fault, Faults
from tests.providers.parallel.conftest import SCHEMA
from tests.wire.answers import expected_answer

STREAMS = ("group.runs", "group.events", "run.events")


def expected(name):
    """The answer that the server gives for a row, worked out without asking it."""
    body = {
        "input": f"Facts about {name}",
        "processor": "base",
        "task_spec": {"output_schema": {"type": "json", "json_schema": SCHEMA}},
    }
    return expected_answer(body)["content"]


def assert_whole(project, rows=40):
    """Every row has its right answer, and each was billed once."""
    outcomes = project.outcomes()
    assert [outcome["item"]["name"] for outcome in outcomes] == [
        f"Company {n}" for n in range(rows)
    ]
    assert [outcome["status"] for outcome in outcomes] == ["ok"] * rows
    for outcome in outcomes:
        assert outcome["output"] == expected(outcome["item"]["name"])
    bought = project.server.bought()
    assert len(bought) == rows
    assert set(bought.values()) == {1}


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(too_many=3, retry_after=0.1),
        Faults(too_many=2, retry_after=1, retry_after_form="date"),
        Faults(too_many=2, retry_after_form="none"),
        Faults(error_before=Fault(count=3, routes=("group.add",))),
        Faults(error_after=Fault(count=2, routes=("group.add",))),
        Faults(error_before=0.3, seed=1),
        Faults(cut_before=Fault(count=2, routes=("group.add",))),
        Faults(cut_after=Fault(count=2, routes=("group.add",))),
        Faults(cut_later=Fault(count=1, routes=("group.add",)), later_seconds=0.3),
        Faults(cut_body=Fault(count=2, routes=("group.add",))),
        Faults(truncated=Fault(count=2, routes=("group.add",))),
        Faults(truncated=0.3, seed=2),
        Faults(html_before=Fault(count=2, routes=("group.add",))),
        Faults(html_after=Fault(count=2, routes=("group.add",))),
        Faults(html_after=0.3, seed=3),
        Faults(stream_cut=3),
        Faults(stream_cut=0.7, seed=4),
        Faults(stream_short=3),
        Faults(stream_short=0.7, seed=5),
        Faults(stream_noise=True),
        Faults(stream_refused=1.0, stream_status=404, run_seconds=0.2),
        Faults(stream_refused=1.0, stream_status=405, run_seconds=0.2),
        Faults(output_hidden=0.3),
        Faults(run_seconds=0.1, run_sigma=1.0),
        Faults(slow=0.3, slow_seconds=0.2),
        Faults(cut_after=0.2, stream_cut=0.3, error_after=0.1, truncated=0.1, seed=6),
    ],
    ids=lambda faults: faults.to_json()[:60],
)
def test_every_row_is_bought_once_and_has_its_answer(project, faults):
    project.server.faults = faults
    done = project.run()
    assert done.exit_code == 0, done.output
    assert_whole(project)


@pytest.mark.parametrize("shape", ["detail", "error"])
def test_a_row_that_is_refused_fails_alone_and_is_named(project, shape):
    project.server.faults = Faults(invalid="Company 13", invalid_shape=shape)
    done = project.run()
    assert done.exit_code == 1, done.output
    outcomes = project.outcomes()
    assert Counter(o["status"] for o in outcomes) == {"ok": 39, "failed": 1}
    error = outcomes[13]["error"]
    assert "job.yaml:4" in error
    assert "row 14" in error
    assert len(project.server.bought()) == 39
    assert set(project.server.bought().values()) == {1}


@pytest.mark.parametrize("word", ["failed", "cancelled"])
def test_a_run_that_ends_badly_is_its_rows_outcome(project, word):
    project.server.faults = Faults(**{word: "Company 7"})
    assert project.run().exit_code == 1
    outcomes = project.outcomes()
    bad = [o for o in outcomes if o["status"] == "failed"]
    assert [o["item"]["name"] for o in bad] == ["Company 7"]
    assert word in bad[0]["error"]
    assert bad[0]["run_id"]
    report = (project.folder / "reports/rows.md").read_text(encoding="utf-8")
    assert "Company 7" in report


def test_a_run_that_never_ends_is_left_pending_and_picked_up(project):
    project.change("processor: base", "processor: base\ntimeout: 1s")
    project.server.faults = Faults(endless="Company 7")
    done = project.run("--json")
    assert done.exit_code == 5, done.output
    assert json.loads(done.stdout)["pending"] == 1
    assert [o["status"] for o in project.outcomes()].count("pending") == 1
    project.server.release()
    again = project.run("--json")
    assert again.exit_code == 0, again.output
    summary = json.loads(again.stdout)
    assert (summary["new"], summary["attached"], summary["cached"]) == (0, 1, 39)
    assert_whole(project)


def test_no_wait_submits_and_leaves_and_the_next_run_buys_nothing(project):
    done = project.run("--no-wait")
    assert done.exit_code == 5
    assert not (project.folder / "reports/rows.md").exists()
    assert len(project.server.bought()) == 40
    assert project.run().exit_code == 0
    assert_whole(project)


def test_too_little_credit_buys_what_it_can(project):
    project.server.faults = Faults(credit_runs=25)
    done = project.run()
    assert done.exit_code == 6, done.output
    assert Counter(o["status"] for o in project.outcomes()) == {"ok": 25, "skipped": 15}
    project.server.faults = Faults()
    assert project.run().exit_code == 0
    assert_whole(project)


def test_credit_that_running_tasks_hold_back_is_waited_for(project):
    project.server.faults = Faults(credit_in_flight=10, run_seconds=0.05)
    assert project.run().exit_code == 0
    assert_whole(project)


@pytest.mark.parametrize(
    ("faults", "code", "says"),
    [
        (Faults(unauthorized=1.0), 3, "PARALLEL_API_KEY"),
        (Faults(forbidden=1.0), 2, "processor"),
    ],
)
def test_a_refused_key_or_processor_stops_at_once(project, faults, code, says):
    project.server.faults = faults
    done = project.run()
    assert done.exit_code == code
    assert says in done.stderr
    assert len(project.server.requests) <= 2
    assert not project.server.bought()


def test_no_key_is_told_before_anything_is_sent(project, monkeypatch):
    monkeypatch.delenv("PARALLEL_API_KEY")
    done = project.run()
    assert done.exit_code == 3
    assert "PARALLEL_API_KEY" in done.stderr
    assert project.server.requests == []


def test_an_unreachable_provider_ends_with_code_4(project, monkeypatch):
    monkeypatch.setenv("PARALLEL_BASE_URL", "http://127.0.0.1:9")
    done = project.run()
    assert done.exit_code == 4
    assert "PARALLEL_BASE_URL" in done.stderr


def test_the_key_is_nowhere_to_be_found(project, server):
    project.server.faults = Faults(invalid="Company 1", failed="Company 2")
    done = project.run("--verbose", "--log-file", "log.jsonl")
    texts = [done.output, *(f.read_bytes().decode("latin-1") for f in project.folder.rglob("*")
                            if f.is_file())]  # fmt: skip
    assert not any(server.key in text for text in texts)
    assert "POST /v1/tasks/groups" in done.stderr


def test_few_requests(project):
    project.rows(2_500)
    done = project.run()
    assert done.exit_code == 0, done.output
    assert len(project.server.requests) <= 0.004 * 2_500
    assert_whole(project, 2_500)


def test_identical_rows_are_bought_once(project):
    project.rows(50, name="Company 0")
    assert project.run().exit_code == 0
    assert len(project.outcomes()) == 50
    assert sum(project.server.bought().values()) == 1


def test_a_failed_run_is_bought_again_only_as_often_as_the_job_says(project):
    project.change("retry: {", "retry: {failed_runs: 1, ")
    project.server.faults = Faults(failed=Fault(marker="Company 7", count=1))
    done = project.run("--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.41)
    assert sum(project.server.bought().values()) == 41


def test_a_run_beyond_the_budget_is_refused_before_anything_is_bought(project):
    done = project.run("--max-cost", "0.25")
    assert done.exit_code == 6
    assert "This run costs $0.40, and the budget is $0.25; nothing was bought" in done.stderr
    assert "The first 25 rows would fit: --limit 25" in done.stderr
    assert sum(project.server.bought().values()) == 0


def test_what_the_refusal_offers_fits(project):
    done = project.run("--max-cost", "0.25", "--limit", "25", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.25)
    assert Counter(o["status"] for o in project.outcomes()) == {"ok": 25, "skipped": 15}


def test_what_is_bought_already_needs_no_budget(project):
    project.run("--limit", "25")
    assert project.run("--max-cost", "0.15").exit_code == 0
    assert sum(project.server.bought().values()) == 40


def test_a_run_stopped_midway_by_the_budget_keeps_what_it_bought(project):
    """Runs that fail and are bought again cost more than the plan could know."""
    project.change("retry: {", "retry: {failed_runs: 1, ")
    project.server.faults = Faults(failed=Fault(count=10))
    done = project.run("--max-cost", "0.45", "--json")
    assert done.exit_code == 6
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.45)
    assert Counter(o["status"] for o in project.outcomes()) == {"ok": 35, "skipped": 5}
