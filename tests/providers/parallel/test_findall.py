"""FindAll on the wire, with the official client as judge; what was bought is not bought again."""

import json

import parallel
import pytest
from parallel.types.beta.findall_create_params import FindAllCreateParams
from pydantic import TypeAdapter

from runner.server.faults import Fault, Faults
from tests.providers.parallel.test_requests import strict
from tests.wire.findall import candidates, matched
from tests.wire.server import KEY

JOB = """\
name: find
provider: parallel
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
steps:
  - id: find
    findall: {objective: Heat pump makers, match_limit: 6}
  - id: facts
    foreach: "{{ steps.find.results }}"
    query: "Facts about {{ item.name }} ({{ item.url }})"
    output: {founded_year: integer}
results: out/rows.jsonl
"""


@pytest.fixture
def find(project, monkeypatch):
    monkeypatch.setattr("runner.execute.finding.FIRST_LOOK", 0.01)
    project.write("job.yaml", JOB)
    return project


def bills(project):
    return [bill for bill in project.server.bills() if bill["kind"] == "findall"]


def test_what_matches_is_asked_about_one_by_one(find):
    done = find.run("--json")
    assert done.exit_code == 0, done.output
    first, *facts = find.outcomes()
    expected = matched(candidates("Heat pump makers", 6))
    assert [each["name"] for each in first["output"]["results"]] == [
        each["name"] for each in expected
    ]
    assert [outcome["key"] for outcome in facts] == [each["name"] for each in expected]
    assert {outcome["status"] for outcome in facts} == {"ok"}
    assert first["basis"][0]["field"] == "results.0.fits"
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.25 + 3 * 0.03 + 3 * 0.01)
    assert "Company" in (find.folder / "reports/find.md").read_text()


def test_the_request_is_what_the_official_client_sends(find):
    find.run()
    (bill,) = bills(find)
    TypeAdapter(strict(FindAllCreateParams)).validate_python(bill["body"])
    assert bill["body"]["entity_type"] == "things"


def test_the_official_client_reads_the_same_run(find):
    find.run()
    (bill,) = bills(find)
    client = parallel.Parallel(api_key=KEY, base_url=find.server.url)
    with client:
        assert client.beta.findall.retrieve(bill["id"]).status.status == "completed"
        found = client.beta.findall.result(bill["id"])
    theirs = [each.name for each in found.candidates if each.match_status == "matched"]
    assert [each["name"] for each in find.outcomes()[0]["output"]["results"]] == theirs


def test_a_second_run_and_a_run_without_waiting_buy_nothing_twice(find):
    assert find.run("--no-wait").exit_code == 5
    assert find.run().exit_code == 0
    assert find.run().exit_code == 0
    assert len(bills(find)) == 1


@pytest.mark.parametrize("fault", ["cut_after", "error_after", "truncated", "html_after"])
def test_a_lost_answer_is_not_bought_again(find, fault):
    find.server.faults = Faults(**{fault: Fault(count=1, routes=("findall.create",))})
    assert find.run().exit_code == 1
    assert "may have been accepted and charged" in find.outcomes()[0]["error"]
    find.server.faults = Faults()
    assert find.run().exit_code == 1
    assert len(bills(find)) == 1
    assert find.run("--refresh").exit_code == 0
    assert len(bills(find)) == 2


@pytest.mark.parametrize(
    "faults",
    [
        Faults(too_many=3, retry_after=0.1),
        Faults(cut_after=Fault(count=2, routes=("findall.get", "findall.result"))),
        Faults(error_after=Fault(count=2, routes=("findall.ingest",))),
        Faults(truncated=Fault(count=2, routes=("findall.result",))),
    ],
    ids=["too many", "cut", "ingest", "truncated"],
)
def test_trouble_while_reading_is_patience(find, faults):
    find.server.faults = faults
    done = find.run()
    assert done.exit_code == 0, done.output
    assert len(bills(find)) == 1


def test_what_the_api_refuses_names_the_place(find):
    find.change("match_limit: 6", "match_limit: '{{ vars.n }}'")
    find.change("retry:", "vars: {n: 2}\nretry:")
    assert find.run().exit_code == 1
    error = find.outcomes()[0]["error"]
    assert error.startswith("job.yaml:")
    assert "match_limit" in error


def test_a_run_that_takes_its_time_is_pending_at_the_timeout(find):
    find.server.findalls.looks = 10**9
    find.change("match_limit: 6}", "match_limit: 6}\n    timeout: 1s")
    done = find.run("--json")
    assert done.exit_code == 5
    assert [o["status"] for o in find.outcomes()] == ["pending", "pending"]
    find.server.findalls.looks = 0
    assert find.run().exit_code == 0
    assert len(bills(find)) == 1


# Rows that are found ----------------------------------------------------------------------------

ROWS = """\
name: found
provider: parallel
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
items:
  findall: {objective: Heat pump makers, match_limit: 6}
  limit: 2
  key: "{{ item.name }}"
query: "Facts about {{ item.name }} ({{ item.url }})"
output: {founded_year: integer}
results: out/rows.jsonl
"""


@pytest.fixture
def found(find):
    find.write("job.yaml", ROWS)
    return find


def planned(project):
    return json.loads(project.call("plan", "job.yaml", "--json").stdout)


def test_rows_may_be_found(found):
    done = found.run("--json")
    assert done.exit_code == 0, done.output
    outcomes = found.outcomes()
    expected = [each["name"] for each in matched(candidates("Heat pump makers", 6))][:2]
    assert [outcome["key"] for outcome in outcomes] == expected
    assert [outcome["item"]["name"] for outcome in outcomes] == expected
    first = json.loads(done.stdout)
    assert first["cost_usd"] == pytest.approx(0.25 + 3 * 0.03 + 2 * 0.01)
    assert (first["calls"], first["new"]) == (3, 3)
    again = json.loads(found.run("--json").stdout)
    assert (again["calls"], again["cached"], again["new"], again["cost_usd"]) == (3, 3, 0, 0)
    assert len(bills(found)) == 1


def test_the_plan_of_rows_to_be_found_is_a_range_and_then_exact(found):
    plan = planned(found)
    assert (plan["rows"], plan["calls"]) == (0, 1)
    assert plan["cost_usd"] == pytest.approx(0.25)
    assert plan["cost_usd_max"] == pytest.approx(0.25 + 6 * 0.03 + 2 * 0.01)
    assert [step["id"] for step in plan["steps"]] == ["items", "main"]
    found.run()
    plan = planned(found)
    assert (plan["rows"], plan["calls"], plan["cached"], plan["new"]) == (2, 3, 3, 0)


def test_rows_that_are_not_found_yet_leave_everything_as_it_was(found):
    assert found.run("--no-wait").exit_code == 5
    assert not (found.folder / "out/rows.jsonl").exists()
    assert found.run().exit_code == 0
    assert len(bills(found)) == 1


def test_rows_whose_request_was_lost_end_the_run_plainly(found):
    found.server.faults = Faults(cut_after=Fault(count=1, routes=("findall.create",)))
    done = found.run()
    assert done.exit_code == 4
    assert "may have been accepted and charged" in done.stderr
    assert "Traceback" not in done.output


def test_rows_beyond_the_budget_are_not_looked_for(found):
    done = found.run("--max-cost", "0.30")
    assert done.exit_code == 6
    assert bills(found) == []
