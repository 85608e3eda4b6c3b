"""An extract of many URLs is several requests: each is asked, paced, retried and paid by itself."""

import json
from collections import Counter

import pytest

from runner.server.faults import Fault, Faults

EXTRACT = """\
name: rows
provider: parallel
vars: {urls: URLS}
extract: {urls: "{{ vars.urls }}", objective: Prices}
results: out/rows.jsonl
retry: {attempts: 4, backoff: 0.01s, max_backoff: 0.05s}
"""
PAGES = [f"https://example.org/page-{n}" for n in range(100, 145)]
PARTS = [PAGES[:20], PAGES[20:40], PAGES[40:]]
LAST = PAGES[-1]


@pytest.fixture
def extract(project):
    project.write("job.yaml", EXTRACT.replace("URLS", json.dumps(PAGES)))
    return project


def sent(server):
    """Count the requests that the server took on, by part (0 to 2)."""
    return Counter(PARTS.index(bill["body"]["urls"]) for bill in server.bills())


@pytest.mark.parametrize(
    "faults",
    [
        Faults(cut_after=Fault(marker=LAST, count=2)),
        Faults(truncated=Fault(marker=LAST, count=2)),
        Faults(error_after=Fault(marker=LAST, count=2)),
        Faults(html_after=Fault(marker=LAST, count=2)),
    ],
    ids=lambda faults: faults.to_json(),
)
def test_only_the_part_whose_answer_was_lost_is_sent_again(extract, faults):
    extract.server.faults = faults
    done = extract.run("--json")
    assert done.exit_code == 0, done.output
    (outcome,) = extract.outcomes()
    assert [page["url"] for page in outcome["output"]["results"]] == PAGES
    assert sent(extract.server) == {0: 1, 1: 1, 2: 3}


@pytest.mark.parametrize(
    "faults",
    [
        Faults(cut_before=Fault(marker=PAGES[0], count=2)),
        Faults(too_many=Fault(marker=PAGES[0], count=1), retry_after=0.05),
        Faults(error_before=Fault(marker=PAGES[0], count=2)),
    ],
    ids=lambda faults: faults.to_json(),
)
def test_a_part_that_was_not_taken_on_is_sent_again_and_no_part_twice(extract, faults):
    extract.server.faults = faults
    assert extract.run().exit_code == 0
    (outcome,) = extract.outcomes()
    assert [page["url"] for page in outcome["output"]["results"]] == PAGES
    assert sent(extract.server) == {0: 1, 1: 1, 2: 1}


def test_each_part_has_all_its_attempts(extract):
    """Three losses of each part are nine of the call, whose job allows four attempts."""
    extract.server.faults = Faults(
        cut_before=Fault(count=3, marker=PAGES[0]),
        error_before=Fault(count=3, marker=PAGES[20]),
        html_before=Fault(count=3, marker=LAST),
    )
    assert extract.run().exit_code == 0
    assert sent(extract.server) == {0: 1, 1: 1, 2: 1}


def test_a_part_that_is_lost_for_good_fails_the_row_and_is_not_paid_for(extract):
    extract.server.faults = Faults(error_before=Fault(marker=LAST))
    done = extract.run("--json")
    assert done.exit_code == 1
    (outcome,) = extract.outcomes()
    assert outcome["status"] == "failed"
    assert sent(extract.server) == {0: 1, 1: 1}
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.040)


def test_the_next_run_asks_and_pays_only_the_part_that_was_lost(extract):
    extract.server.faults = Faults(error_before=Fault(marker=LAST, count=4))
    assert extract.run().exit_code == 1
    done = extract.run("--json")
    assert done.exit_code == 0
    (outcome,) = extract.outcomes()
    assert [page["url"] for page in outcome["output"]["results"]] == PAGES
    assert sent(extract.server) == {0: 1, 1: 1, 2: 1}
    assert json.loads(done.stdout)["cost_usd"] == outcome["cost_usd"] == pytest.approx(0.005)


def test_credit_that_ends_between_the_parts_stops_the_run(extract):
    extract.server.faults = Faults(payment=Fault(marker=LAST))
    done = extract.run("--json")
    assert done.exit_code == 6
    (outcome,) = extract.outcomes()
    assert outcome["status"] == "skipped"
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.040)
