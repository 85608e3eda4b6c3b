"""The rules for requests: whatever comes in, the answer names the field, and nothing breaks."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.server.validation import (
    extract_complaints,
    group_complaints,
    run_complaints,
    search_complaints,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"anyOf": [{"enum": ["x"]}, {"type": "null"}]}},
        "b": {"type": "object", "properties": {"c": {"type": "string"}}},
    },
}
RUN = {
    "processor": "base",
    "input": {"company": "Acme"},
    "metadata": {"a": 1},
    "source_policy": {"include_domains": ["a.org"], "after_date": "2025-01-01"},
    "advanced_settings": {"location": "us"},
    "task_spec": {
        "output_schema": {"type": "json", "json_schema": SCHEMA},
        "input_schema": {"type": "json", "json_schema": {"type": "object"}},
    },
    "previous_interaction_id": "x",
    "mcp_servers": [],
    "enable_events": True,
    "webhook": {"url": "https://a.org", "event_types": ["task_run.status"]},
}
SEARCH = {
    "search_queries": ["a"],
    "objective": "x",
    "mode": "basic",
    "max_chars_total": 5,
    "session_id": "s",
    "client_model": "m",
    "advanced_settings": {
        "source_policy": {"exclude_domains": ["a.org"]},
        "fetch_policy": {"max_age_seconds": 600},
        "excerpt_settings": {"max_chars_per_result": 5},
        "location": "us",
        "max_results": 3,
    },
}
EXTRACT = {
    "urls": ["https://a.org"],
    "advanced_settings": {"full_content": {"max_chars_per_result": 5}},
}
ALL = {
    "run": (run_complaints, RUN),
    "group": (group_complaints, {"inputs": [RUN], "default_task_spec": RUN["task_spec"]}),
    "search": (search_complaints, SEARCH),
    "extract": (extract_complaints, EXTRACT),
}


def places(value, where=()):
    yield where
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, each in inner:
        yield from places(each, (*where, key))


def replaced(body, where, value):
    body = copy.deepcopy(body)
    if not where:
        return value
    *path, last = where
    target = body
    for key in path:
        target = target[key]
    target[last] = value
    return body


@pytest.mark.parametrize("name", ALL)
def test_what_is_right_has_no_complaint(name):
    complaints, body = ALL[name]
    assert list(complaints(body)) == []


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_no_value_anywhere_breaks_it(name, data):
    complaints, body = ALL[name]
    where = data.draw(st.sampled_from(list(places(body))))
    for wrong in complaints(replaced(body, where, data.draw(VALUES))):
        assert wrong["loc"][0] == "body"
        assert isinstance(wrong["msg"], str)


@pytest.mark.parametrize(
    ("name", "where", "value", "loc"),
    [
        ("run", ("processor",), None, ("processor",)),
        ("run", ("input",), 5, ("input",)),
        ("run", ("input",), "x" * 25_001, ("input",)),
        ("run", ("metadata",), {"k" * 17: "x"}, ("metadata", "k" * 17)),
        ("run", ("metadata", "a"), "x" * 513, ("metadata", "a")),
        ("run", ("metadata", "a"), None, ("metadata", "a")),
        ("run", ("enable_events",), "yes", ("enable_events",)),
        ("run", ("source_policy", "include_domains"), ["https://a.org/"], ("source_policy",)),
        ("run", ("source_policy", "include_domains"), ["a.org"] * 201, ("source_policy",)),
        ("run", ("source_policy", "after_date"), "soon", ("source_policy", "after_date")),
        ("run", ("webhook",), {}, ("webhook", "url")),
        ("run", ("webhook", "url"), "ftp://x", ("webhook", "url")),
        ("run", ("webhook", "event_types"), ["x"], ("webhook", "event_types")),
        ("run", ("task_spec",), {}, ("task_spec", "output_schema")),
        ("run", ("task_spec", "output_schema"), {"type": "xml"}, ("task_spec", "output_schema")),
        *[
            ("run", ("task_spec", "output_schema", "json_schema"), schema,
             ("task_spec", "output_schema", "json_schema"))
            for schema in (
                {"type": "array"},
                {"type": "object", "anyOf": []},
                {"type": "object", "properties": {"a": {"pattern": "x"}}},
                {"type": "object", "properties": {str(n): {} for n in range(101)}},
                {"type": "object", "properties": {"a": {"enum": [str(n) for n in range(501)]}}},
            )
        ],
        ("group", ("inputs",), [RUN] * 1_001, ("inputs",)),
        ("group", ("inputs",), None, ("inputs",)),
        ("group", ("inputs", 0, "input"), None, ("inputs", 0, "input")),
        ("search", ("search_queries",), [], ("search_queries",)),
        ("search", ("search_queries",), "a", ("search_queries",)),
        ("search", ("mode",), "agentic", ("mode",)),
        ("search", ("session_id",), "s" * 1_001, ("session_id",)),
        ("search", ("max_result",), 3, ("max_result",)),
        ("search", ("advanced_settings", "max_results"), 0, ("advanced_settings", "max_results")),
        ("search", ("advanced_settings", "max_result"), 1, ("advanced_settings", "max_result")),
        ("extract", ("urls",), ["x"] * 21, ("urls",)),
        ("extract", ("urls",), None, ("urls",)),
        ("extract", ("mode",), "basic", ("mode",)),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_over_the_limits_is_named_by_its_path(name, where, value, loc):
    complaints, body = ALL[name]
    assert ("body", *loc) in [
        tuple(each["loc"]) for each in complaints(replaced(body, where, value))
    ]


def test_nesting_has_a_limit():
    def nested(depth):
        inner = {"type": "object", "properties": {}}
        return inner if depth == 1 else {**inner, "properties": {"a": nested(depth - 1)}}

    where = ("task_spec", "output_schema", "json_schema")
    assert list(run_complaints(replaced(RUN, where, nested(5)))) == []
    assert list(run_complaints(replaced(RUN, where, nested(7))))
