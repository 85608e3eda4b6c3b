"""Whole reports: every built-in template, a template of one's own, and what all of them promise."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import TemplateError
from runner.job.model import Extract, FindAll, Step
from runner.report.render import files_of, render_report, template_for

from .examples import (
    ACTIONS,
    EXAMPLES,
    TEMPLATES,
    any_json,
    cited,
    every_kind_of_row,
    found_pages,
    job,
    outcome,
    render,
    shown,
    task,
)

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_report_is_exactly_this(template):
    """Each built-in template gives the whole report that its golden file holds."""
    assert render(template) == (GOLDEN / f"{template}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", ["table", "cards", "brief"])
def test_no_row_is_hidden(template):
    """Every row is named with its state and its error, whatever became of it."""
    text = shown(render(template)).text
    for row in every_kind_of_row():
        assert row.key in text
        assert (row.error or "") in text
    for state in ("failed", "not as the schema asks", "still running", "skipped"):
        assert f"({state})" in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_run_without_any_answer_still_gives_a_report(template):
    """All rows failed: the report says so, and no table or section is left half-drawn."""
    rows = [outcome(row=n, key=f"r{n}", status="failed", error="No answer") for n in range(2)]
    read = shown(render(template, rows))
    assert "2 rows: 2 failed" in read.text
    assert [text for _, text in read.headings] == ["Companies", "Needs attention"]
    assert "nothing asked" in render(template, [])


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_cached_answer_gives_the_same_bytes(template):
    """What an answer cost, which run gave it and whether it was cached is not in a report."""
    first = [replace(row, run_id="trun_1", cached=False) for row in EXAMPLES[template]()]
    again = [replace(row, run_id="trun_2", cached=True) for row in first]
    assert render(template, first) == render(template, again)


def test_each_kind_of_answer_has_its_template():
    """The template follows the action, the output, and whether values fit a table's cells."""

    def chosen(action, outcomes, **more):
        made = job(action, **more)
        return template_for(made, made.steps[0], outcomes)

    rows, items = every_kind_of_row(), [{"company": "Acme"}, {"company": "Globex"}]
    wide = {f"field_{n}": n for n in range(9)}
    assert chosen(ACTIONS["search"], []) == "search"
    assert chosen(Extract(urls=["https://a.example"]), []) == "search"
    assert chosen(FindAll(objective="x"), []) == "search"
    assert chosen(ACTIONS["research"], []) == "research"
    assert chosen(ACTIONS["auto"], any_json()) == "auto"
    assert chosen(ACTIONS["auto"], [outcome("A text.")]) == "research"
    assert chosen(task(), rows[:1]) == "brief"
    assert chosen(task(), rows, items=items) == "table"
    assert chosen(task(), [outcome(wide)] * 2, items=items) == "cards"
    assert chosen(task(), [outcome({"headquarters": "x" * 200})], items=items) == "cards"
    assert chosen(task(), [outcome({"headquarters": {"city": "x"}})], items=items) == "cards"
    assert chosen(task(), [outcome({"key_products": [["x"]]})], items=items) == "cards"


def test_several_steps_are_sections_of_one_report():
    """One title and one list of footnotes; a source that two steps cite has one number."""
    steps = [Step(id=name, action=task()) for name in ("first", "second", "unasked")]
    basis = [cited("founded_year", "Founded: 1901")]
    rows = [outcome({"founded_year": 1901}, step=step.id, basis=basis) for step in steps[:2]]
    report = render_report(job(steps=steps), rows, warnings=["a.pdf cannot be read"])
    assert shown(report).headings == (
        (1, "Companies"),
        (2, "first"),
        (2, "second"),
        (3, "Warnings"),
    )
    assert report.count("1901[^1]") == 2
    assert report.count("[^1]:") == 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_any_template_shows_any_answer(template):
    """A template that does not suit an answer still shows what the answer says, and its sources."""
    for kind, said in (("auto", "Acme in short"), ("research", "It grew by"), ("table", "Bern")):
        report = render_report(job(ACTIONS[kind], template=template), EXAMPLES[kind]()[:1])
        assert said in report
        assert "Nothing was found" not in report
        assert "[^1]" in report or "## Sources" in report


def test_the_local_provider_is_said_to_be_extractive():
    assert "extractive" in render("table", provider="local")
    assert "extractive" not in render("table", provider="parallel")


@pytest.mark.parametrize(
    ("key", "items", "title"),
    [
        (None, {"company": "Acme"}, "Company"),
        ("{{ item.legal_name }}", {"company": "Acme"}, "Legal name"),
        ("{{ item.a }} {{ item.b }}", {"company": "Acme"}, "Row"),
        (None, {"value": "Acme"}, "Row"),
        ("{{ item.value }}", {"value": "Acme"}, "Row"),
        (None, {}, "Row"),
    ],
)
def test_the_first_column_is_called_by_where_its_names_come_from(key, items, title):
    report = render("table", [outcome({"headquarters": "Bern"}, item=items)], key=key)
    assert shown(report).rows[0][0] == title


# A template of one's own ----------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    """Return a function that renders a template that is written beside the job."""

    def rendered(text, outcomes=None, name="mine.md.j2", **more):
        (tmp_path / name).write_text(text, encoding="utf-8")
        rows = every_kind_of_row() if outcomes is None else outcomes
        return render_report(job(folder=tmp_path, template=name, **more), rows, date="2026-01-31")

    return rendered


def test_a_template_of_ones_own_may_extend_a_built_in_one(own):
    """What it does not replace stays: here the coverage, the notes and the footnotes."""
    report = own(
        '{% extends "table.md.j2" %}\n{% block title %}\n# My own {{ run.date }}\n{% endblock %}\n'
    )
    assert report.startswith("# My own 2026-01-31\n\n8 rows:")
    assert "## Notes" in report
    assert "[^1]:" in report


def test_a_template_above_the_job_begins_in_its_own_folder(tmp_path):
    """It may be called like a built-in one, and names its neighbours."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/table.md.j2").write_text("{% include 'part.md.j2' %}")
    (tmp_path / "shared/part.md.j2").write_text("{{ rows | length }} rows")
    (tmp_path / "jobs").mkdir()
    made = job(folder=tmp_path / "jobs", template="../shared/table.md.j2")
    assert render_report(made, every_kind_of_row()) == f"{len(every_kind_of_row())} rows\n"
    assert {file.name for file in files_of(made)} >= {"table.md.j2", "part.md.j2"}


def test_a_template_sees_rows_citations_and_filters(own):
    """The documented names: rows, cite, confidence, sources, table, and the filters."""
    report = own(
        "{% for row in rows if row.has('founded_year') and row.status == 'ok' %}\n"
        "{{ row.key }}: {{ row.value('founded_year') }}{{ cite(row, 'founded_year') }}"
        " ({{ confidence(row, 'founded_year') }}), {{ 1234.5 | money }}, {{ 0.5 | percent }}\n"
        "{{ row.cite('headquarters') }}{{ row.sources('headquarters')[0].link }}\n"
        "{% endfor %}\n\n"
        "{{ table([{'a': 1, 'b': 'x|y'}]) }}\n\n"
        "{{ table(rows, ['headquarters']) }}\n\n"
        "{{ sources() | length }} {{ step }} {{ vars.year }}\n",
        vars={"year": 2026},
    )
    read = shown(report)
    assert "Acme: 1901[^1] (high), $1,234.50, 50%" in report
    assert "[^2][Acme \\| Home](https://example.com/acme?a=1&amp;b=2)" in report
    assert read.rows[:2] == (("A", "B"), ("1", "x|y"))
    assert read.rows[2] == ("Company", "Head office")
    assert "3 main 2026" in report
    assert "[^1]: " in report


def test_what_a_template_prints_whole_reads_well(own):
    """A list of sources is a numbered list; a row, a field, a source or a result is its name."""
    rows = every_kind_of_row()[:1]
    report = own("{{ rows[0].cite('headquarters') }}\n\n{{ sources() }}\n", rows)
    source = '[Acme \\| Home](https://example.com/acme?a=1&amp;b=2): "Its head office is'
    assert f"\n\n1. {source}" in report
    assert f"1. {source}" in own("{{ rows[0].sources('headquarters') }}", rows)
    printed = own("{{ rows[0] }}, {{ fields }}, {{ rows[0].sources()[1] }}, {{ rows }}", rows)
    assert printed == "Acme, Founded year; Head office; Key products, Acme \\| Home, Acme\n"
    results = own("{{ rows[0].results }}", found_pages()[:1], action=ACTIONS["search"])
    assert results == "Anvils; notes/acme.md\n"


def test_a_stray_file_changes_no_built_in_template(tmp_path):
    """Only a template of one's own reads the job's folder."""
    (tmp_path / "_report.md.j2").write_text("hijacked", encoding="utf-8")
    report = render_report(job(folder=tmp_path, template="table"), every_kind_of_row())
    assert "hijacked" not in report


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n\n{{ nobody }}", 3, "nobody"),
        ("{% if %}", 1, "cannot be read"),
        ("\n{{ rows", 2, "cannot be read"),
        ("\n{{ rows[0].__class__ }}", 2, "may not use"),
        ("\n\n\n{{ '2026-01-01' | date('\\ud800') }}", 4, "pattern"),
        ('{% extends "nothing.md.j2" %}', 1, "nothing.md.j2"),
        (
            '\n{% extends "table.md.j2" %}\n{% block body %}\n{{ nobody }}\n{% endblock %}',
            4,
            "nobody",
        ),
    ],
)
def test_a_template_error_names_file_and_line(own, text, line, message):
    with pytest.raises(TemplateError, match=message) as caught:
        own(text)
    assert str(caught.value.file).endswith("mine.md.j2")
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("name", "hint"),
    [("monye", "Did you mean 'money'?"), ("zzz", "There are money, percent, date")],
)
def test_a_filter_that_does_not_exist_gets_a_suggestion(own, name, hint):
    with pytest.raises(TemplateError, match="No filter named") as caught:
        own(f"\n{{{{ title | {name} }}}}")
    assert caught.value.line == 2
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("text", ["{% include 'other.md.j2' %}", None])
def test_a_template_that_is_no_text_is_refused_plainly(tmp_path, text):
    """Whether it is the report's or one that it includes."""
    (tmp_path / "other.md.j2").write_bytes(b"\xff\xfe")
    name = "other.md.j2" if text is None else "mine.md.j2"
    (tmp_path / name).write_bytes(b"\xff\xfe" if text is None else text.encode())
    with pytest.raises(TemplateError, match=r"(?i)utf-8"):
        render_report(job(folder=tmp_path, template=name), [])


@pytest.mark.parametrize(
    ("name", "hint"), [("tabel", "Did you mean 'table'?"), ("x/y.j2", "Built in are table, cards")]
)
def test_an_unknown_template_gets_a_suggestion(tmp_path, name, hint):
    with pytest.raises(TemplateError, match=name) as caught:
        render_report(job(folder=tmp_path, template=name), [])
    assert caught.value.hint.startswith(hint)


def test_what_is_weak_in_a_list_is_seen_where_only_its_elements_are_graded():
    """In its cell, and in the counts above it."""
    basis = [
        cited("key_products.0", "Anvils"),
        cited(
            "key_products.1", "Rope", url="https://b.example", confidence="low", reasoning="Old."
        ),
    ]
    text = render("table", [outcome({"key_products": ["anvils", "rope"]}, basis=basis)])
    assert "anvils; rope (low)[^1][^2]" in text
    assert "1 of 3 fields filled, 1 cited; confidence 1 low." in text
    assert "- **Acme**, Key products, item 2 (low): Old." in text
    cards = render("cards", [outcome({"key_products": ["anvils", "rope"]}, basis=basis)])
    assert "- **Key products**: anvils; rope (low)[^1][^2]\n  - Old.\n" in cards
