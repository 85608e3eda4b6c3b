"""What every command does the same way: help, usage errors, formats, streams and exit codes."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runner.cli import schema as schema_command
from runner.cli.main import COMMANDS, main
from runner.cli.messages import show_json, show_warnings
from runner.course.words import dollars, plural
from runner.errors import StateError
from runner.job.schemas.language import job_schema_text


def test_plan_asks_nothing_and_prints_the_documented_keys(project):
    done = project.run("plan", "companies.yaml", "--json")
    plan = json.loads(done.stdout)
    assert list(plan)[:13] == [
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
    assert project.run("schema").stdout == project.run("schema", "job").stdout == job_schema_text()
    assert "required" not in json.loads(project.run("schema", "base").stdout)
    of_project = json.loads(project.run("schema", "project").stdout)
    assert set(of_project["properties"]) == {"defaults", "source_policies", "prices"}
    assert json.loads(job_schema_text())["$schema"].endswith("2020-12/schema")


# Help and usage -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(project, name):
    """And the list of all commands says what each is for, in the order one uses them."""
    done = project.run(name, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: runner {name}")
    said = " ".join(COMMANDS[name][1].split())
    assert said in " ".join(done.stdout.split())
    assert f"{name} {said}" in " ".join(project.run("--help").stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["rnu"], "There is no command 'runner rnu'", "Did you mean 'run'?"),
        (["xyzzy"], "There is no command 'runner xyzzy'", "There are: init, import, validate"),
        (["cache", "lst"], "There is no command 'runner cache lst'", "Did you mean 'list'?"),
        (["run", "x", "--quite"], "There is no option '--quite'", "Did you mean --quiet"),
        (["--xyzzy"], "There is no option '--xyzzy'", "See `runner --help`"),
        (["plan"], "No job is named", "Name its file"),
        (["completion"], "Missing argument 'bash|zsh|fish'. Choose from: bash, zsh, fish\n", "See"),
        (["init", "companies.yaml"], "companies.yaml is a file", "Name a folder"),
        (["init", "new.yaml"], "new.yaml is called like a file", "Name a folder, which gets a job"),
        (["report", "companies.yaml", "--to", "x.pdf"], "A report is markdown", "write x.html"),
        (["run", "x", "--limit", "0"], "Invalid value for '--limit'", "See `runner run --help`"),
        (
            ["run", "x", "--format", "xml"],
            "Invalid value for '--format'",
            "See `runner run --help`",
        ),
        (
            ["plan", "x", "--var", "year"],
            "Invalid value for --var: 'year' is not of the form NAME=VALUE",
            "",
        ),
        (["plan", "x", "--var", "=1"], "Invalid value for --var", ""),
    ],
)
def test_a_wrong_command_line_is_an_error_like_any_other(project, arguments, message, hint):
    """Exit code 2, nothing on stdout, a message and a hint on stderr."""
    done = project.run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")
    assert f"  hint: {hint}" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["cache"]])
def test_a_group_alone_prints_its_help(project, arguments):
    done = project.run(*arguments)
    assert done.exit_code == 2
    assert "error:" not in done.stderr
    assert "Commands:" in done.output


@pytest.mark.parametrize(("words", "offered"), [("runner va", "validate"), ("runner nope x", "")])
def test_a_shell_may_complete_words(project, words, offered):
    environment = {"_RUNNER_COMPLETE": "bash_complete", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(words.count(" "))
    done = CliRunner().invoke(main, [], prog_name="runner", env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert offered in done.stdout


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "runner", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("runner, version")
    assert main.name == "main"


# Errors ---------------------------------------------------------------------------------------


def test_problems_come_in_the_format_that_is_asked_for(project):
    """Text on stderr; json and workflow annotations on stdout, for every command that loads a job."""
    project.write("bad.yaml", "name: bad\nprovidr: local\nquery: x\n")
    for name in ("validate", "plan", "run", "report"):
        text = project.run(name, "bad.yaml")
        assert (text.exit_code, text.stdout) == (2, "")
        assert "bad.yaml:2:1: error:" in text.stderr
        done = project.run(name, "bad.yaml", "--format", "json")
        problem = json.loads(done.stdout)[0]
        assert (done.exit_code, problem["file"], problem["line"]) == (2, "bad.yaml", 2)
        github = project.run(name, "bad.yaml", "--format", "github").stdout
        assert github.startswith("::error file=bad.yaml,line=2,col=1,endColumn=8::")


def test_an_error_that_is_no_problem_of_a_file_comes_in_that_format_too(project):
    project.run("run", "companies.yaml")
    project.write("mine.md.j2", "\n{{ nobody }}\n")
    arguments = ("report", "companies.yaml", "--template", "mine.md.j2")
    assert project.run(*arguments).stderr.startswith("mine.md.j2:2:1: error: The template")
    (problem,) = json.loads(project.run(*arguments, "--format", "json").stdout)
    assert (problem["file"], problem["line"], problem["severity"]) == ("mine.md.j2", 2, "error")
    github = project.run("report", "companies.yaml", "--template", "tabel", "--format", "github")
    assert github.stdout.startswith("::error::There is no report template 'tabel' (Did you mean")


def test_an_annotation_escapes_what_would_end_it(project):
    """A file's name may hold a comma, a message a percent sign."""
    project.write("a,b%.yaml", "name: bad\nquery: x\nprovidr: 1\n")
    done = project.run("validate", "a,b%.yaml", "--format", "github")
    assert done.stdout.startswith("::error file=a%2Cb%25.yaml,line=3,col=1,endColumn=8::")


def failing(monkeypatch, error):
    def fail(_text, **_more):
        raise error

    monkeypatch.setattr(schema_command, "job_schema_text", lambda: fail(""))


def test_a_defect_is_no_traceback(project, monkeypatch):
    """It says that runner is at fault, and where the details are."""
    failing(monkeypatch, ZeroDivisionError("oops"))
    done = project.run("schema")
    assert done.exit_code == 4
    assert done.stderr.startswith("error: runner made a mistake (ZeroDivisionError: oops)")
    log = Path(done.stderr.split("Please report this with ")[1].strip())
    assert "Traceback" in log.read_text(encoding="utf-8")
    log.unlink()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
@pytest.mark.parametrize(
    "told",
    [
        ("run companies.yaml", "runner.cli.running.load_job_file", " What was answered is kept; run again to go on."),
        ("validate", "runner.cli.validate.command.callback", " Nothing was asked, and no file was changed."),
        ("plan companies.yaml", "runner.cli.plan.command.callback", " Nothing was asked, and no file was changed."),
        ("report companies.yaml", "runner.cli.report.load_job_file", " The report is whole: the new one, or the one before."),
        ("init new", "runner.cli.init._write", " Nothing was written."),
        ("cache list", "runner.cli.cache.find_state", " What is still stored can be used; try again."),
        ("schema", "runner.cli.schema.job_schema_text", ""),
    ],
)  # fmt: skip
def test_an_interrupt_says_what_becomes_of_each_command(project, monkeypatch, error, told):
    command, place, said = told

    def fail(*_arguments, **_more):
        raise error

    monkeypatch.setattr(place, fail)
    done = project.run(*command.split())
    assert done.exit_code == 130
    assert done.stderr == f"\nInterrupted.{said}\n"


def test_an_error_without_a_hint_is_one_line(project, monkeypatch):
    failing(monkeypatch, StateError("Something is wrong"))
    done = project.run("schema")
    assert (done.exit_code, done.stderr) == (2, "error: Something is wrong\n")


def test_click_s_own_exits_pass_through(project, monkeypatch):
    failing(monkeypatch, click.UsageError("No."))
    done = project.run("schema")
    assert (done.exit_code, done.stderr) == (2, "error: No\n  hint: See `runner schema --help`\n")


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "$0.00"), ("0.005", "$0.005"), ("1234.5", "$1,234.50")]
)
def test_money_has_as_many_decimals_as_it_needs(amount, text):
    assert dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "row", "1 row"), (2000, "row", "2,000 rows"), (0, "query", "0 queries")],
)
def test_counts_agree_with_their_nouns(count, noun, text):
    assert plural(count, noun) == text


def test_warnings_go_to_stderr_unless_quiet(capsys):
    show_warnings(["a.pdf cannot be read"], quiet=False)
    show_warnings(["unheard"], quiet=True)
    assert capsys.readouterr() == ("", "warning: a.pdf cannot be read\n")


def test_json_holds_whatever_has_a_text(capsys):
    show_json({"cost": Decimal("0.5"), "file": Path("a/b")})
    assert json.loads(capsys.readouterr().out) == {"cost": 0.5, "file": "a/b"}


# Streams --------------------------------------------------------------------------------------


def shell(project, command, *, text=True, **environment):
    """Run a shell command line in which `runner` is ours; bash's pipefail shows our exit code."""
    line = command.replace("runner", f"'{sys.executable}' -m runner")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=project.folder,
        capture_output=True,
        text=text,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_reader_that_leaves_is_no_error(project):
    """`| head -1` gets its line; the command goes on, writes its files and keeps its exit code."""
    done = shell(project, "runner run companies.yaml | head -1")
    assert (done.returncode, done.stdout) == (0, "results: out/companies.jsonl\n")
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
    assert "reports/companies.md" in project.files()
    gone = shell(project, "runner validate nothing.yaml --format json | true")
    assert (gone.returncode, gone.stderr) == (2, "")
    assert shell(project, "runner run nothing.yaml 2>&1 | true").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["schema", "validate companies.yaml"])
def test_a_full_disk_is_an_error(project, command):
    done = shell(project, f"runner {command} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: The output cannot be written: no space left on device\n"


def test_the_rest_of_an_output_goes_nowhere_once_its_reader_has_left(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as output:  # noqa: PTH123 - a file by its number
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit) as ended:
            main(["schema"], prog_name="runner")
        output.write("more")
    assert ended.value.code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_cannot_be_written_is_said_every_time(monkeypatch, capsys):
    with Path("/dev/full").open("w", encoding="ascii") as output:
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit) as ended:
            main(["schema"], prog_name="runner")
    assert ended.value.code == 2
    assert "no space left on device" in capsys.readouterr().err


def test_closed_streams_are_no_error(project):
    assert shell(project, "runner schema >&-").returncode == 0
    assert shell(project, "runner run nothing.yaml 2>&-").returncode == 2


def test_what_a_terminal_cannot_show_is_escaped(project):
    """A name in another script never ends a command with an encoding error."""
    project.write("søk 検索.yaml", "name: bad\nquery: x\nprovidr: 1\n")
    command = "runner validate 'søk 検索.yaml' --format github"
    latin = shell(project, command, PYTHONIOENCODING="latin-1", text=False)
    assert latin.stdout.startswith(b"::error file=s\xf8k \\u691c\\u7d22.yaml,")
    ascii_only = shell(project, command, PYTHONIOENCODING="ascii", text=False)
    assert ascii_only.stdout.decode("utf-8").startswith("::error file=søk 検索.yaml,")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_color_is_honoured(project, monkeypatch, no_color, coloured):
    monkeypatch.setenv("NO_COLOR", no_color)
    done = CliRunner().invoke(main, ["run", "x", "--quite"], prog_name="runner", color=True)
    assert ("\x1b[" in done.stderr) is coloured
