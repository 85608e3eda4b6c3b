"""`processor: auto` takes the cheapest processor that serves a step, and says why."""

import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.model import AutoOutput, JsonOutput, Task, TextOutput
from runner.planning.choosing import LADDER, choose
from runner.planning.prices import PRICES
from runner.planning.processors import PROCESSORS
from runner.planning.shape import Shape, shape_of

TABLE = Path(__file__).with_name("choices.csv").read_text(encoding="utf-8")
CASES = list(csv.DictReader(TABLE.splitlines()))


def schema_of(text):
    """Read `name`, `list[]`, `records[a b]` and `record{a b}`, or a number of fields."""
    if text.isdigit():
        text = " ".join(f"f{n}" for n in range(int(text)))
    words = re.findall(r"\w+|[\[\]{}]", text)

    def fields():
        properties = {}
        while words and words[0] not in "]}":
            name = words.pop(0)
            mark = words.pop(0) if words and words[0] in "[{" else None
            inner = fields() if mark else None
            if mark:
                words.pop(0)
            record = {"type": "object", "properties": inner} if inner else {"type": "string"}
            properties[name] = {"type": "array", "items": record} if mark == "[" else record
        return properties

    return {"type": "object", "properties": fields()}


def output_of(text):
    match text:
        case "text":
            return TextOutput()
        case "auto":
            return AutoOutput()
        case _:
            return JsonOutput(schema=schema_of(text))


def task(query="Key facts about {{ item.company }}", output="1", **settings):
    return Task(input=query, output=output_of(output), **{"processor": "auto", **settings})


def test_there_are_enough_cases():
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=[f"{c['query']} / {c['output']}" for c in CASES])
def test_the_choice(case):
    choice = choose(task(case["query"], case["output"]))
    assert choice.processor == case["expected"], choice.why
    assert choice.why.startswith("the cheapest that serves ")


def test_a_named_processor_is_left_alone():
    assert choose(task(processor="ultra8x")).processor == "ultra8x"
    assert choose(task(processor="ultra8x")).why == "named in the job"


def test_max_processor_holds_the_choice_and_says_so():
    choice = choose(task("Comprehensive analysis of {{ item.x }}", max_processor="core"))
    assert choice.processor == "core"
    assert choice.why == (
        "max_processor; a comprehensive work ('comprehensive analysis') would want ultra"
    )


def test_max_processor_does_not_raise_the_choice():
    assert choose(task("When was it founded?", max_processor="pro")).processor == "lite"


@pytest.mark.parametrize("named", ["auto", "base", "base-fast"])
def test_fast_takes_the_fast_variant(named):
    assert choose(task(processor=named, fast=True)).processor == "base-fast"


def test_a_fast_bound_is_the_bound_of_its_standard():
    assert choose(task("Trends of {{ x }}", max_processor="core-fast")).processor == "core"


def test_words_of_templates_do_not_count():
    query = "When was {{ item.comprehensive_analysis }} founded?"
    assert choose(task(query)).processor == "lite"


def test_the_words_of_a_structured_input_count():
    structured = {"company": "{{ item.company }}", "task": ["Compare it with its rivals"]}
    assert choose(task(structured)).processor == "pro"


def test_the_sentence_names_the_sign():
    assert choose(task(output="12")).why == "the cheapest that serves 12 output fields"
    assert choose(task(output="text")).why == "the cheapest that serves text output"
    assert "more than the 25 any processor handles well" in choose(task(output="30")).why


def test_every_rung_costs_more_and_serves_as_much():
    for lower, higher in pairwise(LADDER):
        assert PRICES[lower] < PRICES[higher]
        assert PROCESSORS[lower].fields <= PROCESSORS[higher].fields


@given(st.integers(1, 60), st.integers(0, 3))
def test_more_fields_never_take_a_cheaper_processor(fields, more):
    fewer = LADDER.index(choose(task(output=str(fields))).processor)
    assert fewer <= LADDER.index(choose(task(output=str(fields + more))).processor)


def test_shapes():
    shape = shape_of(schema_of("a b[] c[x y] d{e f{g}}"))
    assert shape == Shape(fields=1 + 2 + 4 + 2, record_lists=1, depth=2)


def test_references_are_followed_and_may_be_circles():
    schema = {
        "properties": {"a": {"$ref": "#/$defs/node"}, "b": {"anyOf": [{"$ref": "#/$defs/b~1c"}]}},
        "$defs": {
            "node": {"properties": {"v": {}, "next": {"$ref": "#/$defs/node"}}},
            "b/c": {"anyOf": [{"$ref": "#/$defs/b~1c"}, {"type": ["array", "null"]}]},
        },
    }
    assert shape_of(schema).fields == 4


def test_references_upon_references_are_measured_once_each():
    steps = {
        f"n{n}": {"properties": {k: {"$ref": f"#/$defs/n{n + 1}"} for k in "ab"}} for n in range(60)
    }
    shape = shape_of({"properties": {"a": {"$ref": "#/$defs/n0"}}, "$defs": steps})
    assert shape.fields == 2**60


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["properties", "items", "anyOf", "$ref", "type", "a"]), inner
            )
        ),
    )
)
def test_any_schema_has_a_shape(schema):
    shape_of({"properties": {"x": schema}})
