"""`runner cache`: what is stored, how to let go of it, and what a broken cache says."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from runner.cli.main import main
from runner.execute import cache as cache_module

COMMANDS = [["list"], ["list", "--json"], ["prune"], ["clear", "--yes"]]


@pytest.fixture
def stored(project):
    """A project with two stored answers."""
    project.run("run", "companies.yaml")
    return project


def test_answers_are_listed_oldest_first(stored):
    lines = stored.run("cache", "list").stdout.splitlines()
    assert len(lines) == 3
    stamps = [line.split("  ")[0] for line in lines[:2]]
    assert stamps == sorted(stamps)
    assert lines[2].startswith("2 answers, ")
    listed = json.loads(stored.run("cache", "list", "--json").stdout)
    assert [list(each) for each in listed["answers"]] == [["fingerprint", "stored_at"]] * 2
    assert all(len(each["fingerprint"]) == 64 for each in listed["answers"])
    assert listed["bytes"] > 0


def test_prune_removes_what_is_older(stored, monkeypatch):
    assert stored.run("cache", "prune", "--older-than", "1h").stdout == "0 answers removed\n"
    monkeypatch.setattr("runner.cli.cache.time.time", lambda: 2e10)
    assert stored.run("cache", "prune").stdout == "2 answers removed\n"


def test_prune_refuses_what_is_no_duration(stored):
    done = stored.run("cache", "prune", "--older-than", "soon")
    assert done.exit_code == 2
    assert done.stderr == "error: 'soon' is no duration\n  hint: Write 90s, 10m, 24h or 7d\n"


def clear(answer):
    return CliRunner().invoke(main, ["cache", "clear"], input=answer, prog_name="runner")


def test_clear_asks_first(stored):
    """No is no, and is no error; `--yes` does not ask."""
    assert clear("n\n").stdout == "0 answers removed\n"
    assert clear("y\n").stdout == "2 answers removed\n"
    stored.run("run", "companies.yaml")
    assert stored.run("cache", "clear", "--yes").output == "2 answers removed\n"


def test_clear_with_no_one_to_ask_removes_nothing(stored):
    done = clear("")
    assert done.exit_code == 2
    assert "hint: Say it: runner cache clear --yes" in done.stderr
    assert "2 answers" in stored.run("cache", "list").stdout


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_stored_yet_is_no_error_and_makes_nothing(project, arguments):
    """So that CI may clear or prune whatever there is."""
    done = project.run("cache", *arguments)
    assert done.exit_code == 0
    assert done.stderr == "Nothing is stored yet in .runner/cache\n"
    assert "0 answers" in done.stdout or json.loads(done.stdout) == {"answers": [], "bytes": 0}
    assert not (project.folder / ".runner").exists()


@pytest.mark.parametrize("marker", ["runner.yaml", ".git"])
def test_the_cache_is_the_project_s_wherever_one_stands(stored, monkeypatch, marker):
    stored.write(marker, "")
    folder = stored.folder / "deep" / "er"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert "2 answers" in stored.run("cache", "list").stdout
    monkeypatch.setenv("RUNNER_STATE_DIR", "elsewhere")
    assert "0 answers" in stored.run("cache", "list").stdout


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_damaged_cache_says_so(stored, arguments):
    """The message names the folder, and how to go on."""
    (stored.folder / ".runner/cache/cache.db").write_text("garbage" * 500)
    done = stored.run("cache", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "/.runner/cache is damaged" in done.stderr
    assert "hint: Delete that folder" in done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_cache_that_another_program_holds_says_so(stored, monkeypatch, arguments):
    monkeypatch.setattr(cache_module, "LOCK_TIMEOUT", 0.05)
    with closing(sqlite3.connect(stored.folder / ".runner/cache/cache.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = stored.run("cache", *arguments)
        other.rollback()
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is locked by another program" in done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_file_in_the_cache_s_place_says_so(project, arguments):
    project.write(".runner/cache", "a file")
    done = project.run("cache", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be" in done.stderr
    assert "hint: " in done.stderr
