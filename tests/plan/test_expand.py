"""Laws of planning: the request bodies are the API's own, and templates fail at their place."""

from datetime import date
from decimal import Decimal

import pytest

from runner.job.diagnostics import JobProblemsError
from runner.job.load import load_job
from runner.job.rows import read_rows
from runner.plan.expand import expand

TODAY = date(2026, 1, 2)


@pytest.fixture
def calls_of(tmp_path):
    def calls_of(text, **files):
        for name, content in files.items():
            (tmp_path / name.replace("__", ".")).write_text(content, encoding="utf-8")
        file = tmp_path / "job.yaml"
        file.write_text(text, encoding="utf-8")
        job = load_job(file)
        rows = read_rows(job.items) if job.items else [{}]
        return list(expand(job, rows, edition=lambda _body: job.provider, today=TODAY))

    return calls_of


def test_a_query_becomes_a_task(calls_of):
    (call,) = calls_of(
        "name: j\nvars: {year: 2026}\nquery: >\n  What of {{ vars.year }}?\nprocessor: core\n"
        "output: {founded: integer}\nsource_policy: {include_domains: [sec.gov], "
        "after_date: 2025-01-01}\nmetadata: {batch_id: b1}\nlocation: us\n"
    )
    assert call.kind == "task"
    assert call.body["input"] == "What of 2026?"
    assert call.body["processor"] == "core"
    assert call.body["source_policy"] == {
        "include_domains": ["sec.gov"],
        "after_date": "2025-01-01",
    }
    assert call.body["metadata"] == {"batch_id": "b1"}
    assert call.body["advanced_settings"] == {"location": "us"}
    schema = call.body["task_spec"]["output_schema"]
    assert schema["type"] == "json"
    assert schema["json_schema"]["properties"]["founded"]["type"] == "integer"
    assert call.price_usd == Decimal("0.025")


@pytest.mark.parametrize("form", ["text", "auto"])
def test_text_and_auto_output(calls_of, form):
    (call,) = calls_of(f"name: j\nquery: q\nprocessor: pro\noutput: {form}\n")
    assert call.body["task_spec"]["output_schema"]["type"] == form


def test_fast_is_the_fast_variant_at_the_same_price(calls_of):
    (call,) = calls_of("name: j\nquery: q\nprocessor: core\nfast: true\noutput: {a: b}\n")
    assert call.body["processor"] == "core-fast"
    assert call.price_usd == Decimal("0.025")


def test_rows_become_calls_in_order_with_their_keys(calls_of):
    calls = calls_of(
        "name: j\nitems: d.csv\nkey: '{{ item.b }}'\nquery: 'Of {{ item.a }}'\noutput: {x: y}\n",
        d__csv="a,b\n1,one\n2,two\n",
    )
    assert [(c.row, c.key, c.body["input"]) for c in calls] == [
        (0, "one", "Of 1"),
        (1, "two", "Of 2"),
    ]


def test_a_search_is_the_api_s_search(calls_of):
    (call,) = calls_of(
        "name: j\nsearch:\n  objective: o\n  queries: [a, b]\n  mode: basic\n  max_results: 25\n"
        "  max_chars: 5000\n"
    )
    assert call.body == {
        "objective": "o",
        "search_queries": ["a", "b"],
        "mode": "basic",
        "max_chars_total": 5000,
        "advanced_settings": {"max_results": 25},
    }
    assert call.price_usd == Decimal("0.020")


def test_an_extract_is_priced_by_its_urls(calls_of):
    (call,) = calls_of("name: j\nextract: {urls: ['https://a.com', 'https://b.com']}\n")
    assert call.body == {"urls": ["https://a.com", "https://b.com"]}
    assert call.price_usd == Decimal("0.002")


def test_an_input_keeps_types_and_is_checked_against_its_schema(calls_of):
    job = (
        "name: j\nitems: [{n: 3}]\ninput: {count: '{{ item.n }}'}\n"
        "input_schema: {type: object, properties: {count: {type: TYPE}}}\noutput: {x: y}\n"
    )
    (call,) = calls_of(job.replace("TYPE", "integer"))
    assert call.body["input"] == {"count": 3}
    with pytest.raises(JobProblemsError) as caught:
        calls_of(job.replace("TYPE", "string"))
    assert "input_schema" in caught.value.problems[0].message


def test_a_template_that_fails_for_a_row_names_the_row_and_the_line(calls_of):
    with pytest.raises(JobProblemsError) as caught:
        calls_of(
            "name: j\nitems: d.jsonl\nquery: >\n  Of {{ item.a.b }}\noutput: {x: y}\n",
            d__jsonl='{"a": {"b": 1}}\n{"a": {}}\n',
        )
    (problem,) = caught.value.problems
    assert problem.line == 4
    assert "row 2" in problem.message


def test_the_date_of_the_run_is_a_value(calls_of):
    (call,) = calls_of("name: j\nquery: 'On {{ run.date }}'\noutput: {x: y}\n")
    assert call.body["input"] == "On 2026-01-02"
