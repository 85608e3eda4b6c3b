"""`runner report`: the report again, from stored outcomes, with no question asked."""

import json

import pytest


@pytest.fixture
def ran(project):
    assert project.run("run", "companies.yaml").exit_code == 0
    return project


def test_the_report_is_written_again_byte_for_byte(ran):
    """Without documents, cache or network: what was answered is stored."""
    report = ran.read("reports/companies.md")
    (ran.folder / "reports/companies.md").write_text("lost")
    (ran.folder / "notes/acme.md").unlink()
    done = ran.run("report", "companies.yaml")
    assert (done.exit_code, done.output) == (0, "report:  reports/companies.md\n")
    assert ran.read("reports/companies.md") == report
    assert ran.run("report", "companies.yaml", "--quiet").output == ""


@pytest.mark.parametrize("template", ["cards", "brief", "table.md.j2"])
def test_another_template_is_tried_on_stdout(ran, template):
    report = ran.read("reports/companies.md")
    done = ran.run("report", "companies.yaml", "--template", template)
    assert done.exit_code == 0
    assert done.stdout.startswith("# Companies\n")
    assert "1901" in done.stdout
    assert ran.read("reports/companies.md") == report


def test_a_template_of_one_s_own_is_a_file_beside_the_job(ran):
    ran.write("mine.md.j2", "{% for row in rows %}\n{{ row.key }}\n{% endfor %}\n")
    done = ran.run("report", "companies.yaml", "--template", "mine.md.j2")
    assert done.stdout == "Acme\nGlobex\n"


def test_before_the_first_run_there_is_nothing_to_render(project):
    done = project.run("report", "companies.yaml")
    assert done.exit_code == 2
    assert "runner run" in done.stderr
    assert project.files() == {
        "companies.yaml",
        "companies.csv",
        "notes/acme.md",
        "notes/globex.md",
    }


def test_damaged_outcomes_are_no_traceback(ran):
    (outcomes,) = ran.folder.glob(".runner/runs/**/outcomes.jsonl")
    outcomes.write_text("{}\n")
    done = ran.run("report", "companies.yaml")
    assert done.exit_code == 2
    assert "damaged" in done.stderr
    assert "hint: " in done.stderr


def test_the_report_is_also_a_page(ran):
    """`--to` writes the same report elsewhere, as HTML where the name says so; links still lead."""
    done = ran.run("report", "companies.yaml", "--to", "site/a/companies.html")
    assert (done.exit_code, done.output) == (0, "report:  site/a/companies.html\n")
    page = ran.read("site/a/companies.html")
    assert page.startswith("<!doctype html>")
    assert 'href="../../notes/acme.md"' in page
    done = ran.run("report", "companies.yaml", "--to", "x.md", "--template", "cards", "-q")
    assert (done.exit_code, done.output) == (0, "")
    assert "## Acme" in ran.read("x.md")


def test_a_run_writes_a_page_where_the_job_names_one(project):
    project.write("companies.yaml", project.read("companies.yaml") + "report: {path: x.html}\n")
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 0
    assert "<!doctype" not in done.stdout
    assert project.read("x.html").startswith("<!doctype html>")


def test_a_fault_in_a_template_names_its_file_and_line(ran):
    ran.write(
        "mine.md.j2",
        "{% extends 'table.md.j2' %}\n{% block body %}\n{{ rows | monny }}\n{% endblock %}\n",
    )
    done = ran.run("report", "companies.yaml", "--template", "mine.md.j2")
    assert done.exit_code == 2
    assert done.stderr.startswith("mine.md.j2:3:")
    ran.write("mine.md.j2", "# A\n\n{% for row in rows %}\n{{ row.nothing }}\n{% endfor %}\n")
    done = ran.run("report", "companies.yaml", "--template", "mine.md.j2")
    assert done.exit_code == 2
    assert done.stderr.startswith("mine.md.j2:4:")


FOREACH = """\
name: companies
provider: local
documents: [notes]
items: companies.csv
steps:
  - id: find
    search: {objective: "{{ item.company }}", max_results: 3}
  - id: each
    foreach: "{{ item.names }}"
    query: Facts about {{ item.value }}
    output: {founded_year: integer}
    checks:
      - expect: "{{ steps.find.results | length >= 0 and item.company == vars.seen[item.value] }}"
      - expect: "{{ steps.find.urls == vars.urls[item.company] }}"
"""


def test_a_report_rendered_again_judges_the_entries_of_lists_by_their_own_rows(project):
    """Also where a row has no entry, several have one name, and others have many."""
    rows = [
        {"company": "Acme", "names": ["a", "b"]},
        {"company": "Nobody", "names": []},
        {"company": "Globex", "names": ["c"]},
        {"company": "Globex", "names": ["d", "e"], "more": 1},
    ]
    project.write("companies.json", json.dumps(rows))
    project.write(
        "companies.yaml",
        FOREACH.replace("companies.csv", "companies.json").replace(
            "steps:\n",
            "vars:\n"
            "  seen: {a: Acme, b: Acme, c: Globex, d: Globex, e: Globex}\n"
            "  urls: {Acme: [notes/acme.md], Globex: [notes/globex.md]}\nsteps:\n",
            1,
        ),
    )
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 0, done.output
    first = project.read("reports/companies.md")
    assert "2 of 2 checks passed." in first
    done = project.run("report", "companies.yaml")
    assert done.exit_code == 0, done.output
    assert project.read("reports/companies.md") == first


@pytest.mark.parametrize("command", ["report", "verify"])
def test_a_step_that_the_job_no_longer_has_is_named(project, command):
    project.write("companies.yaml", FOREACH.partition("  - id: each")[0])
    assert project.run("run", "companies.yaml").exit_code == 0
    project.change("id: find", "id: seek")
    done = project.run(command, "companies.yaml")
    assert done.exit_code == 2
    assert "The last run had a step 'find', which this job no longer has" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x\n{{ title | monye }}", "mine.md.j2:2:12: error: The template cannot be read"),
        ("{% include 'part.md.j2' %}", "part.md.j2:1:1: error: The template cannot be read"),
        (None, "companies.yaml:14:20: error: there is no report template 'mine.md.j2'"),
    ],
)
def test_a_template_that_cannot_be_read_is_told_before_anything_is_asked(project, text, said):
    """One that a template includes, too; one that may be absent is not missed."""
    project.change("results:", "report: {template: mine.md.j2}\nresults:")
    project.write("part.md.j2", "{{ rows")
    if text is not None:
        project.write("mine.md.j2", "{% include 'no.md.j2' ignore missing %}" + text)
    done = project.run("run", "companies.yaml")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(project.folder.glob("**/outcomes.jsonl"))
