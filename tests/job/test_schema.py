"""Laws of the schemas: one definition of the language, which explains itself and fits the code."""

import json
import re
import socket
import time
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job import model
from runner.job.durations import DURATION, parse_duration
from runner.job.schemas.language import DEFAULTABLE, base_schema, job_schema, project_schema
from runner.job.schemas.schema import schema_problems, validate_value
from runner.job.schemas.shortform import as_short, expand, is_schema
from runner.job.text.source import json_source
from runner.planning.processors import PROCESSORS

SCHEMA = job_schema()


def described():
    """Yield the path and schema of every key of the language."""
    waiting = [((), SCHEMA)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, dict):
            properties = part.get("properties")
            if isinstance(properties, dict):
                yield from (
                    ((*path, name), entry)
                    for name, entry in properties.items()
                    if "$ref" not in entry
                )
            waiting += [((*path, name), entry) for name, entry in part.items()]
    yield from ((("$defs", name), entry) for name, entry in SCHEMA["$defs"].items())


@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=".".join(path)) for path, entry in described()]
)
def test_every_key_explains_itself(entry):
    assert {"title", "description", "examples"} <= entry.keys()
    resolved = {**entry, "$defs": SCHEMA["$defs"]}
    for example in entry["examples"]:
        assert validate_value(resolved, example) == []


def test_every_key_of_the_model_is_a_key_of_the_language():
    keys = set(SCHEMA["properties"])
    assert {"name", "provider", "documents", "vars", "items", "key", "results", "report"} <= keys
    for part, key in (
        (model.Retry, "retry"),
        (model.SourcePolicy, "source_policy"),
        (model.Search, "search"),
        (model.Extract, "extract"),
        (model.FindAll, "findall"),
    ):
        assert {field.name for field in fields(part)} <= set(SCHEMA["$defs"][key]["properties"])
    steps = set(SCHEMA["$defs"]["step"]["properties"])
    assert {field.name for field in fields(model.Step)} - {"where", "action"} <= steps
    assert {field.name for field in fields(model.Task)} <= steps


def test_processors_are_those_of_the_table():
    assert set(SCHEMA["$defs"]["processor"]["enum"]) == {*PROCESSORS, "auto"}
    assert set(SCHEMA["$defs"]["max_processor"]["enum"]) == {*PROCESSORS}


def test_report_templates_are_those_that_there_are():
    report = SCHEMA["properties"]["report"]["properties"]["template"]
    assert tuple(report["examples"]) == model.REPORT_TEMPLATES
    assert all(f"`{name}`" in report["description"] for name in model.REPORT_TEMPLATES)


def test_durations_are_read_as_the_schema_says():
    patterns = re.findall(r'"pattern": "([^"]*smhd[^"]*)"', json.dumps(SCHEMA))
    assert {json.loads(f'"{pattern}"') for pattern in patterns} == {DURATION}
    for name in ("cache", "timeout"):
        for example in SCHEMA["$defs"][name]["examples"]:
            assert example is False or parse_duration(example)


def test_what_jobs_share_may_lack_what_a_job_needs():
    part = {"extract": {"full_content": True}, "items": {"findall": {"match_limit": 5}}}
    assert validate_value(base_schema(), part) == []
    assert validate_value(SCHEMA, {"name": "a", "extends": "base.yaml", **part}) == []
    assert validate_value(SCHEMA, {"name": "a", **part}) == [
        "the key 'urls' is missing in extract",
        "the key 'objective' is missing in items.findall",
    ]
    assert validate_value(base_schema(), {"procesor": "core"}) == ["unknown field: procesor"]


def test_the_project_file_may_set_what_a_step_may():
    assert set(DEFAULTABLE) <= set(SCHEMA["properties"])
    parts = project_schema()["properties"]
    assert set(parts) == {"defaults", "source_policies", "prices"}
    for part in parts.values():
        assert {"title", "description", "examples"} <= part.keys()
        resolved = {**part, "$defs": SCHEMA["$defs"]}
        assert all(validate_value(resolved, example) == [] for example in part["examples"])


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": "object", "required": ["a"]}, {}, "the key 'a' is missing"),
        ({"additionalProperties": False, "properties": {}}, {"b": 1}, "unknown field: b"),
        ({"type": "integer"}, "x", "the answer must be a whole number, not text"),
        ({"properties": {"a": {"enum": [1, 2]}}}, {"a": 3}, "a cannot be 3"),
        ({"properties": {"a": {"maximum": 2}}}, {"a": 3}, "a must be at most 2, not 3"),
        ({"properties": {"a": {"maxItems": 1}}}, {"a": [1, 2]}, "a has 2 entries; at most 1"),
        ({"properties": {"a": {"anyOf": [{"type": "string"}]}}}, {"a": 1}, "a fits none"),
        ({"properties": {"a": {"multipleOf": 2}}}, {"a": 3}, "a breaks 'multipleOf'"),
        ({"$ref": "#/nowhere"}, 1, "refers to something that is not there: /nowhere"),
        ({"$ref": "#"}, 1, "refers to itself without end"),
        ({"pattern": "("}, "x", "a pattern that cannot be read"),
    ],
)
def test_what_breaks_a_schema_is_said_in_a_sentence(schema, value, words):
    (sentence,) = validate_value(schema, value)
    assert words in sentence


def test_an_answer_with_many_faults_says_some_of_them():
    assert len(validate_value({"items": {"type": "string"}}, list(range(1000)))) == 10


NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=6)
FORMS = st.recursive(
    st.sampled_from(["integer", "date", "url", "string?", "[number]", "list of texts", None])
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(form=st.dictionaries(NAMES, FORMS, min_size=1, max_size=4), with_formats=st.booleans())
def test_any_short_form_is_a_schema_or_says_why_not(form, with_formats):
    schema, _ = expand(form, with_formats=with_formats)
    assert list(schema["properties"]) == schema["required"] == list(form)
    assert is_schema(schema)
    assert isinstance(validate_value(schema, {}), list)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("integer", {"type": "integer"}),
        ("Int", {"type": "integer"}),
        ("string?", {"type": ["string", "null"]}),
        ("list", {"type": "array", "items": {"type": "string"}}),
        ("[date]", {"type": "array", "items": {"type": "string", "format": "date"}}),
        ("list of urls", {"type": "array", "items": {"type": "string", "format": "uri"}}),
        (["number"], {"type": "array", "items": {"type": "number"}}),
        ({"type": "int", "description": "d"}, {"type": "integer", "description": "d"}),
        (
            {"type": "list", "items": {"type": "integer"}},
            {"type": "array", "items": {"type": "integer"}},
        ),
        ({"type": "object", "properties": {}}, {"type": "object", "properties": {}}),
        ("City of the head office", {"type": "string", "description": "City of the head office"}),
    ],
)
def test_a_short_form_means_this(written, meant):
    schema, remarks = expand({"a": written}, with_formats=True)
    assert schema["properties"]["a"] == meant
    assert remarks == ()


def test_a_group_with_a_field_called_type_is_a_group():
    schema, _ = expand({"a": {"type": "What kind it is", "size": "integer"}}, with_formats=True)
    assert set(schema["properties"]["a"]["properties"]) == {"type", "size"}


def test_fields_nested_without_end_are_refused():
    form = {"a": "string"}
    for _ in range(30):
        form = {"a": form}
    _, remarks = expand(form, with_formats=True)
    assert "nested too deeply" in remarks[0].message


def test_a_place_in_a_schema_has_one_in_its_short_form():
    assert as_short(("properties", "a", "items", "properties", "b")) == ("a", "b")


def test_the_address_of_another_meta_schema_is_not_fetched():
    """Checking a schema asks no network, whatever the schema names."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/meta"
        text = json.dumps({"$schema": address, "type": "object", "properties": {"a": {}}})
        schema = json.loads(text)
        assert schema_problems(schema, json_source(text, "s.json", schema)) == []
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(?=(a+))\\1+b$", "^(.*a){20}b"]
)
def test_no_pattern_takes_long(pattern):
    text = "a" * 60 + "!"
    named = {"patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False}
    loose = {"allOf": [named], "unevaluatedProperties": False}
    started = time.process_time()
    assert validate_value({"type": "string", "pattern": pattern}, text) == [
        f"the answer cannot be '{text[:59]}…'"
    ]
    assert validate_value(named, {text: 1})
    assert validate_value(loose, {text: 1})
    assert time.process_time() - started < 1


def test_patterns_say_what_they_say():
    schema = {
        "type": "object",
        "properties": {"a": {"pattern": "^[a-z]+$"}},
        "patternProperties": {"^n_": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert validate_value(schema, {"a": "x", "n_1": 1}) == []
    assert validate_value(schema, {"a": "X"}) == ["a cannot be 'X'"]
    assert validate_value(schema, {"n_1": "x"}) == ["n_1 must be a whole number, not text"]
    assert validate_value(schema, {"b": 1, "n_2": 2}) != []
