"""What CI servers read: annotations, step summaries, JUnit XML and SARIF."""

import json
from contextlib import closing

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from lxml import etree

from runner.cli.main import main
from runner.cli.stepsummary import LEFT_OUT, LIMIT
from runner.evidence.checks import Failure, Judged
from runner.execute.outcomes import Outcome
from runner.job.model import Check, Step, Task
from runner.report.junit import Suite, begin_suites, end_suites
from tests.cli.formats import JUNIT, SARIF

JOB = """\
name: towns
provider: local
documents: [notes]
items: [Ulm, Bonn, Rom]
query: Facts about {{ item.value }}
output: {river: The river it stands on}
checks:
  - min_confidence: low
  - expect: "{{ output.river == 'Danube' }}"
  - expect: "{{ output.river == 'Rhine' }}"
    severity: warn
  - verified: 0.9
verify: true
"""


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="runner")


@pytest.fixture
def project(towns):
    (towns / "towns.yaml").write_text(JOB, encoding="utf-8")
    return towns


@pytest.fixture
def page(project, monkeypatch):
    page = project / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    return page


def suites(file):
    tree = etree.parse(file)
    assert JUNIT.validate(tree), JUNIT.error_log
    return tree.getroot()


def test_a_failed_check_is_an_annotation_at_its_line_from_the_repository_s_top(
    project, monkeypatch
):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    done = run("run", "towns.yaml", "--format", "github", "-q")
    assert done.exit_code == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith(f"::error file={project.name}/towns.yaml,line=9,col=5,")
    assert "Bonn, river (Rhine)" in first


def test_beside_json_annotations_go_to_stderr(project):
    done = run("run", "towns.yaml", "--format", "github", "--json", "-q")
    assert json.loads(done.stdout)["status"] == "failed"
    assert done.stderr.startswith("::error file=towns.yaml")


def test_a_failed_row_is_an_annotation_at_the_line_that_asks(project):
    text = JOB.replace("{river: The river it stands on}", "text").split("checks:")[0]
    (project / "towns.yaml").write_text(text + "timeout: 0.000001s\n", encoding="utf-8")
    done = run("run", "towns.yaml", "--format", "github", "--json", "-q")
    assert done.exit_code == 1
    assert "::error file=towns.yaml,line=5," in done.stderr
    assert "Ulm%3A" not in done.stderr
    assert "::Ulm: There was no answer" in done.stderr


def test_of_a_kind_ten_are_annotations_and_the_rest_is_logged_and_counted(project):
    keys = "".join(f"zzz{number}: 1\n" for number in range(24))
    (project / "bad.yaml").write_text(f"name: bad\nquery: x\n{keys}", encoding="utf-8")
    done = run("validate", "bad.yaml", "--format", "github")
    lines = done.stdout.splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum("error: unknown key" in line for line in lines) == 14
    assert lines[-1] == "::notice::14 more errors in the log of this step"


def test_the_plan_is_on_the_step_s_page(project, page):
    assert run("plan", "towns.yaml", "--format", "github").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("## towns\n")
    assert "| Rows | 3 |" in text
    assert "| never asked | 3 |" in text


def test_a_column_s_name_does_not_break_the_page_s_table(project, page):
    rows, name = project / "rows.csv", "a|b"
    job = JOB.replace("[Ulm, Bonn, Rom]", "rows.csv").replace("item.value", f"item['{name}']")
    (project / "towns.yaml").write_text(job.replace("query", "key: one\nquery"), encoding="utf-8")
    rows.write_text(f'"{name}",n\nUlm,1\n', encoding="utf-8")
    run("run", "towns.yaml")
    rows.write_text(f'"{name}",n\nBonn,1\n', encoding="utf-8")
    assert run("plan", "towns.yaml", "--format", "github").exit_code == 0
    assert "| the row changed since the last run (a\\|b) | 1 |" in page.read_text(encoding="utf-8")


def test_the_outcome_and_the_report_are_on_the_step_s_page(project, page):
    (project / "second.yaml").write_text(JOB.replace("towns", "more"), encoding="utf-8")
    run("run", "towns.yaml", "second.yaml", "--format", "github")
    text = page.read_text(encoding="utf-8")
    assert "| Status | failed |" in text
    assert "**Check expect (towns.yaml:9) failed: 2 times**" in text
    assert "**Check expect (towns.yaml:10) warning: 2 times**" in text
    # The notes of two reports are told apart.
    assert "[^towns-1]:" in text
    assert "[^more-1]:" in text
    assert "[^1]" not in text


def test_nothing_is_written_where_github_names_no_page(project):
    run("plan", "towns.yaml", "--format", "github")
    assert not (project / "summary.md").exists()


def test_a_page_stays_below_its_limit_and_says_what_is_missing(project, page):
    page.write_text("x" * (LIMIT - 500), encoding="utf-8")
    for _ in range(40):
        assert run("run", "towns.yaml", "--format", "github", "-q").exit_code == 1
    assert LEFT_OUT in page.read_text(encoding="utf-8")
    assert page.stat().st_size < 1 << 20


def test_a_page_that_cannot_be_written_is_a_warning(project, page):
    page.mkdir()
    done = run("plan", "towns.yaml", "--format", "github")
    assert done.exit_code == 0
    assert "cannot be written" in done.stderr


def test_junit_has_a_case_a_row_and_one_a_row_and_check(project):
    assert run("run", "towns.yaml", "--junit", "out/junit.xml", "-q").exit_code == 1
    (suite,) = suites("out/junit.xml")
    assert dict(suite.attrib) | {"time": ""} == {
        "name": "towns",
        "tests": "13",
        "failures": "2",
        "errors": "0",
        "skipped": "0",
        "time": "",
    }
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [name for name in cases if ":" not in name and "(" not in name] == ["Ulm", "Bonn", "Rom"]
    assert len(cases["Ulm: expect (line 9)"]) == 0
    (failure,) = cases["Bonn: expect (line 9)"]
    assert failure.tag == "failure"
    assert failure.get("message").startswith("Bonn, river (Rhine):")
    assert failure.text.endswith("towns.yaml:9:5")
    (warning,) = cases["Ulm: expect (line 10)"]
    assert warning.tag == "system-out"
    assert "verified (line 12)" in cases
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["run"].startswith("run_")


def test_junit_has_the_jobs_of_a_call_and_those_that_could_not_be_run(project):
    (project / "bad.yaml").write_text("name: bad\nquery: x\nprocesor: core\n", encoding="utf-8")
    assert run("run", "bad.yaml", "towns.yaml", "--junit", "junit.xml", "-q").exit_code == 2
    bad, towns = suites("junit.xml")
    assert (bad.get("name"), bad.get("errors")) == ("bad.yaml", "1")
    assert "bad.yaml:3:1" in bad.find(".//error").get("message")
    assert towns.get("tests") == "13"
    assert run("run", "bad.yaml", "--junit", "alone.xml").exit_code == 2
    assert suites("alone.xml")[0].get("errors") == "1"


def test_a_junit_file_that_cannot_be_written_is_told_before_anything_is_asked(project):
    (project / "folder").mkdir()
    done = run("run", "towns.yaml", "--junit", "folder")
    assert done.exit_code == 2
    assert "folder is a folder" in done.stderr
    assert not (project / ".runner").exists()


TEXTS = st.text(st.characters(codec=None), max_size=20)


@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["ok", "failed", "invalid", "pending", "skipped"]))
def test_junit_takes_any_text(tmp_path_factory, key, error, value, status):
    check = Check(kind="expect", value="x", place=("job.yaml", 3, 5))
    judged = Judged(check=check, step=Step(action=Task(input="x")))
    failure = Failure(row=key, field="field", value=value, message=error)
    outcome = Outcome(step="main", row=0, key=key, item={}, status=status, error=error)
    path = tmp_path_factory.getbasetemp() / "any.xml"
    with path.open("w", encoding="utf-8") as file, closing(Suite(value)) as suite:
        begin_suites(file)
        suite.add(outcome, [(judged, [failure])])
        suite.write(file, {"run": error}, 1.5)
        end_suites(file)
    assert len(suites(path)[0].findall("testcase")) == 2


def sarif(*words):
    log = json.loads(run("validate", "--format", "sarif", *words).stdout)
    Draft7Validator(SARIF).validate(log)
    (only,) = log["runs"]
    return only


def test_sarif_has_each_problem_with_rule_place_and_hint(project):
    folder = project / "jobs"
    folder.mkdir()
    (folder / "a b.yaml").write_text(
        "name: bad\nquery: '{{ itm.x }}'\nprocesor: core\noutput: none.json\n", encoding="utf-8"
    )
    found = sarif("jobs/a b.yaml")
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    results = {each["ruleId"]: each for each in found["results"]}
    assert set(results) == {"language", "template", "schema"}
    for each in found["results"]:
        assert rules[each["ruleIndex"]] == each["ruleId"]
    unknown = results["language"]
    assert unknown["message"]["text"] == "unknown key 'procesor'. did you mean processor?"
    assert unknown["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "jobs/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 1, "endColumn": 9},
            }
        }
    ]


def test_a_finding_keeps_its_fingerprint_when_it_moves(project):
    bad = project / "bad.yaml"
    bad.write_text("name: bad\nquery: x\nprocesor: core\n", encoding="utf-8")
    (before,) = sarif("bad.yaml")["results"]
    bad.write_text("# A line more\nname: bad\nquery: x\nprocesor: core\n", encoding="utf-8")
    (after,) = sarif("bad.yaml")["results"]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["locations"] != after["locations"]


def test_sarif_of_what_is_right_has_no_result(project):
    assert sarif("towns.yaml")["results"] == []


def test_an_error_without_a_place_is_a_result_too(project):
    (project / "empty").mkdir()
    (result,) = sarif("empty")["results"]
    assert "locations" not in result
    assert result["ruleId"] == "job"
