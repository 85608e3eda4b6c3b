"""`runner report`: the report again, from stored outcomes, with no question asked."""

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
