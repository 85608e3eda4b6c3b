"""Providers and filters of other distributions, installed for real, through the whole river."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner import plugins
from runner.cli.main import main

EXAMPLE = Path(__file__).parent / "example"
JOB = """\
name: towns
provider: almanac
items: [Ulm, Bonn, Rom]
query: On which river stands {{ item.value | shout }} ({{ item.value }})?
processor: base
output: {river: The river it stands on}
budget: 0.02
results: out/towns.jsonl
report: {path: reports/towns.md, template: own.md.j2}
"""
TEMPLATE = "{% for row in rows %}{{ row.key | shout }} {{ row.value('river') }}\n{% endfor %}"
BROKEN = """\
import asyncio

class Odd:
    prices = {PRICES}
    def __init__(self, opening):
        if OPENS == "badly":
            raise OSError("the data is gone")
    def edition(self, body):
        return EDITION
    async def ask(self, kind, body):
        return ANSWER

def wrong(value):
    raise LookupError("no such word")

def strange(value):
    return object()

def markup(value):
    return "<b>[bold](http://x.example)</b> | cell"
"""


def wheel(folder, project, modules):
    """Write the wheel of a project, as a build backend does."""
    about = project["project"]
    stem = f"{about['name'].replace('-', '_')}-{about['version']}"
    points = ""
    for group, entries in about["entry-points"].items():
        points += f"[{group}]\n" + "".join(f"{name} = {it}\n" for name, it in entries.items())
    files = {
        **modules,
        f"{stem}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
        ),
        f"{stem}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{stem}.dist-info/entry_points.txt": points,
    }
    record = f"{stem}.dist-info/RECORD"
    lines = []
    for name, text in files.items():
        mark = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{name},sha256={mark.decode()},{len(text.encode())}\n")
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(record, "".join([*lines, f"{record},,\n"]))
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the example, as pip installs it; no network is asked."""
    folder = tmp_path_factory.mktemp("plugins")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))
    module = (EXAMPLE / "almanac.py").read_text(encoding="utf-8")
    built = wheel(folder, project, {"almanac.py": module})
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--no-compile", "--disable-pip-version-check", "--target", target, built]
    subprocess.run(command, check=True, capture_output=True)
    return target


@pytest.fixture
def folder(ground):
    (ground / "towns.yaml").write_text(JOB, encoding="utf-8")
    (ground / "own.md.j2").write_text(TEMPLATE, encoding="utf-8")
    forget()
    yield ground
    forget()


def forget():
    """Have what is installed looked up anew."""
    plugins._found.cache_clear()
    plugins.load_plugin.cache_clear()
    for name in ("almanac", "odd"):
        sys.modules.pop(name, None)


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="runner")


@pytest.fixture
def odd(folder, monkeypatch):
    """Install a plugin with faults: what its module holds in the place of each name."""

    def install(prices="", opens="well", edition="'1'", answer="None"):
        text = BROKEN.replace("PRICES", prices).replace("OPENS", repr(opens))
        text = text.replace("EDITION", edition).replace("ANSWER", answer)
        site = folder / "site"
        about = site / "odd-2.0.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (site / "odd.py").write_text(text, encoding="utf-8")
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 2.0\n", "utf-8")
        (about / "entry_points.txt").write_text(
            "[runner.providers]\nodd = odd:Odd\ngone = odd:Gone\nlocal = odd:Odd\n"
            "[runner.filters]\nwrong = odd:wrong\nstrange = odd:strange\nmarkup = odd:markup\n"
            "upper = odd:wrong\n",
            encoding="utf-8",
        )
        monkeypatch.syspath_prepend(str(site))
        forget()

    return install


def test_an_installed_provider_is_planned_run_and_reported(folder, installed):
    """In a process of its own, as a user has it."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def runner(*words):
        command = [sys.executable, "-m", "runner", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert runner("validate").returncode == 0
    plan = json.loads(runner("plan", "towns.yaml", "--json").stdout)
    assert (plan["new"], plan["cost_usd"], plan["rows_within_budget"]) == (3, 0.03, 2)
    done = runner("run", "towns.yaml", "--json")
    assert done.returncode == 6
    done = runner("run", "towns.yaml", "--json", "--max-cost", "1")
    assert done.returncode == 6, "the job's own budget holds"
    (folder / "towns.yaml").write_text(JOB.replace("budget: 0.02\n", ""), encoding="utf-8")
    done = runner("run", "towns.yaml", "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert (record["new"], record["failed"], record["cost_usd"]) == (3, 1, 0.02)
    lines = [json.loads(line) for line in Path("out/towns.jsonl").read_text("utf-8").splitlines()]
    assert [line["status"] for line in lines] == ["ok", "ok", "failed"]
    assert lines[0]["basis"][0]["citations"][0]["url"] == "https://almanac.example/Ulm"
    assert lines[2]["error"] == "The almanac has no such town"
    assert Path("reports/towns.md").read_text("utf-8").startswith("ULM\\! Danube\nBONN\\! Rhine\n")
    again = json.loads(runner("run", "towns.yaml", "--json").stdout)
    assert (again["cached"], again["new"], again["cost_usd"]) == (2, 1, 0.0)


def test_the_example_s_provider_has_at_most_thirty_lines():
    text = (EXAMPLE / "almanac.py").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.strip()]) <= 30


def test_a_provider_that_is_not_installed_is_a_problem_with_those_that_are(folder, odd):
    odd()
    (folder / "towns.yaml").write_text(JOB.replace("almanac", "ood"), encoding="utf-8")
    done = run("validate", "towns.yaml")
    assert done.exit_code == 2
    assert "towns.yaml:2:11: error: there is no provider 'ood'" in done.stderr
    assert "did you mean odd?" in done.stderr
    (folder / "towns.yaml").write_text(plain("local"), encoding="utf-8")
    asked = run("run", "towns.yaml", "--provider", "nobody")
    assert (asked.exit_code, "nobody" in asked.stderr) == (2, True)


def plain(provider="odd", query="x {{ item.value }}"):
    return f"name: towns\nprovider: {provider}\nitems: [Ulm]\nquery: {json.dumps(query)}\n"


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ({"opens": "badly"}, 2, "cannot be opened: OSError: the data is gone"),
        ({"prices": "'tiny': 1"}, 2, "has a price that is none: tiny: 1"),
        ({"prices": "'base': 'much'"}, 2, "has a price that is none: base: much"),
        ({"edition": "1 / 0"}, 2, "failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_provider_that_cannot_be_used_is_an_error_that_names_it(folder, odd, fault, code, words):
    odd(**fault)
    (folder / "towns.yaml").write_text(plain(), encoding="utf-8")
    done = run("run", "towns.yaml")
    assert done.exit_code == code, done.output
    assert "'odd' (odd 2.0, entry point odd:Odd)" in done.stderr
    assert words in done.stderr


def test_a_provider_that_cannot_be_loaded_is_an_error_that_names_it(folder, odd):
    odd()
    (folder / "towns.yaml").write_text(plain("gone"), encoding="utf-8")
    done = run("run", "towns.yaml")
    assert done.exit_code == 2
    assert "'gone' (odd 2.0, entry point odd:Gone) cannot be loaded: AttributeError" in done.stderr


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("None", "returned NoneType, which is no Answer"),
        ("{'river': 'Danube'}", "returned dict, which is no Answer"),
        ("[][1]", "failed: IndexError: list index out of range"),
        ("await asyncio.sleep('x')", "failed: TypeError"),
    ],
)
def test_a_fault_in_an_answer_fails_its_row(folder, odd, answer, words):
    odd(answer=answer)
    (folder / "towns.yaml").write_text(plain() + "results: out.jsonl\n", encoding="utf-8")
    assert run("run", "towns.yaml").exit_code == 1
    error = json.loads(Path("out.jsonl").read_text("utf-8"))["error"]
    assert "odd 2.0" in error
    assert words in error


def test_a_plugin_does_not_take_the_place_of_what_is_built_in(folder, odd):
    odd(opens="badly")
    Path("notes.md").write_text("# Ulm\n\nUlm stands on the Danube.\n", encoding="utf-8")
    text = plain("local", "About {{ item.value | upper }}") + "documents: [notes.md]\n"
    (folder / "towns.yaml").write_text(text, encoding="utf-8")
    assert run("run", "towns.yaml").exit_code == 0


def test_a_filter_that_fails_is_an_error_at_its_place(folder, odd):
    odd()
    Path("notes.md").write_text("# Ulm\n", encoding="utf-8")
    text = plain("local", "About {{ item.value | wrong }}") + "documents: [notes.md]\n"
    (folder / "towns.yaml").write_text(text, encoding="utf-8")
    done = run("plan", "towns.yaml")
    assert done.exit_code == 2
    assert "towns.yaml:4:" in done.stderr
    assert "the filter 'wrong' (odd 2.0, entry point odd:wrong) failed: LookupError" in done.stderr
    (folder / "towns.yaml").write_text(text.replace("wrong", "strange"), encoding="utf-8")
    assert run("plan", "towns.yaml").exit_code == 2
    (folder / "towns.yaml").write_text(text.replace("wrong", "wrongg"), encoding="utf-8")
    done = run("validate", "towns.yaml")
    assert "wrongg" in done.stderr
    assert "wrong" in done.stderr.split("hint:")[1]


def test_what_a_filter_returns_is_text_in_a_report(folder, odd):
    """It cannot make markup, links or cells, as no value can."""
    odd()
    Path("notes.md").write_text("# Ulm\n\nUlm stands on the Danube.\n", encoding="utf-8")
    Path("own.md.j2").write_text("{{ job.name | markup }}\n", encoding="utf-8")
    text = plain("local") + "documents: [notes.md]\nreport: {template: own.md.j2, path: r.md}\n"
    (folder / "towns.yaml").write_text(text, encoding="utf-8")
    assert run("run", "towns.yaml").exit_code == 0
    shown = Path("r.md").read_text(encoding="utf-8")
    assert "<b>" not in shown
    assert "\\[bold\\]" in shown
    assert "\\|" in shown
