"""Laws of variables: a value given fits its declaration, or says why not."""

import copy

import pytest

from runner.errors import UsageError
from runner.job.variables import Given, assign, read_variables


def value(declaration, given):
    values, _ = assign(read_variables({"x": declaration}), {"x": given})
    return values["x"]


@pytest.mark.parametrize(
    ("declaration", "given", "meant"),
    [
        (2026, "2025", 2025),
        ("text", "2025", "2025"),
        ({"type": "string"}, "true", "true"),
        ({"type": "integer"}, "7", 7),
        ({"type": "number"}, "7", 7),
        ({"type": "boolean"}, "true", True),
        ({"type": "date"}, "2026-01-31", "2026-01-31"),
        ({"type": "list"}, "[a, 2]", ["a", 2]),
        (["a"], "b,c", ["b", "c"]),
        ({"type": "list"}, ["a"], ["a"]),
        ({"choices": [1, 2]}, "2", 2),
        ({"a": 1}, "b", "b"),
        ({"a": 1}, "{b: 2}", {"b": 2}),
        ({"type": "list"}, '[a, "b, c", [1]]', ["a", "b, c", [1]]),
        ({"type": "list"}, "", []),
        ({"choices": ["2025", "2026"]}, "2025", "2025"),
    ],
)
def test_a_text_from_the_command_line_is_read_as_its_variable_says(declaration, given, meant):
    assert value(declaration, given) == meant


@pytest.mark.parametrize(
    ("declaration", "given", "words"),
    [
        ({"type": "integer"}, "soon", "x must be a whole number, not 'soon'"),
        ({"type": "integer"}, "true", "x must be a whole number, not 'true'"),
        ({"type": "boolean"}, "yes", "x must be true or false, not 'yes'"),
        ({"type": "date"}, "2026-02-30", "x must be a date"),
        ({"type": "date"}, "20260228", "x must be a date"),
        ({"type": "list"}, "[a, [b]", "x must be a list, not "),
        ({"choices": [1, 2]}, "true", "x must be one of 1, 2, not 'true'"),
        ({"type": "string"}, ["a"], "x must be text, not a list"),
        ({"choices": ["a", "b"]}, "c", "x must be one of a, b, not 'c'"),
    ],
)
def test_a_value_that_does_not_fit_says_why(declaration, given, words):
    with pytest.raises(UsageError, match=words):
        value(declaration, given)


def test_a_job_without_variables_has_none():
    assert read_variables(["a"]) == ()
    assert assign((), {}) == ({}, ())


def test_given_values_can_be_copied_as_any_mapping():
    """As options of a run are, which wait for their answers in a file."""
    given = Given([("a", 1)])
    assert copy.deepcopy(given) == type(given)(given.items()) == {"a": 1}
