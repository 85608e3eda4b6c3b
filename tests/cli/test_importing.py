"""`runner import`: a config of parallel-cli becomes a job that is right, or says why it cannot."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.job.enrichment import read_enrichment
from runner.job.load import load, load_job
from runner.job.model import JsonOutput
from runner.job.rows.reader import read_rows
from runner.planning.processors import PROCESSORS

# As `parallel-cli enrich plan` writes it.
CONFIG = """\
source_type: csv
source: data/c.csv
target: out/Enriched Companies.csv
source_columns:
- name: company
  description: Company name
- name: Web Site
  description: 'Its site: the main one'
enriched_columns:
- name: ceo
  description: CEO, today
  type: str
- name: founded
  description: Year
  type: int | None
- name: products
  description: Products
  type: list[str]
- name: ipo
  description: Day of the IPO
  type: date | None
- name: seen
  description: Last seen
  type: datetime
processor: core-fast
"""


@pytest.fixture
def config(project):
    project.write("runner.yaml", "")
    project.write("data/c.csv", "id,company,Web Site\n1,Acme,acme.example\n")
    project.write("cfg/config.yaml", CONFIG)
    return project


def test_an_interrupted_import_leaves_no_job_behind(config, monkeypatch):
    def stop(_file):
        raise KeyboardInterrupt

    monkeypatch.setattr("runner.job.load.load", stop)
    before = config.files()
    done = config.run("import", "cfg/config.yaml")
    assert (done.exit_code, done.stderr) == (130, "\nInterrupted. Nothing was written.\n")
    assert config.files() == before


def test_a_config_becomes_a_job_that_asks_the_same(config):
    done = config.run("import", "cfg/config.yaml")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "wrote cfg/enriched-companies.yaml\nnext: runner plan cfg/enriched-companies.yaml\n"
    )
    job = load_job(config.folder / "cfg/enriched-companies.yaml")
    assert job.items.path == config.folder / "data/c.csv"
    assert job.results == config.folder / "out/Enriched Companies.csv"
    (step,) = job.steps
    assert step.action.processor == "core-fast"
    assert isinstance(step.action.output, JsonOutput)
    fields = step.action.output.schema["properties"]
    assert {name: field["type"] for name, field in fields.items()} == {
        "ceo": "string",
        "founded": ["integer", "null"],
        "products": "array",
        "ipo": ["string", "null"],
        "seen": "string",
    }
    assert fields["ceo"]["description"] == "CEO, today"
    plan = json.loads(config.run("plan", "cfg/enriched-companies.yaml", "--json").stdout)
    assert plan["columns_sent"] == ["company", "Web Site"]
    assert plan["calls"] == 1


def test_what_the_job_does_otherwise_is_said(config):
    config.change("processor: core-fast\n", "procesor: pro\n", "cfg/config.yaml")
    done = config.run("import", "cfg/config.yaml", "jobs/x.yaml")
    assert done.exit_code == 2  # there is no folder jobs
    assert "jobs/x.yaml cannot be written" in done.stderr
    done = config.run("import", "cfg/config.yaml", "x.yaml")
    assert done.exit_code == 0
    assert "cfg/config.yaml:25:1: warning: the unknown key 'procesor' is left out" in done.stderr
    assert "hint: did you mean processor?" in done.stderr
    assert "note: the config names no processor: core-fast" in done.stderr
    assert "note: only the source_columns leave the machine" in done.stderr
    assert "items: data/c.csv\n" in config.read("x.yaml")
    assert config.run("import", "cfg/config.yaml", "y.yaml", "--quiet").stderr == ""


@pytest.mark.parametrize("given", ["''", ""])
def test_a_description_may_be_empty(config, given):
    """As `parallel-cli enrich plan` writes it where none is typed."""
    for old in ("Company name", "CEO, today", "Year", "Day of the IPO"):
        config.change(f"description: {old}\n", f"description: {given}\n", "cfg/config.yaml")
    assert config.run("import", "cfg/config.yaml", "x.yaml").exit_code == 0
    step = load_job(config.folder / "x.yaml").steps[0]
    fields = step.action.output.schema["properties"]
    assert fields["ceo"] == {"type": "string"}
    assert fields["founded"] == {"type": ["integer", "null"]}
    assert fields["ipo"]["description"] == "(as YYYY-MM-DD)"
    assert step.action.input_schema["properties"]["company"] == {"type": "string"}


def test_an_answer_that_is_called_like_a_column_is_told(config):
    config.change("- name: ceo\n", "- name: id\n", "cfg/config.yaml")
    done = config.run("import", "cfg/config.yaml", "x.yaml")
    assert (
        "note: the data has a column 'id': the answer stands beside it, as 'output.id'"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("kind", "source", "target", "hints"),
    [
        ("duckdb", "companies", "companies_new", ("companies.csv", "companies_new.csv")),
        ("bigquery", "shop.sales.firms", "shop.sales.new", ("firms.csv", "new.csv")),
    ],
)
def test_a_table_of_a_database_is_exported_first(config, kind, source, target, hints):
    config.change("source_type: csv", f"source_type: {kind}", "cfg/config.yaml")
    config.change("source: data/c.csv", f"source: {source}", "cfg/config.yaml")
    config.change("target: out/Enriched Companies.csv", f"target: {target}", "cfg/config.yaml")
    done = config.run("import", "cfg/config.yaml")
    assert done.exit_code == 2
    assert f"then write source_type: csv and source: {hints[0]}\n" in done.stderr
    assert f"hint: write {hints[1]}\n" in done.stderr


def test_a_project_with_a_schema_gets_a_job_that_an_editor_knows(config):
    config.write("schemas/job.schema.json", config.run("schema").stdout)
    assert config.run("import", "cfg/config.yaml").exit_code == 0
    first = config.read("cfg/enriched-companies.yaml").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/job.schema.json"


def test_a_warning_of_the_data_is_told_once(config):
    config.write("data/c.csv", "id,company,Web Site\n")
    done = config.run("import", "cfg/config.yaml")
    assert done.stderr.count("data/c.csv: warning: the file has no rows") == 1


def test_nothing_is_overwritten(config):
    config.write("cfg/enriched-companies.yaml", "mine")
    done = config.run("import", "cfg/config.yaml")
    assert done.exit_code == 2
    assert "cfg/enriched-companies.yaml is already there; nothing was written" in done.stderr
    assert config.read("cfg/enriched-companies.yaml") == "mine"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: list[str]", "type: lst", "18:9: warning: the unknown type 'lst' is read as text"),
        ("source_type: csv", "source_type: duckdb", "1:14: error: a job reads no duckdb tables"),
        ("source_type: csv", "source_type: cvs", "1:14: error: there is no source type 'cvs'"),
        ("data/c.csv", "c.csv", "2:9: error: there is no file c.csv"),
        ("data/c.csv", "/etc/passwd", "2:9: error: this path leaves the project folder"),
        ("data/c.csv", "cfg/config.yaml", "2:9: error: the name of a csv file ends in .csv"),
        ("out/Enriched Companies.csv", "out.db", "3:9: error: a results file ends in one of"),
        ("name: company", "name: compny", "5:9: error: the data has no column 'compny'"),
        ("name: ceo", "name: founded", "13:9: error: the column 'founded' is there twice"),
        ("core-fast", "cor", "25:12: error: there is no processor 'cor'"),
        ("- name: ceo\n  description", "- nam: ceo\n  description", "10:3: error: this column needs a name"),
        ("target: out/Enriched Companies.csv\n", "", "1:1: error: the key 'target' is missing"),
        ("target: out/Enriched Companies.csv", "target: [a]", "3:9: error: target must be text"),
        ("out/Enriched Companies.csv", "data/c.csv", "3:9: error: the results would overwrite"),
        ("description: CEO, today\n  type", "type", "10:3: error: this column needs a description"),
    ],
)  # fmt: skip
def test_a_config_that_no_job_can_follow_says_so_at_its_place(config, old, new, words):
    config.change(old, new, "cfg/config.yaml")
    done = config.run("import", "cfg/config.yaml", "x.yaml")
    assert f"cfg/config.yaml:{words}" in done.stderr
    is_error = " error: " in words
    assert done.exit_code == (2 if is_error else 0)
    assert ("x.yaml" in config.files()) is not is_error


@pytest.mark.parametrize("text", ["", "- a\n", "text\n", "a: [\n", "source_columns: x\n"])
def test_a_file_that_is_no_config_is_refused(config, text):
    config.write("cfg/config.yaml", text)
    done = config.run("import", "cfg/config.yaml")
    assert done.exit_code == 2
    assert "error: " in done.stderr


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Cf"]), min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and not text.startswith("\ufeff")
)  # fmt: skip
TYPES = st.sampled_from(["str", "int", "date", "bool | None", "datetime", "list[float]", "object"])


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    columns=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    fields=st.lists(
        st.tuples(NAMES, NAMES, TYPES), min_size=1, max_size=3, unique_by=lambda f: f[0]
    ),
)
def test_whatever_columns_are_called_the_job_is_right(tmp_path, columns, fields):
    """The rows are json: their columns may have any name."""
    (tmp_path / "runner.yaml").write_text("")
    (tmp_path / "d.json").write_text(json.dumps([dict.fromkeys(columns, 1)]))
    config = {
        "source_type": "json",
        "source": "d.json",
        "target": "out.json",
        "source_columns": [{"name": name, "description": name} for name in columns],
        "enriched_columns": [
            {"name": name, "description": text, "type": kind} for name, text, kind in fields
        ],
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    found = read_enrichment(
        tmp_path / "c.yaml",
        tmp_path,
        tmp_path,
        working_directory=tmp_path,
        processors=tuple(PROCESSORS),
    )
    (tmp_path / "job.yaml").write_text(found.text, encoding="utf-8")
    loaded = load(tmp_path / "job.yaml")
    assert loaded.errors == ()
    schema = loaded.job.steps[0].action.output.schema
    assert list(schema["properties"]) == [name for name, _, _ in fields]
    assert set(loaded.job.steps[0].action.input) == set(columns)
    assert list(read_rows(loaded.job.items)) == [dict.fromkeys(columns, 1)]
