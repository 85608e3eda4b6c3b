"""The workflows and the pre-commit hook: right by their schema, and their commands run for real."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from runner.cli.main import main

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
BIN = Path(sys.executable).parent


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_is_right_by_its_schema(file):
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_step_runs_what_a_stranger_can_write(file):
    """What GitHub fills in reaches a script through the environment, never as part of its text."""
    for job in steps(file).values():
        for step in job:
            assert "${{" not in step.get("run", "")
    assert "pull_request_target:" not in file.read_text(encoding="utf-8")


def steps(file):
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    return {name: job["steps"] for name, job in jobs.items() if "steps" in job}


@pytest.fixture
def repository(bare, tmp_path, monkeypatch):
    """A fresh checkout of a repository with the job that `runner init` writes."""
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    git(tmp_path, "init", "--bare", "--initial-branch=main", "origin")
    git(tmp_path, "clone", "--quiet", str(origin), "checkout")
    monkeypatch.chdir(checkout)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    commit(checkout, "A first job")
    git(checkout, "push", "--quiet", "origin", "HEAD:main")
    git(checkout, "fetch", "--quiet")
    return checkout


def git(folder, *words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(folder, message):
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", message)


def run_steps(repository, name, **inputs):
    """Run the scripts of a job of the reusable workflow as GitHub does; return what it is shown."""
    temporary = repository.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    summary, outputs = temporary / "summary.md", temporary / "outputs.txt"
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(temporary),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(repository),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_BASE_REF": "main",
        "RUNNER_TEMP": str(temporary),
        "RUNNER_STATE_DIR": str(repository / ".runner"),
        "JOBS": ".",
        "PACKAGE": "none",
        "MAX_COST": "",
        **inputs,
    }
    said, written = [], ""
    for step in steps(ROOT / ".github/workflows/research.yml")[name]:
        if "run" not in step or step["name"] == "Install":
            continue
        if step["name"] == "Commit the reports" and inputs.get("PUBLISH") != "commit":
            continue
        outputs.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=repository,
            env={**environment, "GITHUB_OUTPUT": str(outputs), "WRITTEN": written},
            capture_output=True,
            text=True,
            check=False,
        )
        said.append(done.stdout + done.stderr)
        assert done.returncode == 0, said[-1]
        found = re.match(r"paths<<(\w+)\n(.*)\n\1\n", outputs.read_text("utf-8"), re.DOTALL)
        written = found[2] if found else written
    page = summary.read_text(encoding="utf-8") if summary.exists() else ""
    return "\n".join(said), page, written.split("\n")


def test_a_pull_request_is_validated_and_shown_the_plan_of_what_changed(repository):
    said, page, _ = run_steps(repository, "check")
    assert "companies: unchanged, left out" in said
    assert page == ""
    with (repository / "data/companies.csv").open("a", encoding="utf-8") as rows:
        rows.write("Sony\n")
    commit(repository, "One more company")
    said, page, _ = run_steps(repository, "check", GITHUB_REPOSITORY="fork/of-it")
    assert "companies: changed: data/companies.csv changed since origin/main" in said
    assert "| Rows | 3 |" in page
    assert not (repository / "reports").exists()


def test_a_schedule_runs_what_changed_and_commits_the_reports(repository):
    """The second time nothing changed: nothing is run, and nothing is committed."""
    said, page, written = run_steps(repository, "run", MAX_COST="1.50", PUBLISH="commit")
    assert "companies: changed: it has not run yet" in said
    assert "| Status | done |" in page
    assert [Path(path).name for path in written] == ["companies.md", "companies.csv", "junit.xml"]
    assert (repository / "junit.xml").is_file()
    log = git(repository, "log", "--format=%an %s", "--name-only", "origin/main")
    assert log.startswith("github-actions[bot] Update the research reports\n\nout/companies.csv\n")
    said, _, _ = run_steps(repository, "run", PUBLISH="commit")
    assert "companies: unchanged, left out" in said
    assert git(repository, "rev-list", "--count", "origin/main").strip() == "2"


def test_the_hook_checks_every_job(repository):
    """pre-commit installs the hook's repository and runs its entry; the entry is run here."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == (
        "runner-validate",
        "python",
        False,
    )
    for name in ("jobs/a.yaml", "data/rows.csv", "schemas/a.json", "own.md.j2", "a.yml"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "README.md")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}

    def check():
        return subprocess.run(
            hook["entry"].split(), env=environment, capture_output=True, text=True, check=False
        )

    assert (check().returncode, check().stdout) == (0, "")
    schema = repository / "schemas/company.json"
    schema.write_text(schema.read_text(encoding="utf-8").replace('"object"', '"objet"'), "utf-8")
    assert check().returncode == 2
    assert "schemas/company.json" in check().stderr
