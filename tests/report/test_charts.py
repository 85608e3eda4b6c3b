"""Charts: bars of what is a number, in a block that no label can end."""

import re

import lxml.etree
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.report.charts import MOST_BARS, Charts, svg
from runner.report.render import render_report

from .attacks import ATTACKS
from .examples import job, outcome

BLOCK = re.compile(
    r'```mermaid\nxychart-beta horizontal\n    title "[^"\n]+"\n    x-axis \["[^"\n]+"(?:, "[^"\n]+")*\]\n'
    r"    y-axis \S+ --> \S+\n    bar \[\S+(?:, \S+)*\]\n```"
)


def test_a_chart_is_this_block():
    rows = [{"company": "Acme", "staff": 5}, {"company": "Globex", "staff": "1,200.5"}]
    assert Charts().draw(rows, "staff") == (
        "```mermaid\n"
        "xychart-beta horizontal\n"
        '    title "Staff"\n'
        '    x-axis ["Acme", "Globex"]\n'
        "    y-axis 0 --> 1200.5\n"
        "    bar [5, 1200.5]\n"
        "```"
    )


def test_rows_without_a_number_have_no_bar():
    rows = [{"k": "a", "n": v} for v in (None, "many", True, [], "", float("nan"), float("inf"))]
    assert Charts().draw(rows, "n") == ""
    assert "bar [7]" in Charts().draw([*rows, {"k": "b", "n": 7}], "n")


def test_of_very_many_rows_the_first_are_drawn_and_it_says_so():
    rows = [{"k": str(n), "n": n} for n in range(MOST_BARS + 1)]
    text = Charts().draw(rows, "n", title="Staff")
    assert text.count('"') == 2 + 2 * MOST_BARS
    assert f"Staff (the first {MOST_BARS} of {MOST_BARS + 1})" in text


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_no_label_changes_the_block(value):
    block = Charts().draw([{"k": value, "n": 1}, {"k": "b", "n": -2.5}], "n", title=value)
    assert BLOCK.fullmatch(block)
    assert "%%" not in block
    assert "#" not in block


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**31), 10**31)


@given(bars=st.lists(st.tuples(st.text(), numbers), max_size=4))
@example(bars=[("", 4.0000001015105716e26)])
@example(bars=[("a", 1e9), ("b", 1e9 + 1e-3), ("c", -5e-324)])
@example(bars=[("\ufffe\uffff", 1.0)])
@settings(deadline=None)
def test_any_labels_and_numbers_are_a_chart(bars):
    """As a block of mermaid, and as SVG that any reader of XML takes."""
    charts = Charts()
    block = charts.draw([{"k": label, "n": number} for label, number in bars], "n")
    assert block == "" or BLOCK.fullmatch(block)
    for chart in charts.drawn.values():
        drawn = svg(chart)
        assert drawn.startswith("<svg viewBox=")
        lxml.etree.fromstring(drawn)


def test_a_template_draws_a_chart_of_a_field(tmp_path):
    (tmp_path / "mine.md.j2").write_text('{{ chart(rows, "founded_year") }}')
    rows = [outcome({"founded_year": 1901}), outcome({"founded_year": None}, row=1, key="Globex")]
    text = render_report(job(template="mine.md.j2", folder=tmp_path), rows)
    assert BLOCK.search(text)
    assert 'x-axis ["Acme"]' in text
