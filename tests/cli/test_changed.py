"""`--changed` and `--since`: only jobs that changed are run, and each says why."""

import json
import subprocess

import pytest
from click.testing import CliRunner

import runner
from runner.cli.main import main

JOB = """\
name: towns
provider: local
documents: [notes]
items: data/towns.csv
query: Facts about {{ item.town }} in {{ vars.year }}
vars: {year: 2026}
output: schema.json
report: {path: reports/towns.md, template: own.md.j2}
"""
SCHEMA = {
    "type": "object",
    "properties": {"river": {"type": "string", "description": "The river it stands on"}},
    "required": ["river"],
    "additionalProperties": False,
}


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="runner")


def git(*words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


@pytest.fixture
def project(bare, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {
        "runner.yaml": "defaults: {}\n",
        "jobs/towns.yaml": JOB,
        "jobs/schema.json": json.dumps(SCHEMA),
        "jobs/own.md.j2": '{% extends "base.md.j2" %}',
        "jobs/base.md.j2": "# {{ job.name }}\n{{ table(rows) }}\n",
        "jobs/data/towns.csv": "town,since\nUlm,854\nBonn,1000\n",
        "jobs/notes/ulm.md": "# Ulm\n\nRiver: Danube\n",
        "jobs/notes/bonn.md": "# Bonn\n\nRiver: Rhine\n",
        ".gitignore": ".runner/\nreports/\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def edit(file, old, new):
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def reasons(*words):
    """Run what changed, and return why."""
    done = run("run", "--json", "--quiet", *(words or ("--changed",)))
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert (record["status"] == "unchanged") == (not record["because"])
    return record["because"]


def test_a_job_is_run_once_and_then_left_out(project):
    assert reasons() == ["it has not run yet"]
    again = run("run", "--changed")
    assert again.exit_code == 0
    assert again.stderr == "towns: unchanged, left out\n"
    assert again.stdout == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "because"),
    [
        ("jobs/towns.yaml", "2026", "2027", "jobs/towns.yaml changed"),
        ("jobs/towns.yaml", "2026", "2027", "the variable year changed"),
        ("jobs/towns.yaml", "2026", "2027", "2 calls: vars.year changed since the last run"),
        ("jobs/schema.json", "stands", "lies", "jobs/schema.json changed"),
        ("jobs/schema.json", "stands", "lies", "2 calls: the output changed since the last run"),
        ("jobs/data/towns.csv", "854", "850", "jobs/data/towns.csv changed"),
        ("jobs/data/towns.csv", "Ulm", "Köln", "1 call: never asked"),
        (
            "jobs/notes/ulm.md",
            "Danube",
            "Iller",
            "2 calls: the documents changed since the last run",
        ),
        ("jobs/base.md.j2", "#", "##", "jobs/base.md.j2 changed"),
        ("runner.yaml", "{}", "{cache: 12h}", "runner.yaml changed"),
        (
            "jobs/towns.yaml",
            "vars:",
            "cache: false\nvars:",
            "2 calls: the job always asks (cache: false)",
        ),
    ],
)
def test_whatever_a_job_is_made_from_is_a_reason(project, file, old, new, because):
    reasons()
    edit(project / file, old, new)
    assert because in reasons()
    if "cache: false" not in new:
        assert reasons() == []


def test_an_answer_that_is_too_old_is_a_reason(project):
    reasons()
    edit(project / "jobs/towns.yaml", "vars:", "cache: 0s\nvars:")
    reasons()
    assert reasons() == ["2 calls: its answer is older than the job's cache age"]


def test_a_report_that_is_gone_is_made_again(project):
    reasons()
    report = project / "jobs/reports/towns.md"
    before = report.read_bytes()
    report.unlink()
    assert reasons() == ["jobs/reports/towns.md is not there"]
    assert report.read_bytes() == before


def test_other_options_are_a_reason(project):
    reasons()
    assert reasons("--changed", "--limit", "1") == ["--limit differs"]
    assert reasons("--changed", "--limit", "1") == []
    assert reasons("--changed", "--var", "year=1999")[:2] == [
        "the variable year changed",
        "--limit differs",
    ]


def test_a_run_from_python_counts_as_one_from_the_command_line(project):
    runner.run(runner.load_job(project / "jobs/towns.yaml"))
    assert reasons() == []


def test_a_job_whose_checks_fail_is_run_again_until_they_hold(project):
    """A red build does not turn green because nothing changed."""
    edit(project / "jobs/towns.yaml", "vars:", "checks: [{min_citations: 9}]\nvars:")
    assert run("run", "--changed", "-q").exit_code == 1
    again = run("run", "--changed")
    assert again.exit_code == 1
    assert "rows or checks failed in its last run" in again.stderr


def test_a_run_that_did_not_end_is_run_again(project):
    reasons()
    (project / ".runner/runs/towns/inputs.json").write_text("{", encoding="utf-8")
    assert reasons() == ["its last run did not come to its end"]


def test_a_broken_job_does_not_stop_the_others(project):
    (project / "jobs/broken.yaml").write_text(
        "name: broken\nquery: x\nprocesor: core\n", encoding="utf-8"
    )
    done = run("run", "--changed", "jobs")
    assert done.exit_code == 2
    assert "jobs/broken.yaml:3:1" in done.stderr
    assert "towns: 2 ok" in done.stderr


def test_since_a_commit_git_says_what_changed(project):
    """No state is needed: a fresh checkout knows what a branch changes."""
    git("init", "--initial-branch=main")
    git("add", "-A")
    git("commit", "-m", "towns")
    assert reasons("--since", "HEAD") == []
    git("switch", "-c", "branch")
    edit(project / "jobs/base.md.j2", "#", "##")
    assert reasons("--since", "main") == ["jobs/base.md.j2 changed since main"]
    git("commit", "-am", "template")
    assert reasons("--since", "main") == ["jobs/base.md.j2 changed since main"]
    assert reasons("--since", "HEAD") == []
    (project / "jobs/notes/bonn.md").unlink()
    (project / "jobs/notes/new.md").write_text("# New", encoding="utf-8")
    (project / "stray.md").write_text("# Stray", encoding="utf-8")
    assert reasons("--since", "HEAD") == [
        "jobs/notes/bonn.md changed since HEAD",
        "jobs/notes/new.md changed since HEAD",
    ]


def test_what_the_other_branch_did_meanwhile_is_no_reason(project):
    git("init", "--initial-branch=main")
    git("add", "-A")
    git("commit", "-m", "towns")
    git("branch", "branch")
    edit(project / "jobs/towns.yaml", "2026", "2027")
    git("commit", "-am", "year")
    git("switch", "branch")
    assert reasons("--since", "main") == []


@pytest.mark.parametrize("commit", ["nowhere", "-p", "--output=stolen", "HEAD:jobs", ""])
def test_a_commit_that_git_does_not_know_is_an_error(project, commit):
    git("init")
    git("add", "-A")
    git("commit", "-m", "towns")
    done = run("run", "--since", commit)
    assert done.exit_code == 2
    assert f"git knows no commit '{commit}'" in done.stderr
    assert not (project / "stolen").exists()


def test_outside_git_since_is_an_error(project):
    done = run("run", "--since", "HEAD")
    assert done.exit_code == 2
    assert "not a git repository" in done.stderr


def test_plan_takes_only_what_changed(project):
    assert run("plan", "--changed", "-q").stdout.startswith("towns: 2 rows")
    reasons()
    left = run("plan", "--changed")
    assert (left.exit_code, left.stdout) == (0, "")
    assert left.stderr == "towns: unchanged, left out\n"
    assert run("plan", "jobs/towns.yaml", "jobs/towns.yaml", "--json").stdout.count('"job"') == 2


def test_without_a_job_there_is_something_to_say(project):
    for command in ("run", "plan"):
        done = run(command)
        assert done.exit_code == 2
        assert "No job is named" in done.stderr
    empty = project / "empty"
    empty.mkdir()
    assert "There is no job file below" in run("run", "--changed", empty).stderr
