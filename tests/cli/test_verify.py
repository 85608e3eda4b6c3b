"""`verify`: each cited page is read again, and the report says whether its excerpt stands there."""

import json
import re

import pytest


@pytest.fixture
def ran(project):
    assert project.run("run", "companies.yaml").exit_code == 0
    return project


def test_what_stands_in_the_documents_is_verified(ran):
    done = ran.run("verify", "companies.yaml")
    assert done.exit_code == 0
    assert done.stdout == (
        "4 citations: 4 verified; 4 of 4 values stand in what they cite\n"
        "report:  reports/companies.md\n"
    )
    report = ran.read("reports/companies.md")
    assert report.count("(verified)") == 4
    ran.run("report", "companies.yaml")
    assert ran.read("reports/companies.md") == report


def test_a_document_that_says_otherwise_now_is_found_out(ran):
    ran.change("Founded: 1901", "Founded: 1907", "notes/acme.md")
    (ran.folder / "notes/globex.md").unlink()
    done = ran.run("verify", "companies.yaml", "--json")
    assert done.exit_code == 0
    (step,) = json.loads(done.stdout)["steps"]
    assert step["verdicts"]["verified"] == 1
    assert [(d["key"], d["field"], d["verdict"]) for d in step["doubts"]] == [
        ("Acme", "founded_year", "not found"),
        ("Globex", "founded_year", "unreachable"),
        ("Globex", "headquarters", "unreachable"),
    ]
    assert "## Not verified" in ran.read("reports/companies.md")


def test_a_step_that_asks_for_it_is_verified_as_it_runs(project):
    """The pages are not in the results, and the next run without it says nothing of it."""
    project.change("query: Key", "verify: true\nquery: Key")
    done = project.run("run", "companies.yaml", "--json")
    assert (done.exit_code, json.loads(done.stdout)["calls"]) == (0, 2)
    assert project.read("reports/companies.md").count("(verified)") == 4
    assert len(project.outcomes()) == 2
    project.change("verify: true\n", "")
    project.run("run", "companies.yaml")
    assert "verified" not in project.read("reports/companies.md")


def test_a_share_that_is_too_small_fails_the_run(ran):
    """The gate stands on its own: it needs no `verify: true`."""
    ran.write("companies.yaml", ran.read("companies.yaml") + "checks: [{verified: 0.9}]\n")
    assert ran.run("run", "companies.yaml").exit_code == 0
    ran.change("Founded: 1901", "Founded: 1907", "notes/acme.md")
    done = ran.run("verify", "companies.yaml")
    assert done.exit_code == 1
    assert re.search(
        r"companies.yaml:\d+:11: error: verified: 3 of 4 citations are verified, fewer than 90%",
        done.stderr,
    )
    assert ran.run("verify", "companies.yaml", "--format", "github").stdout.startswith("::error ")


def test_before_the_first_run_there_is_nothing_to_verify(project):
    done = project.run("verify", "companies.yaml")
    assert done.exit_code == 2
    assert "runner run" in done.stderr


def test_a_search_cites_nothing(project):
    text = re.sub(
        r"(?s)query: .*?results:",
        "search: {objective: 'Acme {{ item.company }}'}\nresults:",
        project.read("companies.yaml"),
    )
    project.write("companies.yaml", text)
    assert project.run("run", "companies.yaml").exit_code == 0
    done = project.run("verify", "companies.yaml")
    assert done.exit_code == 2
    assert "cites nothing" in done.stderr
