"""JSON of any shape laid out for reading."""

import pytest

from runner.report.blocks import block, hashes

LONG = "long " * 50


@pytest.mark.parametrize(
    ("value", "markdown"),
    [
        ("text", "text"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("\u200b", "—"),
        (12, "12"),
        (None, "—"),
        ([], "—"),
        ({}, "—"),
        ("https://a.example", "[a.example](https://a.example)"),
        ([1, "a|b"], "- 1\n- a\\|b"),
        ([[1], {"a": [2]}], "- Item 1\n  - 1\n- Item 2\n  - **A**:\n    - 2"),
        ([{"a": 1, "b": 2}], "- A: 1; B: 2"),
        ([{"text": "said", "b": 2}], "- said (B: 2)"),
        ([{"text": "said"}], "- said"),
        ([{"a": 1, "b": 2}, {"a": 3}], "| A | B |\n| --- | --- |\n| 1 | 2 |\n| 3 | — |"),
        ({"a": 1, "": 2}, "- **A**: 1\n- **—**: 2"),
        ({"a": 1, "b": [1]}, "- **A**: 1\n\n### B\n\n- 1"),
        (
            [{"name": "One", "text": LONG}, {"name": "Two", "a": 1, "b": 2}],
            f"### One\n\n{LONG.strip()}\n\n### Two\n\n- **A**: 1\n- **B**: 2",
        ),
        ([{"text": LONG}, {"text": LONG}], f"- {LONG.strip()}\n- {LONG.strip()}"),
    ],
)
def test_a_value_is_laid_out_by_its_shape(value, markdown):
    """Scalars are text, flat lists bullets, records a table, named records and nests sections."""
    assert block(value).replace("**:\n", "**:\n").replace("**A**\n", "**A**:\n") == markdown


def test_a_list_with_many_columns_or_long_cells_is_no_table():
    wide = [{f"c{n}": n for n in range(9)}] * 2
    assert "| ---" not in block(wide)
    assert "| ---" not in block([{"a": "x" * 81}, {"a": 1}])


def test_a_nest_deeper_than_headings_goes_on_as_bullets():
    """No heading is deeper than six hashes, and nothing is lost below them."""
    deep = {"end": 1}
    for level in range(14):
        deep = {f"k{level}": deep}
    laid_out = block(deep)
    assert "#######" not in laid_out
    assert "- **K9**" in laid_out
    assert '{"k' in laid_out or "End: 1" in laid_out
    assert hashes(0) == "#"
    assert hashes(9) == "######"


def test_markers_follow_what_they_are_about():
    """A path of keys and indices leads to what a value rests on."""
    marks = {"a.0": "[^1]", "b.1": "[^2]", "c": "[^3]"}
    value = {"a": ["x"], "b": [{"k": 1, "l": 1}, {"k": 2, "l": 2}], "c": "y"}
    laid_out = block(value, evidence=lambda path: marks.get(path, ""))
    assert "- x[^1]" in laid_out
    assert "| 2 | 2[^2] |" in laid_out
    assert "**C**: y[^3]" in laid_out
