"""`runner diff`: what changed between runs, as text, markdown and JSON."""

import json

import pytest


@pytest.fixture
def ran_twice(project):
    assert project.run("run", "companies.yaml").exit_code == 0
    project.change("1901", "1902", "notes/acme.md")
    project.write("companies.csv", "company\nInitech\nAcme\n")
    assert project.run("run", "companies.yaml").exit_code == 0
    return project


def test_the_last_two_runs_are_compared(ran_twice):
    done = ran_twice.run("diff", "companies.yaml")
    assert done.exit_code == 0
    head, *lines = done.stdout.splitlines()
    assert head.startswith("companies: run_")
    assert lines == [
        "1 row compared, 1 new, 1 gone, 1 value changed, 0 reworded",
        "+ Initech",
        "- Globex",
        "  Acme",
        "    founded_year",
        "      - 1901  [high, notes/acme.md]",
        "      + 1902  [high, notes/acme.md]",
    ]


def test_changes_are_json_and_markdown(ran_twice):
    found = json.loads(ran_twice.run("diff", "companies.yaml", "--json").stdout)
    assert found["added"] == [{"step": "main", "key": "Initech"}]
    ((field,),) = [row["fields"] for row in found["changed"]]
    assert (field["old"]["value"], field["new"]["value"]) == (1901, 1902)
    markdown = ran_twice.run("diff", "companies.yaml", "--markdown").stdout
    assert markdown.startswith("# Changes: Companies\n\nrun_")
    assert (
        "- **Acme**, Founded year: 1901 (high, [notes/acme.md](../notes/acme.md)) → 1902"
        in markdown
    )
    named = ran_twice.run("diff", "companies.yaml", found["new"], found["old"], "--json")
    back = json.loads(named.stdout)
    assert (back["old"], back["new"]) == (found["new"], found["old"])
    assert back["gone"] == found["added"]


def test_the_report_shows_what_changed_and_keeps_its_bytes(ran_twice):
    """Run again, from the cache, or rendered again: the same report, changes and all."""
    report = ran_twice.read("reports/companies.md")
    assert "## Changes since " in report
    assert "- New: Initech\n- Gone: Globex\n" in report
    assert ran_twice.run("run", "companies.yaml").exit_code == 0
    assert ran_twice.read("reports/companies.md") == report
    assert ran_twice.run("report", "companies.yaml").exit_code == 0
    assert ran_twice.read("reports/companies.md") == report
    assert "0 values changed" in ran_twice.run("diff", "companies.yaml").stdout


def test_before_the_second_run_there_is_nothing_to_compare(project):
    project.run("run", "companies.yaml")
    done = project.run("diff", "companies.yaml")
    assert done.exit_code == 2
    assert "no two runs" in done.stderr
    assert "Changes since" not in project.read("reports/companies.md")
    assert project.run("diff", "companies.yaml", "a", "b", "c").exit_code == 2
