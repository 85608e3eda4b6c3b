"""JSON values as text: what is empty, how numbers and nested values read."""

import pytest

from runner.evidence.basis import is_empty
from runner.evidence.text import json_text
from runner.report.filters import FILTERS, date, money, percent
from runner.report.values import cell, label, number_text, plain, printed
from runner.templating import Markdown


@pytest.mark.parametrize("value", [None, "", " \n", "\u200b", "\u3000", [], {}, ()])
def test_these_say_nothing(value):
    assert is_empty(value)
    assert cell(value) == "—"


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "é", " x", "\u200bx", [None], {"a": None}])
def test_these_say_something(value):
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (None, "—"),
        (2024, "2024"),
        (1e15, "1000000000000000"),
        (0.1, "0.1"),
        (5.0, "5"),
        (1e-7, "0.0000001"),
        (1e30, "1e+30"),
        (10**40, "1.000000000000000E+40"),
        (float("nan"), "nan"),
        ("a\n b", "a b"),
        ([1, "x", None], "1; x; —"),
        ({"founded_year": 1, "b": {"c": 2}}, "Founded year: 1, B: (C: 2)"),
        ([[1, 2], {"a": 1}], "1; 2; A: 1"),
        ({1}, "{1}"),
    ],
)
def test_a_value_reads_plainly_on_one_line(value, text):
    assert plain(value) == text


def test_a_very_deep_value_is_shown_as_json():
    deep = "end"
    for _ in range(12):
        deep = [deep]
    assert plain(deep) == '[[[["end"]]]]'
    endless = []
    endless.append(endless)
    assert json_text(endless) == "…"


def test_a_number_is_written_without_an_exponent_unless_it_is_huge():
    assert number_text(123456789012345678901234567890) == "123456789012345678901234567890"


@pytest.mark.parametrize(
    ("value", "markdown"),
    [
        ("https://www.a.example/x", "[a.example/x](https://www.a.example/x)"),
        (["https://a.example", "b|c"], "[a.example](https://a.example); b\\|c"),
        (Markdown("**kept**"), "**kept**"),
        ({"a": "*"}, "A: \\*"),
        (3, "3"),
        ("x" * 61 + "*", "x" * 61 + "\\*"),
    ],
)
def test_a_cell_is_safe_markdown_and_addresses_are_links(value, markdown):
    assert cell(value) == printed(value) == markdown


def test_a_printed_separator_keeps_its_blanks():
    assert printed(" | ") == " \\| "
    assert printed(object).startswith("&lt;class")


def test_a_name_reads_as_words():
    assert label("founded_year") == "Founded year"
    assert label("EV-share") == "EV share"
    assert label("") == ""


# Filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567, "$1,234,567"),
        (0.05, "$0.05"),
        ("1,234.5", "$1,234.50"),
        (-3, "-$3"),
        ("many", "many"),
        ("1,5", "1,5"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("1_000", "1_000"),
        (True, True),
        (None, None),
        (float("inf"), float("inf")),
    ],
)
def test_money(value, shown):
    """An amount has its currency and separators; what is no number stays as it is."""
    assert money(value) == shown
    assert money(5, "€", 2) == "€5.00"


@pytest.mark.parametrize(("value", "shown"), [(0.123, "12.3%"), (1, "100%"), ("x", "x")])
def test_percent(value, shown):
    assert percent(value) == shown
    assert percent(0.5, 0) == "50%"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2025-10-10", "10 October 2025"),
        ("2025-10-10T12:00:00Z", "10 October 2025"),
        ("x", "x"),
        (1, 1),
    ],
)
def test_date(value, shown):
    assert date(value) == shown
    assert date("2025-10-10", "%d.%m.%Y") == "10.10.2025"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("prose", "# Title\n*x*", "## Title\n*x*"),
        ("prose", {"a": 1}, "- **A**: 1"),
        ("block", [1, 2], "- 1\n- 2"),
        ("table", "x", "x"),
        ("table", [{"a": 1}], "| A |\n| --- |\n| 1 |"),
        ("table", [], ""),
        ("table", [{}], ""),
        ("quote", "# A\nb\n\nc", "> A\n>\n> b\n>\n> c"),
        ("quote", [1], "> 1"),
        ("short", "word " * 100, ("word " * 60).strip() + " …"),
        ("short", 5, 5),
    ],
)
def test_the_other_filters(name, value, shown):
    assert FILTERS[name](value) == shown
