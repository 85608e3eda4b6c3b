"""Cited web pages are read through the provider: each once, at its price, within the budget."""

import json
from collections import Counter

import pytest


@pytest.fixture
def verifying(project):
    project.rows(5)
    project.change("processor: base", "processor: base\nverify: true")
    return project


def pages(project):
    """Return how often each page was paid for."""
    bills = [bill for bill in project.server.bills() if bill["kind"] == "extract"]
    return Counter(url for bill in bills for url in json.loads(bill["key"])["urls"])


def cited(project):
    return {
        citation["url"]
        for outcome in project.outcomes()
        for entry in outcome["basis"]
        for citation in entry["citations"]
    }


def test_each_cited_page_is_bought_once(verifying):
    """5 runs of base at $0.01, and a tenth of a cent a page; again, it costs nothing."""
    done = verifying.run("--json")
    assert done.exit_code == 0, done.output
    bought = pages(verifying)
    assert set(bought) == cited(verifying)
    assert set(bought.values()) == {1}
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.05 + 0.001 * len(bought))
    assert json.loads(verifying.run("--json").stdout)["cost_usd"] == 0
    assert verifying.call("verify", "job.yaml").exit_code == 0
    assert pages(verifying) == bought
    report = (verifying.folder / "reports/rows.md").read_text(encoding="utf-8")
    assert "**not found** on the page" in report


def test_the_budget_bounds_what_is_verified(verifying):
    """What it has no room for is not checked, and says so; nothing is bought beyond it."""
    done = verifying.run("--max-cost", "0.053", "--json")
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.053)
    assert pages(verifying).total() == 3
    report = (verifying.folder / "reports/rows.md").read_text(encoding="utf-8")
    assert "(not verified yet)" in report
    done = verifying.call("verify", "job.yaml", "--max-cost", "0.002", "--json")
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.002)
    assert pages(verifying).total() == 5
    done = verifying.call("verify", "job.yaml", "--offline", "--json")
    (step,) = json.loads(done.stdout)["steps"]
    assert step["verdicts"]["not checked"] > 0
    assert pages(verifying).total() == 5
