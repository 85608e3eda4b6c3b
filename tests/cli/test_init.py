"""`runner init`: a job that runs at once, written whole or not at all."""

import pytest

from runner.cli.init import FILES


def test_init_writes_a_job_that_runs(project):
    done = project.run("init", "fresh")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("next: runner run fresh/companies.yaml\n")
    assert {f"fresh/{name}" for name in FILES} <= project.files()
    assert project.run("validate", "fresh").exit_code == 0
    ran = project.run("run", "fresh/companies.yaml")
    assert ran.exit_code == 0, ran.output
    report = project.read("fresh/reports/companies.md")
    assert "1889" in report
    assert "1932" in report


@pytest.mark.parametrize("name", FILES)
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
    assert [file for file in project.files() if file.startswith("fresh/")] == ["fresh/data"]


@pytest.mark.parametrize("place", ["companies.csv", "/proc/nowhere"])
def test_no_folder_can_be_made_there(project, place):
    done = project.run("init", place)
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
