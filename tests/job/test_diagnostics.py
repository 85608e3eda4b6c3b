"""Laws of showing problems: sorted, on few lines, and nothing that moves a terminal's cursor."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from runner.job.diagnostics import (
    MAX_COLUMNS,
    JobProblemsError,
    Problem,
    as_dict,
    ordered,
    render,
)


@given(
    text=st.text(min_size=1, max_size=300),
    column=st.integers(0, 320),
    width=st.integers(1, 50),
)
def test_whatever_the_line_holds_the_caret_stays_on_the_screen(text, column, width):
    problem = Problem(
        file="j", line=1, column=column, message="m", snippet=text.replace("\n", " "), width=width
    )
    lines = render(problem).split("\n")
    assert len(lines) <= 3
    for line in lines[1:]:
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in line)
        assert len(line) <= MAX_COLUMNS * 2 + 4


def test_problems_are_sorted_and_not_repeated():
    one = Problem(file="a", line=2, column=1, message="x")
    two = Problem(file="a", line=1, column=9, message="y")
    assert ordered([one, two, one]) == (two, one)
    assert str(JobProblemsError((one, two))) == "2 problems found"


def test_a_problem_of_a_whole_line_or_file_has_no_caret():
    line = Problem(file="a", line=2, column=0, message="x", snippet="text", hint="do")
    assert render(line) == "a:2: error: x\n  text\n  hint: do"
    assert render(Problem(file="a", line=0, column=0, message="x")) == "a: error: x"


def test_a_cut_line_keeps_its_caret_in_place():
    problem = Problem(file="a", line=1, column=1_003, message="x", snippet="abcdef", cut=1_000)
    assert render(problem).split("\n")[1:] == ["  …abcdef", "     ^"]


def test_a_problem_is_plain_data():
    assert as_dict(Problem(file="a", line=1, column=2, message="x"))["column"] == 2
