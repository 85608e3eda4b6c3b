"""Jobs of several steps on the wire: nothing is bought twice, and contexts are carried over."""

import json
import os
import re
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


def test_the_plan_knows_what_failed_and_that_its_followers_are_not_asked(steps):
    """A failure is an answer, as long as the job wants no newer one."""
    steps.server.faults = Faults(failed="Sum up")
    first = json.loads(steps.run("--json").stdout)
    assert (first["calls"], first["new"], first["failed"]) == (30, 30, 6)
    plan = json.loads(steps.call("plan", "job.yaml", "--json").stdout)
    assert (plan["calls"], plan["cached"], plan["attached"], plan["new"]) == (30, 24, 6, 0)
    assert all("calls_max" not in step for step in plan["steps"])
    again = json.loads(steps.run("--json").stdout)
    assert (again["calls"], again["cached"], again["attached"], again["new"]) == (30, 24, 6, 0)


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
    codes = []
    while not codes or codes[-1] == 5:
        assert len(codes) < 10
        time.sleep(0.1)
        codes.append(steps.run("--no-wait").exit_code)
    # The facts, the report, and what follows it: each is submitted by the run before.
    assert codes == [5, 5, 0]
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


SIDES = """\
name: steps
provider: parallel
items: rows.csv
steps:
  - id: slow
    query: "Slowly about {{ item.name }}"
    output: text
  - id: quick
    query: "Quickly about {{ item.name }}"
    output: text
  - id: next
    query: "Next of {{ item.name }}: {{ steps.quick.output }}"
    output: text
  - id: last
    query: "Last of {{ item.name }}: {{ steps.next.output }}"
    output: text
  - id: all
    query: "All of {{ item.name }}: {{ steps.slow.output }} {{ steps.last.output }}"
    output: text
results: out/rows.jsonl
"""


def test_a_step_does_not_wait_for_one_that_it_does_not_read(steps):
    """The slow runs never end until all steps that can do without them are done."""
    steps.write("job.yaml", SIDES)
    steps.server.faults = Faults(endless=Fault(marker="Slowly"))
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "run", "job.yaml"],
        cwd=steps.folder,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        text=True,
    )
    ends = time.monotonic() + 60
    while sum("Last of" in each for each in tasks(steps)) < 6:
        assert time.monotonic() < ends, process.kill()
        time.sleep(0.02)
    assert not any("All of" in each for each in tasks(steps))
    steps.server.faults = Faults()
    steps.server.release()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert statuses(steps) == {step: {"ok": 6} for step in ("slow", "quick", "next", "last", "all")}
    assert set(tasks(steps).values()) == {1}


def test_what_is_written_does_not_depend_on_which_step_was_faster(steps):
    steps.write("job.yaml", SIDES)
    steps.server.faults = Faults(run_seconds=0.05, run_sigma=1.5, seed=3)
    assert steps.run("--junit", "cold.xml").exit_code == 0
    first = [(each["step"], each["key"]) for each in steps.outcomes()]
    names = [f"Company {number}" for number in range(6)]
    assert first == [
        *((step, name) for name in names for step in ("slow", "quick")),
        *((step, name) for step in ("next", "last", "all") for name in names),
    ]
    assert steps.run("--junit", "warm.xml").exit_code == 0
    assert [(each["step"], each["key"]) for each in steps.outcomes()] == first
    cases = [
        re.findall("<testcase [^>]*>", (steps.folder / name).read_text(encoding="utf-8"))
        for name in ("cold.xml", "warm.xml")
    ]
    assert cases[0] == cases[1]
    assert len(cases[0]) == 30
    assert "0 values changed" in steps.call("diff", "job.yaml").output


def test_more_rows_than_may_run_at_once_are_submitted_without_waiting(steps, monkeypatch):
    steps.write("job.yaml", SIDES)
    monkeypatch.setattr("runner.execute.buying.RUNS_AT_ONCE", 2)
    monkeypatch.setattr("runner.execute.executor.RUNS_A_REQUEST", 2)
    steps.server.faults = Faults(endless=Fault(marker=" about "))
    assert steps.run("--no-wait").exit_code == 5
    assert len(tasks(steps)) == 12


def test_the_time_of_steps_side_by_side_is_that_of_the_longest_way(steps):
    """What is done while the slow step runs adds nothing to it."""

    def seconds(text):
        steps.write("job.yaml", text)
        found = json.loads(steps.call("plan", "job.yaml", "--json").stdout)
        return found["seconds_min"], found["seconds_max"]

    slow = SIDES.partition("  - id: quick")[0].replace("output: text", "processor: ultra")
    rest = "  - id: quick" + SIDES.partition("  - id: quick")[2].partition("  - id: all")[0]
    head = SIDES.partition("  - id: slow")[0]
    assert seconds(head + rest) < seconds(slow) == seconds(slow + rest)
    assert seconds(slow + rest.replace("steps.quick", "steps.slow")) > seconds(slow)


BESIDE = """\
name: steps
provider: parallel
items: rows.csv
concurrency: 2
steps:
  - id: slow
    query: "Slowly about {{ item.name }}"
    output: text
  - id: find
    search: {objective: "{{ item.name }}", max_results: 1}
  - id: read
    extract: {urls: "{{ steps.find.urls }}"}
results: out/rows.jsonl
"""


def test_a_search_waits_for_the_credit_that_runs_of_another_step_hold_back(steps):
    steps.write("job.yaml", BESIDE)
    payment = Fault(count=1, skip=2, routes=("search",))
    steps.server.faults = Faults(payment=payment, run_seconds=1.0)
    done = steps.run()
    assert done.exit_code == 0, done.output
    assert statuses(steps) == {step: {"ok": 6} for step in ("slow", "find", "read")}


def test_what_one_step_had_no_credit_for_another_may_still_afford(steps):
    """Nothing is under way that could give credit back, so the step that lacks it stops."""
    head, _, rest = BESIDE.partition("  - id: slow")
    steps.write("job.yaml", head + "  - id: find" + rest.partition("  - id: find")[2])
    steps.server.faults = Faults(payment=Fault(skip=4, routes=("search",)))
    assert steps.run().exit_code == 6
    assert statuses(steps) == {step: {"ok": 4, "skipped": 2} for step in ("find", "read")}
    assert sum(each["status"] == 402 for each in steps.server.requests) <= 2
