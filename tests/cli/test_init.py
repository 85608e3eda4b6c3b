"""`runner init`: a job that runs at once, written whole or not at all."""

import os
import pty
import subprocess
import sys

import pytest

from runner.cli.init import FILES


def test_init_writes_a_job_that_runs(project):
    done = project.run("init", "fresh")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("next: runner run fresh/companies.yaml\n")
    names = {*FILES, "companies.yaml", "schemas/job.schema.json", "schemas/runner.schema.json"}
    assert {f"fresh/{name}" for name in names} <= project.files()
    assert project.run("validate", "fresh").exit_code == 0
    ran = project.run("run", "fresh/companies.yaml")
    assert ran.exit_code == 0, ran.output
    report = project.read("fresh/reports/companies.md")
    assert "1889" in report
    assert "1932" in report


@pytest.mark.parametrize("name", [*FILES, "companies.yaml", "schemas/job.schema.json"])
def test_init_overwrites_nothing(project, name):
    """If one file is there, none is written."""
    project.write(f"fresh/{name}", "mine")
    done = project.run("init", "fresh")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: fresh/{name} is already there; nothing was written")
    assert project.read(f"fresh/{name}") == "mine"
    assert [file for file in project.files() if file.startswith("fresh/")] == [f"fresh/{name}"]


def test_a_folder_that_cannot_be_written_is_left_as_it_was(project):
    """Here a file stands where a folder should: what was written before it goes away again."""
    project.write("fresh/data", "a file")
    done = project.run("init", "fresh")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: fresh/data cannot be written: ")
    assert "hint: Choose another folder: runner init DIR" in done.stderr
    assert [file.name for file in (project.folder / "fresh").iterdir()] == ["data"]


def test_a_link_to_nowhere_is_not_written_through(project):
    project.write("fresh/notes.md", "")
    (project.folder / "fresh/companies.yaml").symlink_to(project.folder / "elsewhere.yaml")
    done = project.run("init", "fresh")
    assert done.exit_code == 2
    assert "fresh/companies.yaml is already there; nothing was written" in done.stderr
    assert not (project.folder / "elsewhere.yaml").exists()


def test_the_next_command_can_be_copied_into_a_shell(project):
    done = project.run("init", "my jobs")
    assert done.stdout.endswith("next: runner run 'my jobs/companies.yaml'\n")
    done = project.run("init", "--", "-x")
    assert done.stdout.endswith("next: runner run ./-x/companies.yaml\n")


@pytest.mark.parametrize(
    ("place", "said"),
    [("companies.csv", "is a file"), ("companies.csv/x", "cannot be written"), ("/proc/nowhere", "cannot be written")],
)  # fmt: skip
def test_no_folder_can_be_made_there(project, place, said):
    done = project.run("init", place)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.fixture
def asked(project):
    """Run `runner init DIR` on a terminal, type answers, and return what it showed and its code."""

    def asked(*typed, folder="fresh", **environment):
        terminal, inside = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", "init", folder],
            cwd=project.folder, stdin=inside, stdout=inside, stderr=inside,
            env={**os.environ, "NO_COLOR": "1", **environment}, start_new_session=True,
        )  # fmt: skip
        os.close(inside)
        shown = ""
        for answer in (*typed, None):
            while answer is None or not shown.rstrip(" ").endswith(":"):
                try:
                    piece = os.read(terminal, 4096).decode()
                except OSError:  # the other end is closed: the program has ended
                    break
                shown += piece
                if not piece:
                    break
            if answer is not None:
                os.write(terminal, answer.encode() + b"\n")
                shown += " <typed>"
        os.close(terminal)
        return shown.replace("\r\n", "\n"), process.wait()

    return asked


def test_on_a_terminal_three_questions_are_asked_and_enter_answers_them(project, asked):
    shown, code = asked("", "", "")
    assert code == 0, shown
    assert shown.count("<typed>") == 3
    assert "next: runner run fresh/companies.yaml" in shown
    assert project.run("run", "fresh/companies.yaml").exit_code == 0


def test_the_answers_make_the_job(project, asked):
    project.write("fresh/my data.csv", "Company Name,b\nAcme,1\n")
    shown, code = asked("Our Market!", "parallel", "nowhere.csv", "fresh/my data.csv")
    assert code == 0, shown
    assert "there is no file nowhere.csv" in shown
    assert "next: runner plan fresh/our-market.yaml" in shown
    assert project.run("validate", "fresh").exit_code == 0
    planned = project.run("plan", "fresh/our-market.yaml", "-v")
    assert planned.exit_code == 0, planned.output
    assert "Key facts about Acme" in planned.stdout
    assert not (project.folder / "fresh/notes").exists()
    assert not (project.folder / "fresh/data").exists()


def test_a_project_that_is_there_is_not_asked_about(project, asked):
    project.write("fresh/runner.yaml", "")
    shown, code = asked()
    assert code == 2
    assert "fresh/runner.yaml is already there" in shown
    assert "?" not in shown


def test_what_is_typed_no_more_ends_it_and_nothing_is_written(project, asked):
    shown, code = asked("\x04")
    assert code == 130, shown
    assert "Interrupted. Nothing was written." in shown
    assert not (project.folder / "fresh").exists()


@pytest.mark.parametrize("column", ["Firma #1", "Name: full", "Größe", "keys", "it's", "{{ a }}"])
def test_the_first_column_may_have_any_name(project, asked, column):
    project.write("fresh/rows.csv", f"{column},b\nNintendo,1\n")
    shown, code = asked("Größe der Firmen", "", "fresh/rows.csv")
    assert code == 0, shown
    assert "next: runner run fresh/grosse-der-firmen.yaml" in shown
    assert project.run("run", "fresh/grosse-der-firmen.yaml").exit_code == 0
    assert "1889" in project.read("fresh/reports/grosse-der-firmen.md")
