"""Laws of items: which rows a job takes, in the data's order, and what it says when it cannot."""

import importlib.util

import pytest

from runner.job.diagnostics import JobProblemsError
from runner.job.load import load, load_job
from runner.job.rows.items import select_rows


@pytest.fixture
def job(tmp_path):
    def job(text, **given):
        (tmp_path / "d.csv").write_text("name,n\nA,1\nB,\nC,30\nD,4\n")
        (tmp_path / "job.yaml").write_text(f"name: j\nquery: x\nvars: {{least: 3}}\n{text}\n")
        return load_job(tmp_path / "job.yaml", **given)

    return job


def names(job):
    return [row.get("name") for row in select_rows(job)]


@pytest.mark.parametrize(
    ("items", "taken"),
    [
        ("d.csv", "ABCD"),
        ("{from: d.csv}", "ABCD"),
        ("{from: d.csv, limit: 3}", "ABC"),
        ("{from: d.csv, limit: 99}", "ABCD"),
        ("{from: d.csv, limit: 99999999999999999999999}", "ABCD"),
        ("{from: d.csv, where: '{{ item.n }}'}", "ACD"),
        ("{from: d.csv, where: '{{ item.n | int(0) > vars.least }}', limit: 1}", "C"),
        ("{from: [{name: A, n: 1}, {name: B, n: 5}], where: '{{ item.n > 3 }}'}", "B"),
    ],
)
def test_where_takes_rows_and_limit_the_first_of_them(job, items, taken):
    assert "".join(names(job(f"items: {items}"))) == taken


def test_where_reads_the_variables_as_they_are_given(job):
    loaded = job(
        "items: {from: d.csv, where: '{{ item.n | int(0) > vars.least }}'}",
        variables={"least": "29"},
    )
    assert names(loaded) == ["C"]


def test_rows_after_the_limit_are_not_read(job, tmp_path):
    loaded = job("items: {from: d.csv, limit: 2}")
    (tmp_path / "d.csv").write_text("name,n\nA,1\nB,2\nbroken\n")
    assert names(loaded) == ["A", "B"]


def test_the_key_may_stand_in_items(job):
    assert job("items: {from: d.csv, key: '{{ item.n }}'}").key == "{{ item.n }}"
    assert job("items: d.csv\nkey: '{{ item.name }}'").key == "{{ item.name }}"


def test_a_row_that_where_cannot_judge_is_named_with_the_template_s_place(job):
    with pytest.raises(JobProblemsError) as caught:
        job("items: {from: d.csv, where: '{{ item.n > 3 }}'}")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (4, 33)
    assert "(row 1 of the data)" in problem.message
    assert problem.message.startswith("the template failed: a text and a number cannot")
    assert problem.hint == (
        "the cells of csv and tsv files are texts: to compare numbers write item.n | int(0)"
    )


@pytest.mark.parametrize("word", ["false", "No", " 0 "])
def test_a_text_that_means_no_is_not_taken_for_true(job, word):
    with pytest.raises(JobProblemsError) as caught:
        job(f"items: {{from: [{{name: A, ok: '{word}'}}], where: '{{{{ item.ok }}}}'}}")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.width) == (4, 43 + len(word), 15)
    assert f"'{word}' is a text" in problem.message
    assert problem.hint == f"compare it: {{{{ item.ok != '{word}' }}}}"


def test_where_is_tried_on_the_first_rows_only_and_fails_later_where_it_is_read(job):
    rows = ", ".join(f"{{name: r{n}, n: {'many' if n == 140 else n}}}" for n in range(150))
    loaded = job(f"items: {{from: [{rows}], where: '{{{{ item.n > 3 }}}}'}}")
    with pytest.raises(JobProblemsError) as caught:
        names(loaded)
    assert "(row 141 of the data)" in caught.value.problems[0].message


def test_where_is_not_tried_behind_the_limit(job):
    rows = "[{name: A, n: 9}, {name: B, n: many}]"
    taken = job(f"items: {{from: {rows}, where: '{{{{ item.n > 3 }}}}', limit: 1}}")
    assert names(taken) == ["A"]


@pytest.mark.parametrize(
    ("query", "fails"),
    [
        ("{{ item.n + 1 }}", True),
        ("{{ item.n | int + 1 }}", False),
        ("{{ item.n * vars.least }}", True),
        ("{% if item.name == 'A' %}{{ 1 in item.n }}{% endif %}", True),
        ("{% if item.name == 'Z' %}{{ 1 in item.n }}{% endif %}", False),
        ("{{ item.n + vars.unset }}", False),
    ],
)
def test_what_fails_on_the_first_rows_is_told_before_a_run(tmp_path, query, fails):
    (tmp_path / "d.csv").write_text("name,n\nA,1\nB,\n")
    (tmp_path / "job.yaml").write_text(
        f'name: j\nvars: {{least: 3, unset: {{type: integer}}}}\nitems: d.csv\nquery: "{query}"\n'
    )
    problems = load(tmp_path / "job.yaml").problems
    assert [(p.line, "(row 1)" in p.message) for p in problems] == [(4, True)] * fails


def test_what_is_true_or_false_already_decides_as_it_is(job):
    rows = "{name: A, ok: true}, {name: B, ok: false}, {name: C, ok: ''}, {name: D, ok: yes it is}"
    assert names(job(f"items: {{from: [{rows}], where: '{{{{ item.ok }}}}'}}")) == ["A", "D"]


@pytest.mark.parametrize(("kind", "library"), [("xlsx", "openpyxl"), ("parquet", "pyarrow")])
def test_a_format_without_its_library_says_what_to_install(tmp_path, monkeypatch, kind, library):
    (tmp_path / f"d.{kind}").write_bytes(b"")
    (tmp_path / "job.yaml").write_text(f"name: j\nquery: x\nitems: d.{kind}\n")
    found = importlib.util.find_spec

    def find_spec(name):
        return None if name == library else found(name)

    monkeypatch.setattr("runner.job.rows.items.find_spec", find_spec)
    (problem,) = load(tmp_path / "job.yaml").problems
    assert (problem.line, problem.column) == (3, 8)
    assert problem.message == f"reading {kind} files needs {library}, which is not installed"
    assert "pip install 'research-runner[tables]'" in problem.hint


@pytest.mark.parametrize(
    ("kind", "way"),
    [("xls", "Excel saved until 2003"), ("xlsm", "save it as xlsx"), ("ods", "LibreOffice"), ("numbers", "Export To"), ("gsheet", "File, Download"), ("txt", "save the rows as one of csv")],
)  # fmt: skip
@pytest.mark.parametrize("is_there", [True, False])
def test_a_spreadsheet_of_another_kind_says_how_it_is_saved(tmp_path, kind, way, is_there):
    if is_there:
        (tmp_path / f"d.{kind.upper()}").write_bytes(b"")
    (tmp_path / "job.yaml").write_text(f"name: j\nquery: x\nitems: d.{kind.upper()}\n")
    (problem,) = load(tmp_path / "job.yaml").problems
    assert way in problem.hint
