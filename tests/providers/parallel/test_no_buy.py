"""`--no-buy` uses what is stored and what is on its way, and buys nothing."""

import json

from runner.server.faults import Faults
from tests.providers.parallel.test_requests import SEARCH


def test_what_was_never_bought_is_skipped_and_nothing_is_sent(project):
    done = project.run("--no-buy", "--json")
    assert done.exit_code == 0, done.output
    assert [outcome["status"] for outcome in project.outcomes()] == ["skipped"] * 40
    assert "--no-buy" in project.outcomes()[0]["error"]
    assert project.server.requests == []


def test_what_is_on_its_way_is_waited_for(project):
    project.server.faults = Faults(run_seconds=0.2)
    project.run("--no-wait")
    project.rows(42)
    done = project.run("--no-buy", "--json")
    assert done.exit_code == 0, done.output
    assert [outcome["status"] for outcome in project.outcomes()] == ["ok"] * 40 + ["skipped"] * 2
    summary = json.loads(done.stdout)
    assert (summary["attached"], summary["new"], summary["cost_usd"]) == (40, 0, 0)
    assert len(project.server.bills()) == 40


def test_searches_are_answered_by_the_cache_alone(project):
    project.write("job.yaml", SEARCH)
    project.rows(3)
    project.run()
    project.rows(4)
    assert project.run("--no-buy").exit_code == 0
    assert [outcome["status"] for outcome in project.outcomes()] == ["ok"] * 3 + ["skipped"]
    assert len(project.server.bills()) == 3
