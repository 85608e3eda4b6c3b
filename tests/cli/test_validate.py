"""`runner validate`: every problem of every job, and silence about good ones."""

import json


def test_a_good_job_is_silent_but_for_a_count(project):
    done = project.run("validate", "companies.yaml")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "1 job checked, no error found\n"
    assert project.run("validate", "companies.yaml", "--quiet").output == ""
    assert "companies.yaml: no problem" in project.run("validate", "-v").stderr
    assert json.loads(project.run("validate", "--format", "json").stdout) == []


def test_every_problem_of_every_job_is_found_and_sorted(project):
    project.write("b.yaml", "name: bad\nprovidr: local\nquery: x\nprocessor: cor\n")
    project.write("a/bad.yaml", "name: bad\nquery: x\nquery: y\n")
    done = project.run("validate")
    assert done.exit_code == 2
    places = [line.split(": ")[0] for line in done.stderr.splitlines() if ": error: " in line]
    assert places == sorted(places)
    assert len(places) >= 3
    assert "b.yaml:2:1" in places
    assert "hint: did you mean provider?" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("errors")


def test_a_file_that_is_not_there_is_a_problem(project):
    done = project.run("validate", "nothing.yaml")
    assert done.exit_code == 2
    assert done.stderr.startswith("nothing.yaml: error: there is no such file")


def test_a_folder_without_jobs_says_so(project):
    (project.folder / "empty").mkdir()
    done = project.run("validate", "empty")
    assert done.exit_code == 2
    assert done.stderr == "error: There is no job file below empty\n  hint: Make one: runner init\n"


def test_warnings_stop_nothing_and_quiet_hides_them(project):
    project.change("{{ item.company }}", "{{ item.company }} at {item.domain}")
    done = project.run("validate", "companies.yaml")
    assert done.exit_code == 0
    assert "warning: this is no template" in done.stderr
    assert done.stderr.endswith("1 warning\n")
    quiet = project.run("validate", "companies.yaml", "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")
