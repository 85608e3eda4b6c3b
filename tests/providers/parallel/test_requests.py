"""What is sent is what the official client would send: its types judge every body."""

import json
import typing
from datetime import date
from pathlib import Path

import parallel
import pytest
from parallel.types import (
    client_extract_params,
    client_search_params,
    run_input_param,
)
from parallel.types.beta import findall_create_params
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

from runner.job.load import find_jobs, load
from runner.job.rows.reader import read_rows
from runner.planning.expand import expand
from runner.planning.waves import waves
from runner.server.faults import Faults
from tests.providers.parallel.conftest import SCHEMA

JOBS = Path(__file__).parents[3] / "jobs"

TYPES = {
    "task": run_input_param.RunInputParam,
    "search": client_search_params.ClientSearchParams,
    "extract": client_extract_params.ClientExtractParams,
    "findall": findall_create_params.FindAllCreateParams,
}


def strict(kind, seen=None):
    """Make a TypedDict and all it names refuse unknown keys."""
    seen = set() if seen is None else seen
    for part in typing.get_args(kind):
        strict(part, seen)
    if is_typeddict(kind) and kind not in seen:
        seen.add(kind)
        kind.__pydantic_config__ = ConfigDict(extra="forbid")
        for part in typing.get_type_hints(kind, include_extras=True).values():
            strict(part, seen)
    return kind


ADAPTERS = {kind: TypeAdapter(strict(params, None)) for kind, params in TYPES.items()}


def calls_of(job):
    rows = [{}] if job.items is None else read_rows(job.items)
    return list(
        expand(
            job,
            rows,
            edition=lambda _body: "parallel",
            today=date(2026, 1, 1),
            steps=waves(job.steps)[0].steps,
        )
    )


@pytest.mark.parametrize("file", find_jobs(JOBS), ids=lambda file: file.stem)
def test_every_body_of_the_sample_jobs_is_what_the_api_takes(file):
    job = load(file).job
    assert job is not None
    for call in calls_of(job):
        ADAPTERS[call.kind].validate_python(call.body)
        json.dumps(call.body, allow_nan=False)


EVERYTHING = """\
name: everything
items: [{company: Acme, year: 1999}]
input: {company: "{{ item.company }}", year: "{{ item.year }}", notes: [a, "{{ item.company }}"]}
input_schema: {type: object, properties: {company: {type: string}}, required: [company]}
processor: pro
fast: true
output: OUTPUT
source_policy: {include_domains: [sec.gov, .edu], after_date: 2025-01-01}
location: us
metadata: {batch_id: b1, row: "{{ item.company }}"}
"""


@pytest.mark.parametrize("output", ["text", "auto", "{year: integer, office: Head office}"])
def test_a_task_with_every_key_is_what_the_api_takes(tmp_path, output):
    file = tmp_path / "job.yaml"
    file.write_text(EVERYTHING.replace("OUTPUT", output), encoding="utf-8")
    loaded = load(file)
    assert loaded.job is not None, [problem.message for problem in loaded.problems]
    (call,) = calls_of(loaded.job)
    ADAPTERS["task"].validate_python(call.body)
    assert call.body["processor"] == "pro-fast"
    assert call.body["input"] == {"company": "Acme", "year": 1999, "notes": ["a", "Acme"]}
    assert call.body["advanced_settings"] == {"location": "us"}
    assert call.body["source_policy"] == {
        "include_domains": ["sec.gov", ".edu"],
        "after_date": "2025-01-01",
    }


def test_unknown_keys_would_be_noticed():
    with pytest.raises(ValueError, match="Extra inputs"):
        ADAPTERS["task"].validate_python({"input": "x", "processor": "base", "procesor": "x"})
    body = {"search_queries": ["x"], "advanced_settings": {"max_result": 3}}
    with pytest.raises(ValueError, match="Extra inputs"):
        ADAPTERS["search"].validate_python(body)


def test_the_official_client_and_runner_agree(project):
    """The same rows, asked through both, have the same answers and the same basis."""
    project.rows(5)
    assert project.run().exit_code == 0
    client = parallel.Parallel(
        api_key=project.server.key,
        base_url=project.server.url,
        default_headers={"parallel-beta": "field-basis-2025-11-25"},
    )
    spec = {"output_schema": {"type": "json", "json_schema": SCHEMA}}
    with client:
        for outcome in project.outcomes():
            run = client.task_run.create(
                input=f"Facts about {outcome['item']['name']}", processor="base", task_spec=spec
            )
            result = client.task_run.result(run.run_id)
            assert outcome["output"] == result.output.content
            assert outcome["basis"] == [entry.model_dump() for entry in result.output.basis]


SEARCH = """\
name: rows
provider: parallel
items: rows.csv
search: {objective: "News on {{ item.name }}", queries: ["{{ item.name }} news"], max_results: 12}
results: out/rows.jsonl
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
"""

EXTRACT = """\
name: rows
provider: parallel
vars: {urls: URLS}
extract: {urls: "{{ vars.urls }}", objective: Prices, full_content: true}
results: out/rows.jsonl
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
"""


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(too_many=3, retry_after=0.05),
        Faults(error_before=0.3, seed=1),
        Faults(cut_before=0.3, seed=2),
        Faults(truncated=0.2, seed=3),
        Faults(html_before=0.2, seed=4),
    ],
    ids=lambda faults: faults.to_json(),
)
def test_searches_come_through_faults(project, faults):
    project.write("job.yaml", SEARCH)
    project.server.faults = faults
    done = project.run("--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(40 * 0.007)
    outcomes = project.outcomes()
    assert [len(outcome["output"]["results"]) for outcome in outcomes] == [12] * 40
    first = outcomes[0]["output"]["results"][0]
    assert set(first) == {"url", "title", "publish_date", "excerpts"}
    asked = len(project.server.requests)
    assert project.run().exit_code == 0
    assert len(project.server.requests) == asked


def test_extract_asks_for_at_most_twenty_urls_a_request(project):
    urls = [f"https://example.org/{n}" for n in range(45)] + ["https://example.org/missing"]
    project.write("job.yaml", EXTRACT.replace("URLS", json.dumps(urls)))
    done = project.run("--json")
    assert done.exit_code == 0, done.output
    (outcome,) = project.outcomes()
    assert [page["url"] for page in outcome["output"]["results"]] == urls[:-1]
    assert outcome["output"]["errors"][0]["url"] == urls[-1]
    assert len(project.server.requests) == 3
    assert json.loads(done.stdout)["cost_usd"] == pytest.approx(0.046)


def test_a_search_stopped_by_credit_keeps_what_it_bought(project):
    project.write("job.yaml", SEARCH)
    project.server.faults = Faults(payment=1.0)
    done = project.run("--json")
    assert done.exit_code == 6
    assert json.loads(done.stdout)["cost_usd"] == 0
    assert {outcome["status"] for outcome in project.outcomes()} == {"skipped"}
