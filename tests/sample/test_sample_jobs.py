"""The sample jobs as a user runs them: through the command line, over the sample documents."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runner.cli.main import main
from runner.server.local import open_answers
from tests.wire import WireServer

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
JOBS = sorted(path.stem for path in (REPOSITORY / "jobs").glob("*.yaml"))
LOCAL = [
    name
    for name in JOBS
    if "\nprovider: local" in (REPOSITORY / "jobs" / f"{name}.yaml").read_text(encoding="utf-8")
]
PATTERNS = {
    "academic-search",
    "company-enrichment",
    "competitor-report",
    "financial-search",
    "market-report",
    "structured-input",
    "topic-summary",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the jobs, their schemas and documents, as the working directory."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".git").mkdir()
    shutil.copytree(
        REPOSITORY / "jobs", folder / "jobs", ignore=shutil.ignore_patterns("out", "reports")
    )
    shutil.copytree(REPOSITORY / "schemas", folder / "schemas")
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def runs(project: Path) -> Mapping[str, Mapping[str, Any]]:
    """What `runner run --json` prints for each local job, run one after another."""
    printed = {}
    for name in LOCAL:
        result = CliRunner().invoke(main, ["run", f"jobs/{name}.yaml", "--json"])
        assert result.exit_code == 0, f"{name}: {result.output}"
        printed[name] = json.loads(result.stdout)
    assert project.is_dir()
    return printed


def outcomes_of(project: Path, name: str) -> dict[str, dict[str, Any]]:
    """Return the stored outcomes of a job's last run, by the key of their row."""
    file = project / ".runner" / "runs" / name / "outcomes.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["key"]: line for line in lines if "key" in line}


def plain(value: object) -> str:
    """Return a value as text in lower case, without punctuation at its ends."""
    return re.sub(r"\s+", " ", str(value)).strip(" .,;:").casefold()


def right(expected: object, got: object) -> bool:
    """Is a value right?

    Of a text one of the expected parts must be in it; of a number it must be one of those expected;
    of a list at least half of the expected members must be there, and at least half of the members
    must be expected ones. Where null is expected, only null or an empty list will do.
    """
    if expected is None:
        return got is None or got == []
    assert isinstance(expected, list)
    if isinstance(got, list):
        hits = [any(plain(e) in plain(g) or plain(g) in plain(e) for e in expected) for g in got]
        found = [any(plain(e) in plain(g) or plain(g) in plain(e) for g in got) for e in expected]
        return bool(got) and 2 * sum(hits) >= len(hits) and 2 * sum(found) >= len(found)
    if isinstance(got, str):
        return any(plain(part) in plain(got) for part in expected)
    return got in expected


def marks(project: Path, name: str, expected_file: str) -> list[tuple[str, str, str, bool, object]]:
    """Return (row, field, confidence, right, value) for every expected value."""
    expected = json.loads((HERE / expected_file).read_text(encoding="utf-8"))
    outcomes = outcomes_of(project, name)
    table = []
    for row, fields in expected.items():
        output = outcomes[row]["output"]
        confidence = {entry["field"]: entry["confidence"] for entry in outcomes[row]["basis"]}
        for field, value in fields.items():
            got = output[field]
            table.append((row, field, confidence.get(field, ""), right(value, got), got))
    return table


def test_every_sample_job_is_valid(project: Path) -> None:
    result = CliRunner().invoke(main, ["validate", "jobs"])
    assert result.exit_code == 0, result.output
    assert project.is_dir()


def test_the_seven_patterns_run_on_the_sample_documents() -> None:
    assert set(LOCAL) >= PATTERNS


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_job_writes_a_report_and_fails_no_row(
    runs: Mapping[str, Mapping[str, Any]], project: Path, name: str
) -> None:
    printed = runs[name]
    assert printed["status"] == "done"
    assert printed["failed"] == 0
    report = (project / "jobs" / "reports" / f"{name}.md").read_text(encoding="utf-8")
    assert "documents/" in report, "a report names the documents it quotes"


@pytest.mark.parametrize("name", LOCAL)
def test_every_citation_quotes_a_document(
    runs: Mapping[str, Mapping[str, Any]], project: Path, name: str
) -> None:
    """A citation's address is a file the job may read, and its excerpts are not empty."""
    assert runs[name]["status"] == "done"
    cited = 0
    for outcome in outcomes_of(project, name).values():
        for entry in outcome["basis"]:
            for citation in entry["citations"]:
                assert (project / "jobs" / citation["url"]).is_file()
                assert any(excerpt.strip() for excerpt in citation["excerpts"])
                cited += 1
        if isinstance(outcome["output"], dict):
            for hit in outcome["output"].get("results", ()):
                assert (project / "jobs" / hit["url"]).is_file()
                cited += 1
    assert cited > 0


def test_company_facts_are_right(runs: Mapping[str, Mapping[str, Any]], project: Path) -> None:
    """At least 95 % of the facts are right, and all that are given with high or medium confidence."""
    assert runs["company-enrichment"]["status"] == "done"
    table = marks(project, "company-enrichment", "expected_companies.json")
    wrong = [mark for mark in table if not mark[3]]
    assert len(wrong) <= 0.05 * len(table), wrong
    assert not [mark for mark in wrong if mark[2] in ("high", "medium")]


def test_facts_no_document_states_are_null(
    runs: Mapping[str, Mapping[str, Any]], project: Path
) -> None:
    """Nothing is made up about a company without a document, and nothing is cited for it."""
    assert runs["company-enrichment"]["status"] == "done"
    lego = outcomes_of(project, "company-enrichment")["Lego"]
    assert not any(lego["output"].values())
    assert not any(entry["citations"] for entry in lego["basis"])


def test_market_positions_are_right(runs: Mapping[str, Mapping[str, Any]], project: Path) -> None:
    """At least nine in ten are right, and all that are given with high confidence."""
    assert runs["structured-input"]["status"] == "done"
    table = marks(project, "structured-input", "expected_positions.json")
    wrong = [mark for mark in table if not mark[3]]
    assert len(wrong) <= len(table) / 10, wrong
    assert not [mark for mark in wrong if mark[2] == "high"]


def test_annual_figures_are_right(runs: Mapping[str, Mapping[str, Any]], project: Path) -> None:
    """All are right, with their unit; where two years are stated the latest counts."""
    assert runs["figures-watch"]["status"] == "done"
    table = marks(project, "figures-watch", "expected_figures.json")
    assert not [mark for mark in table if not mark[3]]


def test_findings_on_a_topic_come_from_several_papers(
    runs: Mapping[str, Mapping[str, Any]], project: Path
) -> None:
    assert runs["topic-summary"]["status"] == "done"
    (outcome,) = outcomes_of(project, "topic-summary").values()
    cited = {entry["field"]: entry["citations"] for entry in outcome["basis"]}
    assert len(cited["key_findings"]) > 1
    assert len(outcome["output"]["key_findings"]) >= 3
    assert "Reading notes" not in outcome["output"]["summary"]


def test_a_source_policy_keeps_other_folders_out(
    runs: Mapping[str, Mapping[str, Any]], project: Path
) -> None:
    for name, folder in {
        "academic-search": "documents/papers/",
        "financial-search": "documents/finance/",
    }.items():
        assert runs[name]["status"] == "done"
        for outcome in outcomes_of(project, name).values():
            assert outcome["output"]["results"]
            assert all(hit["url"].startswith(folder) for hit in outcome["output"]["results"])


def test_the_right_paper_comes_first(runs: Mapping[str, Mapping[str, Any]], project: Path) -> None:
    """Of the two papers on early perovskite cells the words of the question fit both."""
    assert runs["academic-search"]["status"] == "done"
    outcomes = outcomes_of(project, "academic-search").values()
    found = [
        [hit["url"].rpartition("/")[2].split("-")[0] for hit in outcome["output"]["results"]]
        for outcome in outcomes
    ]
    assert [papers[0] for papers in found[:3]] == ["karpukhin", "liu", "komor"]
    assert "kojima" in found[3][:2]


def test_the_results_file_has_every_row_in_order(
    runs: Mapping[str, Mapping[str, Any]], project: Path
) -> None:
    assert runs["company-enrichment"]["status"] == "done"
    with (project / "jobs" / "data" / "companies.csv").open(encoding="utf-8", newline="") as file:
        asked = [row["company"] for row in csv.DictReader(file)]
    results = project / "jobs" / "out" / "company-enrichment.csv"
    with results.open(encoding="utf-8", newline="") as file:
        answered = [row["company"] for row in csv.DictReader(file)]
    assert answered == asked


def test_the_steps_run_on_both_providers(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search, extract, a task over each result and a summary: asked of the API's own shapes, too."""
    documents = project / "jobs/documents"
    with WireServer(answers=lambda: open_answers(documents, tmp_path)[0], state=tmp_path) as server:
        monkeypatch.setenv("PARALLEL_API_KEY", server.key)
        monkeypatch.setenv("PARALLEL_BASE_URL", server.url)
        words = ["run", "jobs/research-steps.yaml", "--provider", "parallel", "--json"]
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["status"], printed["calls"], printed["failed"]) == ("done", 6, 0)
