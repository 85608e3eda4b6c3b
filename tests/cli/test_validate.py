"""`runner validate`: every problem of every job, and silence about good ones."""

import json
import os
import signal
import subprocess
import sys

import pytest


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


def test_jobs_that_write_the_same_file_are_told(project):
    """Jobs of one name, and of one family."""
    project.write("base.yaml", "query: x\nresults: out/all.csv\n")
    project.write("f1.yaml", "name: one\nextends: base.yaml\n")
    project.write("f2.yaml", "name: two\nextends: base.yaml\n")
    project.write("g1.yaml", "name: one\nquery: x\n")
    project.write("g2.yaml", "name: three\nquery: x\nreport: {path: reports/two.md}\n")
    done = project.run("validate")
    assert done.exit_code == 0
    places = [line for line in done.stderr.splitlines() if ": warning: " in line]
    assert places == [
        "base.yaml:2:10: warning: f1.yaml and f2.yaml write the same file",
        "g1.yaml:1:7: warning: f1.yaml and g1.yaml write the same file",
        "g2.yaml:3:16: warning: f2.yaml and g2.yaml write the same file",
    ]
    assert "give each a report.path of its own" in done.stderr
    assert project.run("validate", "f1.yaml", "f1.yaml").stderr == ""


def test_a_pipe_is_no_job_and_is_not_waited_for(project):
    os.mkfifo(project.folder / "pipe.yaml")
    assert project.run("validate").stdout == "1 job checked, no error found\n"


def test_warnings_stop_nothing_and_quiet_hides_them(project):
    project.change("{{ item.company }}", "{{ item.company }} at {item.domain}")
    done = project.run("validate", "companies.yaml")
    assert done.exit_code == 0
    assert "warning: this is no template" in done.stderr
    assert done.stderr.endswith("1 warning\n")
    quiet = project.run("validate", "companies.yaml", "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_variables_are_checked_against_each_job(project):
    project.write("v.yaml", "name: v\nvars: {n: {type: integer}}\nquery: 'x {{ vars.n }}'\n")
    assert project.run("validate", "v.yaml", "--var", "n=3").exit_code == 0
    done = project.run("validate", "v.yaml", "--var", "n=soon")
    assert done.exit_code == 2
    assert done.stderr.startswith("v.yaml: error: variable n must be a whole number, not 'soon'")


def test_a_file_of_variables_is_read_and_var_goes_first(project):
    project.write(
        "v.yaml",
        "name: v\nprovider: local\ndocuments: [notes]\noutput: text\n"
        "vars: {who: {description: The company}, n: {type: integer}}\n"
        "query: '{{ vars.who }} {{ vars.n }}'\n",
    )
    project.write("values.yaml", "who: Acme\nn: 3\n")
    project.write("values.json", '{"who": "Globex", "n": "4"}')
    for file, extra, asked in (
        ("values.yaml", (), "Acme 3"),
        ("values.json", (), "Globex 4"),
        ("values.yaml", ("--var", "n=5"), "Acme 5"),
    ):
        done = project.run("plan", "v.yaml", "--vars", file, *extra, "--verbose")
        assert done.exit_code == 0, done.output
        assert asked in done.stdout
    project.write("more.yaml", "n: 6\n")
    both = project.run("plan", "v.yaml", "--vars", "values.yaml", "--vars", "more.yaml", "-v")
    assert "Acme 6" in both.stdout
    missing = project.run("plan", "v.yaml", "--var", "n=1")
    assert missing.exit_code == 2
    assert "v.yaml:5:8: error: the variable who has no value" in missing.stderr
    assert "hint: give it one with --var who=... (The company)" in missing.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "[1, 2]",
            "values.yaml:1:1: error: a file of variables holds names and values, not a list",
        ),
        ("n: 'open", "values.yaml:1:4: error: a single quote is opened"),
        ("n: 1\nn: 2", "values.yaml:2:1: error: the key 'n' is given twice"),
    ],
)
def test_a_file_without_variables_says_so(project, content, words):
    project.write("values.yaml", content)
    done = project.run("plan", "companies.yaml", "--vars", "values.yaml")
    assert done.exit_code == 2
    assert done.stderr.startswith(words)


@pytest.mark.parametrize("command", ["plan", "validate"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("n: soon", "2:4: error: variable n must be a whole number, not 'soon'"),
        ("m: 1", "2:1: error: the job has no variable 'm'"),
    ],
)
def test_a_value_of_a_file_that_does_not_fit_is_shown_there(project, command, line, words):
    project.write("v.yaml", "name: v\nvars: {n: {type: integer}}\nquery: 'x {{ vars.n }}'\n")
    project.write("values.yaml", f"# values\n{line}\n")
    done = project.run(command, "v.yaml", "--vars", "values.yaml")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"values.yaml:{words}")
    assert f"  {line}\n" in done.stderr


def test_a_file_of_variables_may_be_empty(project):
    project.write("values.yaml", "# none yet\n")
    assert project.run("plan", "companies.yaml", "--vars", "values.yaml").exit_code == 0


def test_a_fault_of_the_project_file_is_told_once(project):
    project.write("runner.yaml", "defaults: {procesor: core}\n")
    project.write("jobs/b.yaml", "name: b\nquery: x\n")
    done = project.run("validate")
    assert done.stderr.count("runner.yaml:1:12: error: unknown key 'procesor'") == 1
    assert done.stderr.endswith("1 error\n")


@pytest.fixture
def watched(project):
    """Start `validate --watch`; yield it with a function that reads stderr up to some words."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "validate", "--watch"],
        cwd=project.folder, env=environment, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip

    def read_until(words):
        lines = []
        for line in process.stderr:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError("".join(lines))

    yield process, read_until
    process.kill()
    process.wait()
    process.stderr.close()


def test_watching_checks_after_each_save_and_ends_with_an_interrupt(project, watched):
    process, read_until = watched
    assert "error" not in read_until("watching")
    project.change("query:", "qery:")
    assert "companies.yaml changed" in read_until("changed")
    assert "companies.yaml:6:1: error: unknown key 'qery'" in read_until("watching")
    project.change("qery:", "query:")
    read_until("changed")
    assert "error" not in read_until("watching")
    (project.folder / "notes").rename(project.folder / "old")
    assert "companies.yaml:4:13: error: no file matches notes" in read_until("watching")
    (project.folder / "old").rename(project.folder / "notes")
    read_until("changed")
    read_until("watching")
    (project.folder / "companies.yaml").unlink()
    assert "There is no job file" in read_until("watching")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert "Traceback" not in process.stderr.read()


def test_what_is_not_there_cannot_be_watched(project):
    done = project.run("validate", "--watch", "nowhere/a.yaml")
    assert done.exit_code == 2
    assert "error: The folder cannot be watched" in done.stderr
    assert "hint: Check once, without --watch" in done.stderr


def test_a_report_template_that_cannot_be_read_is_a_problem_beside_the_others(project):
    project.write("mine.md.j2", "# {{ title }}\n{% for r in rows %}\n")
    job = "name: bad\nquery: What of {{ vars.x }}?\nreport: {template: mine.md.j2}\n"
    project.write("bad.yaml", job)
    done = project.run("validate", "bad.yaml")
    assert done.exit_code == 2
    assert "bad.yaml:2:19: error: the job has no variable 'x'" in done.stderr
    assert "mine.md.j2:2:1: error: the template cannot be read: a {% for %} is never" in done.stderr
    assert "hint: add {% endfor %}" in done.stderr
