"""Laws of `runner run`: a report and results, byte-identical again, and words for every fault."""

import json
import sqlite3

import pytest


def test_a_job_becomes_results_and_a_cited_report(project):
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 0, done.output
    acme, globex = project.outcomes()
    assert acme["output"] == {"founded_year": 1901, "headquarters": "Bern, Switzerland"}
    assert globex["output"]["founded_year"] == 1989
    assert {entry["field"] for entry in acme["basis"]} == {"founded_year", "headquarters"}
    citation = acme["basis"][0]["citations"][0]
    assert citation["url"] == "notes/acme.md"
    assert citation["excerpts"][0] in project.read("notes/acme.md")
    report = project.read("reports/companies.md")
    assert "1901" in report
    assert "[^1]:" in report
    assert "reports/companies.md" in done.stdout
    assert "extractive" in report.lower()


def test_the_keys_of_a_result_are_the_documented_ones(project):
    project.run("run", "companies.yaml")
    assert list(project.outcomes()[0]) == [
        "step",
        "key",
        "item",
        "status",
        "output",
        "basis",
        "run_id",
        "processor",
        "cost_usd",
        "cached",
        "warnings",
        "error",
    ]


def test_a_second_run_asks_nothing_and_writes_the_same(project):
    project.run("run", "companies.yaml")
    report, first = project.read("reports/companies.md"), project.outcomes()
    again = project.run("run", "companies.yaml", "--json")
    summary = json.loads(again.stdout)
    assert (summary["cached"], summary["new"]) == (2, 0)
    assert project.read("reports/companies.md") == report
    second = project.outcomes()
    assert all(outcome.pop("cached") for outcome in second)
    assert not any(outcome.pop("cached") for outcome in first)
    assert second == first


def test_an_edited_document_is_a_new_question(project):
    project.run("run", "companies.yaml")
    project.write("notes/acme.md", "# Acme\n\nFounded: 1902\nHeadquarters: Bern, Switzerland\n")
    project.run("run", "companies.yaml")
    assert project.outcomes()[0]["output"]["founded_year"] == 1902


def test_json_prints_one_object_with_the_documented_keys(project):
    done = project.run("run", "companies.yaml", "--json")
    assert list(json.loads(done.stdout)) == [
        "job",
        "run",
        "status",
        "calls",
        "cached",
        "new",
        "attached",
        "failed",
        "pending",
        "cost_usd",
        "report",
        "results",
        "seconds",
    ]


def test_limit_keeps_every_row_and_skips_the_rest(project):
    done = project.run("run", "companies.yaml", "--limit", "1")
    assert done.exit_code == 0
    assert [outcome["status"] for outcome in project.outcomes()] == ["ok", "skipped"]


def test_out_writes_elsewhere(project):
    project.run("run", "companies.yaml", "--out", "elsewhere")
    assert {"elsewhere/companies.md", "elsewhere/companies.jsonl"} <= project.files()
    assert "reports/companies.md" not in project.files()


def test_offline_uses_the_cache_only(project):
    project.run("run", "companies.yaml", "--offline")
    assert [outcome["status"] for outcome in project.outcomes()] == ["skipped", "skipped"]
    project.run("run", "companies.yaml")
    project.run("run", "companies.yaml", "--offline")
    assert [outcome["status"] for outcome in project.outcomes()] == ["ok", "ok"]


def test_report_renders_again_without_asking(project):
    project.run("run", "companies.yaml")
    report = project.read("reports/companies.md")
    (project.folder / "reports/companies.md").unlink()
    assert project.run("report", "companies.yaml").exit_code == 0
    assert project.read("reports/companies.md") == report


def test_report_before_the_first_run_says_so(project):
    done = project.run("report", "companies.yaml")
    assert done.exit_code == 2
    assert "runner run" in done.stderr


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_results_as_csv_and_json(project, suffix):
    project.change("out/companies.jsonl", f"out/companies.{suffix}")
    assert project.run("run", "companies.yaml").exit_code == 0
    text = project.read(f"out/companies.{suffix}")
    if suffix == "csv":
        assert text.splitlines()[0].startswith(
            "company,founded_year,headquarters,founded_year.confidence,founded_year.sources"
        )
    else:
        assert len(json.loads(text)) == 2


def broken_name(project):
    project.change("{{ item.company }}", "{{ item.compny }}")


def no_documents(project):
    project.change("documents: [notes]", "documents: [nothing]")


def empty_documents(project):
    for file in (project.folder / "notes").iterdir():
        file.unlink()


def ragged(project):
    project.write("companies.csv", "company,domain\nAcme,acme.com\nGlobex\n")


def missing_data(project):
    (project.folder / "companies.csv").unlink()


def no_schema(project):
    text = project.read("companies.yaml")
    start, end = text.index("output:"), text.index("results:")
    project.write("companies.yaml", text[:start] + "output: schema.json\n" + text[end:])
    project.write("schema.json", '{"type": "wrong"}')


def broken_schema(project):
    no_schema(project)
    project.write("schema.json", '{"type": ')


def misspelled(project):
    project.change("provider:", "providr:")


def damaged_cache(project):
    folder = project.folder / ".runner" / "cache"
    folder.mkdir(parents=True)
    (folder / "cache.db").write_bytes(b"no database" * 1000)


def report_is_a_folder(project):
    (project.folder / "reports/companies.md").mkdir(parents=True)


def report_below_a_file(project):
    project.write("reports", "a file")


@pytest.mark.parametrize(
    ("spoil", "says", "leaves_outputs"),
    [
        (broken_name, "compny", False),
        (no_documents, "nothing", False),
        (empty_documents, "notes", False),
        (ragged, "companies.csv:3", False),
        (missing_data, "companies.csv", False),
        (no_schema, "schema.json", False),
        (broken_schema, "schema.json:1", False),
        (misspelled, "provider", False),
        (damaged_cache, "Delete", False),
        (report_is_a_folder, "folder", False),
        (report_below_a_file, "reports", False),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_fault_ends_in_words_and_writes_nothing(project, spoil, says, leaves_outputs):
    spoil(project)
    before = project.files()
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.output
    assert project.files() == before
    assert isinstance(done.exception, SystemExit)


def test_a_locked_cache_is_waited_for_and_then_named(project, monkeypatch):
    monkeypatch.setattr("runner.execute.cache.LOCK_TIMEOUT", 0.05)
    project.run("run", "companies.yaml")
    locked = sqlite3.connect(project.folder / ".runner/cache/cache.db", isolation_level=None)
    try:
        locked.execute("BEGIN EXCLUSIVE")
        done = project.run("run", "companies.yaml", "--refresh")
    finally:
        locked.close()
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_broken_document_is_a_warning_and_the_others_go_on(project):
    (project.folder / "notes/broken.pdf").write_bytes(b"%PDF-1.7 broken")
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 0, done.output
    assert "broken.pdf" in done.stderr
    assert project.outcomes()[0]["output"]["founded_year"] == 1901


def test_a_broken_job_does_not_stop_the_others(project):
    project.write("bad.yaml", "name: bad\n")
    done = project.run("run", "bad.yaml", "companies.yaml")
    assert done.exit_code == 2
    assert "reports/companies.md" in project.files()


def test_a_misspelled_command_gets_a_suggestion(project):
    done = project.run("rum", "companies.yaml")
    assert done.exit_code == 2
    assert "run" in done.stderr


def test_a_variable_changes_the_question(project):
    project.change("items: companies.csv\n", "vars: {name: Acme}\n")
    project.change("item.company", "vars.name")
    project.run("run", "companies.yaml", "--var", "name=Globex")
    assert project.outcomes()[0]["output"]["founded_year"] == 1989
    done = project.run("run", "companies.yaml", "--var", "nme=Globex")
    assert done.exit_code == 2
    assert "name" in done.stderr


def test_quiet_says_nothing_when_all_is_well(project):
    done = project.run("run", "companies.yaml", "--quiet")
    assert (done.exit_code, done.output) == (0, "")


CHECKS = """\
checks:
  - min_confidence: low
  - min_citations: 9
    severity: warn
  - expect: "{{ output.founded_year < 1950 }}"
"""


def test_a_failed_check_is_told_at_its_line_and_exits_with_1(project):
    project.write("companies.yaml", project.read("companies.yaml") + CHECKS)
    done = project.run("run", "companies.yaml", "--json")
    line = project.read("companies.yaml").splitlines().index(CHECKS.splitlines()[-1]) + 1
    said = f"companies.yaml:{line}:5: error: expect: Globex, founded_year (1989): "
    assert done.exit_code == 1
    assert said + "output.founded_year < 1950 is not true" in done.stderr
    assert f"companies.yaml:{line - 2}:5: warning: min_citations: Acme, founded_year" in done.stderr
    assert json.loads(done.stdout)["status"] == "failed"
    assert "1 of 3 checks passed." in project.read("reports/companies.md")
    assert "2 of 2 done, 2 new, a check failed" in project.run("status").stdout


def test_failed_checks_are_annotations_in_ci(project):
    project.write("companies.yaml", project.read("companies.yaml") + CHECKS)
    done = project.run("run", "companies.yaml", "--format", "github", "-q", "--log-file", "log")
    assert done.exit_code == 1
    logged = [json.loads(line) for line in project.read("log").splitlines()]
    failed = {each["check"]: each for each in logged if each["event"] == "check"}
    assert (failed["min_citations"]["severity"], failed["min_citations"]["failed"]) == ("warn", 4)
    assert failed["expect"]["place"].startswith("companies.yaml:")
    (annotation,) = done.stdout.splitlines()
    assert annotation.startswith("::error file=companies.yaml,line=")


def test_a_check_that_only_warns_leaves_the_exit_code_alone(project):
    project.write("companies.yaml", project.read("companies.yaml") + CHECKS)
    project.change('expect: "{{ output.founded_year < 1950 }}"', "min_citations: 1")
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 0
    assert "warning: min_citations" in done.stderr


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_results_are_a_workbook_or_columns(project, suffix):
    """Written whole or not at all: a run that fails leaves the earlier file as it was."""
    pytest.importorskip({"xlsx": "openpyxl", "parquet": "pyarrow"}[suffix])
    project.change("out/companies.jsonl", f"out/companies.{suffix}")
    assert project.run("run", "companies.yaml").exit_code == 0
    file = project.folder / f"out/companies.{suffix}"
    good = file.read_bytes()
    assert good[:2] in (b"PK", b"PA")
    project.write("companies.yaml", project.read("companies.yaml") + "report: {template: x.j2}\n")
    assert project.run("run", "companies.yaml").exit_code == 2
    assert file.read_bytes() == good
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_status_and_history_count_rows_beside_rows(project):
    """Equal rows are one call, a row of several steps several: each is one row all the same."""
    project.write("companies.csv", "company\nAcme\nAcme\nGlobex\nAcme\n")
    project.write(
        "steps.yaml",
        "name: steps\nprovider: local\ndocuments: [notes]\nitems: companies.csv\nsteps:\n"
        "  - {id: one, query: 'Facts on {{ item.company }}', output: {founded_year: integer}}\n"
        "  - {id: two, query: 'More: {{ steps.one.output }}', output: text}\n",
    )
    for arguments, counts in [
        (("companies.yaml", "--offline"), (4, 0, 0)),
        (("companies.yaml",), (4, 4, 0)),
        (("companies.yaml", "--limit", "1"), (4, 1, 0)),
        (("steps.yaml",), (4, 4, 0)),
    ]:
        project.run("run", *arguments)
        (first, *_) = json.loads(project.run("history", "--json").stdout)["runs"]
        assert (first["rows"], first["done"], first["failed"]) == counts
        line = project.run("history").stdout.splitlines()[0]
        assert f"{counts[1]} of 4 done" in line
        assert line.endswith(f"  {first['run']}")  # for `runner diff`
    shown = json.loads(project.run("status", "--json").stdout)["runs"]
    assert {each["job"]: (each["rows"], each["done"]) for each in shown} == {
        "companies": (4, 1),
        "steps": (4, 4),
    }


@pytest.mark.parametrize("options", [(), ("--quiet",), ("--json",)])
def test_the_first_bad_rows_are_told_with_their_reason(project, options):
    """One line each, whatever a row is called; the rest is counted."""
    names = ["Acme", "\x1b[2JGlobex", *(f"Town {n}" for n in range(5))]
    rows = json.dumps([{"name": name, "list": 7} for name in names])
    project.write("rows.json", rows)
    project.write(
        "bad.yaml",
        "name: bad\nprovider: local\ndocuments: [notes]\nitems: rows.json\nsteps:\n"
        "  - {id: a, query: 'Facts on {{ item.name }}', output: text}\n"
        "  - {id: b, foreach: '{{ item.list }}', query: 'x {{ steps.a.output }}', output: text}\n",
    )
    done = project.run("run", "bad.yaml", *options)
    assert done.exit_code == 1
    told = done.stderr.splitlines()[-7:]
    assert told[0].startswith("bad: ")
    reason = "bad.yaml:7:22: this must be a list, not a number"
    assert told[1:3] == [
        f"  Acme: {reason} (row 1)",
        f"  \ufffd[2JGlobex: {reason} (row 2)",
    ]
    assert len([line for line in told if reason in line]) == 5
    assert told[-1] == "  and 2 more; the report lists them"
