"""Laws of planning: the request bodies are the API's own, and templates fail at their place."""

import tracemalloc
from datetime import date
from decimal import Decimal

import pytest

from runner.job.diagnostics import JobProblemsError
from runner.job.load import load_job
from runner.job.rows.reader import read_rows
from runner.planning.columns import columns_sent
from runner.planning.expand import Past, expand
from runner.planning.waves import needs, waves

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


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "query: '{{ item.a }}'\noutput: text\n",
            (3, 8),
            "the query is empty for this row (row 2)",
        ),
        ("search: {queries: '{{ item.a }}'}\n", (3, 9), "neither a query nor an objective"),
        ("search: {objective: x, max_results: '{{ item.a }}'}\n", (3, 37), "a whole number"),
        ("extract: {urls: '{{ item.l }}'}\n", (3, 17), "no URL to extract"),
        ("query: x\nlocation: '{{ item.c }}'\n", (4, 11), "two letters, such as us or de, not ''"),
        ("query: x\nmetadata: {m: '{{ item.l }}'}\n", (4, 15), "a text, a number or true/false"),
        ("query: x\nmetadata: {m: '{{ item.long }}'}\n", (4, 15), "has 600 characters"),
        ("query: '{{ item.huge }}'\n", (3, 8), "the API takes at most 25,000"),
        ("input: {a: '{{ item.huge }}'}\n", (3, 8), "the API takes at most 25,000"),
        ("query: 'x {{ 1 / item.n }}'\n", (3, 18), "it divides by zero (row 2)"),
    ],
)
def test_what_does_not_fit_a_row_is_named_at_its_line(calls_of, text, place, words):
    rows = (
        "items: [{a: x, n: 1, l: [], c: de, long: x, huge: x}, "
        f"{{a: '', n: 0, l: [], c: '', long: {'x' * 600}, huge: {'y' * 26_000}}}]\n"
    )
    with pytest.raises(JobProblemsError) as caught:
        calls_of(f"name: j\n{rows}{text}")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert (problem.line, problem.column) == place


def test_a_local_query_may_be_as_long_as_it_likes(calls_of):
    (call,) = calls_of(
        f"name: j\nprovider: local\ndocuments: [d.md]\nquery: {'x' * 30_000}\noutput: text\n",
        d__md="x",
    )
    assert len(call.body["input"]) == 30_000
    assert call.price_usd == 0


def test_templates_of_a_request_are_filled_in(calls_of):
    (call,) = calls_of(
        "name: j\nitems: [{c: de, q: [a, b], u: 'https://a.com'}]\n"
        "search: {objective: 'In {{ item.c }}', queries: '{{ item.q }}', location: '{{ item.c }}'}\n"
        "source_policy: {exclude_domains: [a.org]}\nmetadata: {m: '{{ item.c }}', n: 1, o: true}\n"
    )
    assert call.body["search_queries"] == ["a", "b"]
    assert call.body["advanced_settings"] == {
        "location": "de",
        "source_policy": {"exclude_domains": ["a.org"]},
    }


def test_an_extract_has_its_options(calls_of):
    (call,) = calls_of(
        "name: j\nextract: {urls: [https://a.com], objective: o, queries: [q], full_content: true, "
        "max_chars: 10}\n"
    )
    assert call.body == {
        "urls": ["https://a.com"],
        "objective": "o",
        "search_queries": ["q"],
        "max_chars_total": 10,
        "advanced_settings": {"full_content": True},
    }


@pytest.mark.parametrize(
    ("text", "processor"),
    [
        ("output: {a: x}\n", "base"),
        ("output: {a: x, b: x, c: x}\n", "base"),
        ("output: {a: x, b: x, c: x}\nmax_processor: lite\n", "lite"),
        ("output: {" + ", ".join(f"f{n}: x" for n in range(40)) + "}\n", "ultra2x"),
        ("output: text\n", "pro"),
        ("output: auto\nmax_processor: core-fast\n", "core"),
        ("output: text\nfast: true\n", "pro-fast"),
    ],
)
def test_auto_takes_the_cheapest_processor_that_serves_up_to_the_bound(calls_of, text, processor):
    (call,) = calls_of(f"name: j\nquery: q\nprocessor: auto\n{text}")
    assert call.body["processor"] == processor


def test_a_row_is_called_by_its_first_value_or_its_number(calls_of):
    calls = calls_of("name: j\nitems: [{a: x}, {a: null}, {}]\nquery: q\noutput: {x: y}\n")
    assert [call.key for call in calls] == ["x", "row 2", "row 3"]
    (call,) = calls_of("name: j\nvars: {n: null}\nkey: '{{ vars.n }}'\nquery: q\noutput: {x: y}\n")
    assert call.key == "j"


@pytest.mark.parametrize(
    ("first", "key"),
    [
        ("' '", "row 1"),
        ('"two\\nlines"', "two lines"),
        ("true", "true"),
        ("{name: Acme, n: 1}", "Acme"),
        ("[a, b]", '["a", "b"]'),
    ],
)
def test_what_a_row_is_called_is_one_line_of_plain_text(calls_of, first, key):
    for text in (f"items: [{{a: {first}}}]", f"items: [{{a: {first}}}]\nkey: '{{{{ item.a }}}}'"):
        (call,) = calls_of(f"name: j\n{text}\nquery: q\noutput: {{x: y}}\n")
        assert call.key == key


def test_a_query_that_is_one_value_reads_as_it_does_in_a_text(calls_of):
    for query in ("{{ item.a }}", "{{ item.a }} and"):
        (call,) = calls_of(
            f"name: j\nitems: [{{a: {{b: null, c: true}}}}]\nquery: '{query}'\noutput: {{x: y}}\n"
        )
        assert call.body["input"].removesuffix(" and") == '{"b": null, "c": true}'


def test_a_step_that_follows_carries_the_research_context_over(tmp_path):
    file = tmp_path / "job.yaml"
    file.write_text(
        "name: j\nsteps:\n  - {id: a, query: q, output: text}\n"
        "  - {id: b, follows: a, query: r, output: text}\n"
    )
    job = load_job(file)
    left = Past(values={}, interaction="trun_7")
    (call,) = expand(
        job,
        [{}],
        edition=lambda _body: "parallel",
        today=TODAY,
        steps=job.steps[1:],
        earlier=lambda _row: {"a": left},
    )
    assert call.body["previous_interaction_id"] == "trun_7"


@pytest.mark.parametrize(
    ("reads", "groups"),
    [
        (["", "", ""], [["s0", "s1", "s2"]]),
        (["", "{{ steps.s0.output }}", "{{ steps.s1.output }}"], [["s0"], ["s1"], ["s2"]]),
        (["", "{{ steps.s0.output }}", "{{ steps.s0.output }}"], [["s0"], ["s1", "s2"]]),
        (["", "", "{{ steps }}"], [["s0", "s1"], ["s2"]]),
        (["", "{{ steps['s0'].output }}", ""], [["s0", "s2"], ["s1"]]),
        (
            ["", "", "{{ steps.s0.output }}", "{{ steps.s1.output }}"],
            [["s0", "s1"], ["s2"], ["s3"]],
        ),
    ],
)
def test_steps_run_side_by_side_where_none_reads_the_other(tmp_path, reads, groups):
    file = tmp_path / "job.yaml"
    steps = [f'  - {{id: s{n}, query: "q {text}", output: text}}\n' for n, text in enumerate(reads)]
    file.write_text("name: j\nsteps:\n" + "".join(steps))
    assert [list(wave.ids) for wave in waves(load_job(file).steps)] == groups


def test_a_step_whose_checks_read_another_comes_after_it(tmp_path):
    """It is asked whatever became of the other: only its checks need that."""
    file = tmp_path / "job.yaml"
    check = '{expect: "{{ steps.a.output }}"}'
    file.write_text(
        "name: j\nsteps:\n  - {id: a, query: q, output: text}\n"
        f"  - {{id: b, query: q, output: text, checks: [{check}]}}\n"
    )
    steps = load_job(file).steps
    assert [(wave.ids, wave.after) for wave in waves(steps)] == [(("a",), ()), (("b",), ("a",))]
    assert needs(steps[1], ["a", "b"]) == ()


def test_findall_becomes_a_findall_run(calls_of):
    (call,) = calls_of(
        "name: j\nvars: {n: 20}\nfindall:\n  objective: Battery makers\n  generator: core\n"
        "  match_limit: '{{ vars.n }}'\n  entity_type: companies\n"
        "  match_conditions: [{name: eu, description: In Europe}]\n"
    )
    assert call.kind == "findall"
    assert call.body == {
        "objective": "Battery makers",
        "generator": "core",
        "match_limit": 20,
        "entity_type": "companies",
        "match_conditions": [{"name": "eu", "description": "In Europe"}],
    }
    assert (call.least_usd, call.price_usd) == (Decimal(2), Decimal(5))


def test_rows_are_planned_in_flat_memory(tmp_path):
    file = tmp_path / "rows.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("company,domain\n")
        out.writelines(f"Company {n},c{n}.example\n" for n in range(20_000))
    job = tmp_path / "job.yaml"
    job.write_text("name: j\nitems: rows.csv\nquery: '{{ item.company }} {{ item.domain }}'\n")
    loaded = load_job(job)
    tracemalloc.start()
    calls = expand(loaded, read_rows(loaded.items), edition=lambda _: "parallel", today=TODAY)
    first = next(calls)
    before, _ = tracemalloc.get_traced_memory()
    assert sum(1 for _ in calls) == 19_999
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert first.body["input"] == "Company 0 c0.example"
    assert peak - before < 1_000_000


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (
            "items: [{a: 1, b: 2, c: 3}]\nquery: '{{ item.c }}'\nmetadata: {m: '{{ item.a }}'}\n",
            ("a", "c"),
        ),
        ("items: [{a: 1, b: 2}]\nquery: '{{ item }}'\n", ("a", "b")),
        ("items: [{a: 1, b: 2}]\nkey: '{{ item.b }}'\nquery: x\n", ()),
        ("items: [{a: 1, b: 2}]\nsearch: {queries: ['{{ item.b }}']}\n", ("b",)),
        ("query: x\n", ()),
    ],
)
def test_only_the_columns_that_a_request_reads_are_sent(tmp_path, text, columns):
    (tmp_path / "job.yaml").write_text(f"name: j\n{text}")
    assert columns_sent(load_job(tmp_path / "job.yaml")) == columns
