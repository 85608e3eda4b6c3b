"""The log file: one JSON line for each request and outcome, whole, and without what is private."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.server.faults import Fault, Faults

FIELDS = {
    "start": {"file", "provider"},
    "request": {
        *("step", "call", "key", "calls", "attempt", "method", "route", "id"),
        *("status", "error", "milliseconds", "price"),
    },
    "outcome": {"step", "call", "key", "row", "status", "cached", "attached", "id", "price"},
    "end": {
        *("status", "calls", "cached", "new", "attached", "failed", "pending", "price"),
        *("report", "results", "seconds"),
    },
}
COMMON = {"at", "run", "job", "event"}
JOB = """\
name: mixed
items: rows.csv
key: "row {{ item.number }}"
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
def logged(project):
    project.write("job.yaml", JOB)
    project.write("rows.csv", "number,name\n" + "".join(f"{n},Company {n}\n" for n in range(5)))
    return project


def lines(project, name="log.jsonl"):
    text = (project.folder / name).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_each_line_says_which_call_which_try_which_route_and_what_it_cost(logged):
    logged.server.faults = Faults(error_before=Fault(marker="Company 3", count=1))
    done = logged.run("--json", "--log-file", "log.jsonl")
    record = json.loads(done.stdout)
    found = lines(logged)
    for line in found:
        assert line.keys() == COMMON | FIELDS[line["event"]], line["event"]
        assert (line["run"], line["job"]) == (record["run"], "mixed")
    assert [found[0]["event"], found[-1]["event"]] == ["start", "end"]
    requests = [line for line in found if line["event"] == "request"]
    assert len(requests) == len(logged.server.requests)
    assert sum(line["price"] for line in requests) == pytest.approx(record["cost_usd"])
    outcomes = [line for line in found if line["event"] == "outcome"]
    assert sum(line["price"] for line in outcomes) == pytest.approx(record["cost_usd"])
    assert found[-1]["price"] == pytest.approx(record["cost_usd"])
    calls = {line["call"]: line["key"] for line in outcomes if line["step"] == "find"}
    searches = [line for line in requests if line["route"] == "/v1/search"]
    assert {line["call"]: line["key"] for line in searches} == calls
    tries = [(line["attempt"], line["status"]) for line in searches if line["key"] == "row 3"]
    assert [attempt for attempt, _ in tries] == [1, 2]
    assert tries[1][1] == 200
    (bought,) = [line for line in requests if line["calls"] == 5]
    assert bought["method"] == "POST"
    assert bought["route"] == "/v1/tasks/groups/{id}/runs"
    assert bought["step"] == "ask"
    of_group = [line for line in requests if line["id"] == bought["id"]]
    assert len(of_group) > 1
    assert {line["step"] for line in of_group} == {"ask"}


def test_no_key_no_row_and_no_answer_is_in_it(logged):
    """Not in the errors either, which may quote both; a row is only named, by its key."""
    logged.server.faults = Faults(failed="Company 2", invalid="Company 4")
    assert logged.run("--log-file", "log.jsonl").exit_code == 1
    text = (logged.folder / "log.jsonl").read_text(encoding="utf-8")
    assert '"status":"failed"' in text
    assert "Company" not in text
    assert logged.server.key not in text
    answers = [each for each in logged.outcomes() if each["status"] == "ok" and each["output"]]
    titles = [result["title"] for each in answers for result in each["output"].get("results", ())]
    assert titles
    assert not any(title in text for title in titles)


def test_a_secret_that_names_a_row_is_masked(logged):
    secret = "sk-" + "abcDEF0123456789" * 3
    logged.write("rows.csv", f"number,name\n{secret},Acme\n")
    assert logged.run("--log-file", "log.jsonl").exit_code == 0
    text = (logged.folder / "log.jsonl").read_text(encoding="utf-8")
    assert secret not in text
    assert "row sk-" in text
    assert lines(logged)


def test_a_run_that_is_stopped_says_so_in_its_last_line(logged):
    assert logged.run("--max-cost", "0.01", "--log-file", "log.jsonl").exit_code == 6
    last = lines(logged)[-1]
    assert (last["event"], last["status"], last["error"]) == ("end", "stopped", "BudgetError")


def test_it_is_appended_to_and_a_line_that_broke_off_is_ended(logged):
    logged.write("log.jsonl", '{"at": "2026-')
    assert logged.run("--log-file", "log.jsonl").exit_code == 0
    assert logged.run("--log-file", "log.jsonl").exit_code == 0
    first, *rest = (logged.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert first == '{"at": "2026-'
    runs = {json.loads(line)["run"] for line in rest}
    assert len(runs) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_ends_the_log_and_not_the_run(logged):
    done = logged.run("--log-file", "/dev/full")
    assert done.exit_code == 0
    assert done.stderr.count("cannot be written any more: no space left on device") == 1


WRITER = """
import sys
from pathlib import Path
from runner.cli.log import Log, log_file
with log_file(Path("log.jsonl")) as file:
    log = Log(file, run=sys.argv[1], job="x", verbose=False)
    number = 0
    while True:
        log.write("outcome", number=number, key="x" * (number * 997 % 30_000))
        number += 1
"""


def test_lines_stay_whole_when_two_processes_write_and_are_killed(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=tmp_path) for name in "ab"
    ]
    file = tmp_path / "log.jsonl"
    ends = time.monotonic() + 30
    while not file.exists() or file.stat().st_size < 20_000_000:
        assert time.monotonic() < ends
        time.sleep(0.01)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    *lines, rest = file.read_text(encoding="utf-8").split("\n")
    numbers, broken, gaps = {"a": 0, "b": 0}, 0, 0
    for line in [*lines, *filter(None, [rest])]:
        try:
            written = json.loads(line)
        except json.JSONDecodeError:
            broken += 1  # The system may cut what a process was writing when it was killed.
            continue
        gaps += written["number"] - numbers[written["run"]]
        numbers[written["run"]] = written["number"] + 1
    assert gaps <= broken <= len(writers)
    assert min(numbers.values()) > 10
