"""Laws of the smaller commands."""

import json
import subprocess
import sys

import pytest

from runner.cli.main import COMMANDS, ORDER, main
from runner.job.schema import job_schema_text


def test_validate_is_silent_about_a_good_job(project):
    done = project.run("validate", "companies.yaml")
    assert done.exit_code == 0
    assert done.stderr == ""


def test_validate_finds_every_problem_of_every_job(project):
    project.write("bad.yaml", "name: bad\nprovidr: local\nquery: x\nprocessor: cor\n")
    done = project.run("validate")
    assert done.exit_code == 2
    assert "bad.yaml:2:1" in done.stderr
    assert "bad.yaml:4:" in done.stderr
    assert "'provider'" in done.stderr or "provider" in done.stderr


def test_validate_as_json_and_as_annotations(project):
    project.write("bad.yaml", "name: bad\nprovidr: local\nquery: x\n")
    found = json.loads(project.run("validate", "bad.yaml", "--format", "json").stdout)
    assert (found[0]["file"], found[0]["line"]) == ("bad.yaml", 2)
    annotated = project.run("validate", "bad.yaml", "--format", "github").stdout
    assert annotated.startswith("::error file=bad.yaml,line=2,col=1::")


def test_plan_asks_nothing_and_prints_the_documented_keys(project):
    done = project.run("plan", "companies.yaml", "--json")
    plan = json.loads(done.stdout)
    assert list(plan) == [
        "job",
        "rows",
        "calls",
        "cached",
        "attached",
        "new",
        "cost_usd",
        "cost_usd_max",
        "budget_usd",
        "steps",
        "columns_sent",
        "seconds_min",
        "seconds_max",
    ]
    assert (plan["rows"], plan["calls"], plan["new"], plan["cost_usd"]) == (2, 2, 2, 0.0)
    project.run("run", "companies.yaml")
    assert json.loads(project.run("plan", "companies.yaml", "--json").stdout)["cached"] == 2


def test_plan_prices_the_parallel_provider_without_a_key(project):
    project.change("provider: local\ndocuments: [notes]\n", "processor: core\n")
    plan = json.loads(project.run("plan", "companies.yaml", "--json").stdout)
    assert plan["cost_usd"] == pytest.approx(0.05)
    assert plan["columns_sent"] == ["company"]
    assert plan["steps"][0]["processor"] == "core"


def test_schema_prints_the_schema(project):
    assert project.run("schema").stdout == job_schema_text()
    assert json.loads(job_schema_text())["$schema"].endswith("2020-12/schema")


def test_init_writes_a_job_that_runs_and_never_overwrites(project):
    done = project.run("init", "fresh")
    assert done.exit_code == 0, done.output
    assert project.run("validate", "fresh").exit_code == 0
    ran = project.run("run", "fresh/companies.yaml")
    assert ran.exit_code == 0, ran.output
    assert "1889" in project.read("fresh/reports/companies.md")
    again = project.run("init", "fresh")
    assert again.exit_code == 2
    assert "already there" in again.stderr


def test_cache_lists_and_clears(project):
    assert project.run("cache", "list").exit_code == 2
    project.run("run", "companies.yaml")
    assert "2 answers" in project.run("cache", "list").stdout
    assert "0 answers" in project.run("cache", "prune", "--older-than", "1h").stdout
    assert "2 answers" in project.run("cache", "clear", "--yes").stdout


@pytest.mark.parametrize("name", ORDER)
def test_every_command_has_help(project, name):
    done = project.run(name, "--help")
    assert done.exit_code == 0
    assert "Usage: runner" in done.stdout
    assert set(ORDER) == set(COMMANDS)


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "runner", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("runner, version")
    assert main.name == "main"
