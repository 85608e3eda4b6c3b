"""Values written as YAML are read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.text.source import parse_source
from runner.job.text.yamltext import block, flow, job_name

TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc", "Cf"])
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3))
def test_a_block_is_read_back(value):
    assert parse_source(block(value), "job.yaml").data == value


@given(VALUES)
def test_one_line_is_read_back(value):
    assert parse_source(f"value: {flow(value)}\n", "job.yaml").data == {"value": value}


def test_what_needs_no_quotes_has_none():
    assert flow({"cache": "24h", "path": "../a.csv", "n": "7", "no": "no"}) == (
        '{cache: 24h, path: ../a.csv, n: "7", no: no}'
    )
    assert block({"steps": [{"id": "a", "tags": ["x", "y"]}, {"id": "b"}]}) == (
        "steps:\n  - id: a\n    tags: [x, y]\n  - id: b\n"
    )


def test_quotes_inside_need_no_escapes():
    assert flow('{{ item["a b"] }}') == "'{{ item[\"a b\"] }}'"
    assert flow('it\'s "so"') == '"it\'s \\"so\\""'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Our Market!", "our-market"),
        ("Größe & Straße", "grosse-strasse"),
        ("会社", ""),
        ("Éa", "ea"),
    ],
)
def test_a_text_becomes_the_name_of_a_job(text, name):
    assert job_name(text) == name
