"""Jobs of several steps on the wire: nothing is bought twice, and contexts are carried over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from runner.server.faults import Fault, Faults

JOB = """\
name: steps
provider: parallel
items: rows.csv
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
steps:
  - id: find
    search: {objective: "{{ item.name }}", max_results: 3}
  - id: read
    extract: {urls: "{{ steps.find.urls }}"}
  - id: facts
    foreach: "{{ steps.read.results[:2] }}"
    query: "Facts about {{ item.name }} at {{ item.url }}"
    output: {founded_year: integer}
  - id: report
    query: "Sum up {{ item.name }}: {{ steps.facts.output }}"
    output: text
    processor: pro
  - id: more
    follows: report
    query: "And the rivals of {{ item.name }}?"
    output: {rivals: Names}
results: out/rows.jsonl
"""


@pytest.fixture
def steps(project):
    project.write("job.yaml", JOB)
    project.rows(6)
    return project


def statuses(project):
    found = {}
    for outcome in project.outcomes():
        found.setdefault(outcome["step"], Counter())[outcome["status"]] += 1
    return found


WHOLE = {
    "find": {"ok": 6},
    "read": {"ok": 6},
    "facts": {"ok": 12},
    "report": {"ok": 6},
    "more": {"ok": 6},
}


def assert_whole(project):
    assert statuses(project) == WHOLE
    bought = tasks(project)
    assert len(bought) == 12 + 6 + 6
    assert set(bought.values()) == {1}


def tasks(project):
    """How often each task was bought; a search may be asked again after a lost answer."""
    return {
        asked: n for asked, n in project.server.bought().items() if "input" in json.loads(asked)
    }


def test_search_extract_tasks_and_a_report(steps):
    done = steps.run("--json")
    assert done.exit_code == 0, done.output
    assert_whole(steps)
    cost = 6 * 0.005 + 6 * 3 * 0.001 + 12 * 0.01 + 6 * 0.1 + 6 * 0.01
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(cost)


def test_the_price_was_within_the_plan(steps):
    plan = json.loads(steps.call("plan", "job.yaml", "--json").stdout)
    cost = json.loads(steps.run("--json").stdout)["cost_usd"]
    assert plan["cost_usd"] <= cost <= plan["cost_usd_max"]


def test_the_research_context_is_carried_over(steps):
    steps.run()
    asked = [json.loads(each) for each in tasks(steps)]
    # What the server keeps of a task tells its context apart, and little else differs here.
    contexts = {each["spec"] for each in asked if "rivals" in each["input"]}
    assert len(contexts) == 6


def test_a_second_run_buys_nothing(steps):
    steps.run()
    assert steps.run().exit_code == 0
    assert_whole(steps)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(cut_after=0.3, seed=5),
        Faults(error_after=0.3, seed=6),
        Faults(truncated=0.2, seed=7),
        Faults(stream_cut=0.5, seed=8),
        Faults(too_many=3, retry_after=0.1),
    ],
    ids=["cut after", "error after", "truncated", "stream cut", "too many"],
)
def test_through_faults(steps, faults):
    steps.server.faults = faults
    done = steps.run()
    assert done.exit_code == 0, done.output
    assert_whole(steps)


def test_what_reads_a_failed_run_is_skipped_and_the_rest_goes_on(steps):
    steps.server.faults = Faults(failed=Fault(marker="Sum up Company 3"))
    assert steps.run().exit_code == 1
    assert statuses(steps) == {
        **WHOLE,
        "report": {"ok": 5, "failed": 1},
        "more": {"ok": 5, "skipped": 1},
    }


def test_what_was_submitted_only_is_picked_up_step_by_step(steps):
    """Each run without waiting goes as far as the answers; what waits is pending."""
    assert steps.run("--no-wait").exit_code == 5
    assert steps.call("status").exit_code == 0
    for _ in range(4):
        time.sleep(0.1)
        steps.run("--no-wait")
    assert steps.run().exit_code == 0
    assert_whole(steps)


def test_a_killed_run_is_picked_up(steps):
    steps.server.faults = Faults(endless=Fault(marker="Sum up"))
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "run", "job.yaml"],
        cwd=steps.folder,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
    )
    ends = time.monotonic() + 30
    while sum(tasks(steps).values()) < 18:
        assert time.monotonic() < ends
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    steps.server.faults = Faults()
    steps.server.release()
    assert steps.run().exit_code == 0
    assert_whole(steps)


def test_the_budget_holds_over_all_steps(steps):
    """The later steps' price is not known before; what it has no room for is left out."""
    done = steps.run("--max-cost", "0.5", "--json")
    assert done.exit_code == 6
    assert json.loads(done.stdout)["cost_usd"] <= 0.5
    found = statuses(steps)
    assert found["report"]["skipped"] > 0
    assert found["facts"] == {"ok": 12}
