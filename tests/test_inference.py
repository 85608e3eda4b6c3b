"""Laws of what is known of a template's value before it is rendered: it is never wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import TemplateError
from runner.job.schemas.shapes import shape_of_schema
from runner.templating import render_value, understood
from runner.templating.shapes import ANY, TEXT, list_of, record_of, shape_of

KINDS = {"text": str, "number": (int, float), "flag": bool, "list": list, "record": dict}

ROW = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "year": {"type": ["integer", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "seat": {"anyOf": [{"$ref": "#/$defs/seat"}, {"type": "null"}]},
    },
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "rows": {"type": "array", "items": ROW, "maxItems": 4},
        "row": ROW,
        "names": {"type": "array", "items": {"type": "string"}},
        "count": {"type": "integer"},
        "good": {"type": "boolean"},
        "text": {"type": "string"},
        "free": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "additionalProperties": {},
        },
        "any": {},
        "both": {"type": ["string", "array"]},
    },
    "additionalProperties": False,
    "$defs": {"seat": {"type": "object", "properties": {"city": {"type": "string"}}}},
}

words = st.text("ab ", max_size=4)
rows = st.fixed_dictionaries(
    {
        "name": words,
        "year": st.none() | st.integers(1, 9),
        "tags": st.lists(words, max_size=3),
        "seat": st.none() | st.fixed_dictionaries({"city": words}),
    }
)
anything = st.one_of(words, st.integers(0, 9), st.lists(words, max_size=4), rows)
values = st.fixed_dictionaries(
    {
        "rows": st.lists(rows, max_size=4),
        "row": rows,
        "names": st.lists(words, max_size=6),
        "count": st.integers(0, 9),
        "good": st.booleans(),
        "text": words,
        "free": st.fixed_dictionaries({"a": words, "b": anything}),
        "any": anything,
        "both": words | st.lists(words, max_size=4),
    }
)

LISTS = [
    "x.rows",
    "x.names",
    "x.row.tags",
    "x['rows']",
    "[1, x.count]",
    "x.any",
    "x.both",
    "x.free.b",
]
numbers = st.integers(-5, 6).map(str) | st.just("x.count") | st.just("n")
bounds = st.none() | numbers


def cut(parts):
    inner, start, stop, step = parts
    ends = f"{start or ''}:{stop or ''}" + ("" if step is None else f":{step}")
    return f"({inner})[{ends}]"


def lists(inner):
    """Return expressions over lists, made of smaller ones."""
    filters = (
        "list",
        "unique",
        "sort",
        "reverse",
        "reverse | list",
        "map('string')",
        "first",
        "last",
        "select",
    )
    made = (
        *filters,
        "default([])",
        "map(attribute='name')",
        "selectattr('name')",
        "groupby('name')",
        "length",
        "int",
        "int('a')",
        "float(default='a')",
        "join",
        "upper",
    )
    return st.one_of(
        st.tuples(inner, bounds, bounds, bounds).map(cut),
        st.tuples(inner, st.sampled_from(made)).map(lambda p: f"({p[0]}) | {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) + ({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) or ({p[1]})"),
        st.tuples(inner, st.sampled_from("-*<>"), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"(({p[0]}) if x.good else ({p[1]}))"),
        st.tuples(inner, numbers).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, {p[1]}]"),
    )


expressions = st.recursive(
    st.sampled_from([*LISTS, "x.row", "x.text", "x.count", "x.good"]), lists, max_leaves=6
)
NAMES = {"x": shape_of_schema(SCHEMA, "x"), "n": shape_of(2)}


@settings(max_examples=300)
@given(expressions, values)
def test_a_value_is_of_the_kind_that_was_told_and_no_longer(expression, value):
    """So a plan's highest price is never passed, and no list is refused that is one."""
    text = f"{{{{ {expression} }}}}"
    told = understood(text, NAMES).value
    try:
        rendered = render_value(text, {"x": value, "n": 2})
    except TemplateError:
        return
    # Of what is not looked at (the other branch, an empty list's entries, what a slice of a list
    # that is written out leaves away) the law says nothing.
    if not any(part in expression for part in (" or ", " if ", "'name'", "unique", ", ")):
        assert understood(text, NAMES).misreads == ()
    if rendered is None:
        return
    if told.kind != "any":
        assert isinstance(rendered, KINDS[told.kind])
        assert isinstance(rendered, bool) == (told.kind == "flag")
    if told.most is not None and isinstance(rendered, list | str):
        assert len(rendered) <= told.most
    if told.number is not None:
        assert rendered == told.number


PARTS = [
    "name",
    "year",
    "tags",
    "seat",
    "city",
    "nope",
    "upper",
    "items",
    "rows",
    "row",
    "a",
    "b",
    "free",
    "count",
]
paths = st.lists(
    st.sampled_from([f".{p}" for p in PARTS] + ["[0]", "['name']", "['nope']", "[-1]"]),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300)
@given(paths, values, st.sampled_from(["{}", "a {}", "{}()", "[{}, 1]"]))
def test_what_renders_is_never_a_misreading(path, value, form):
    """A job that runs without a fault is never refused."""
    text = "{{ " + form.format("x" + "".join(path)) + " }}"
    try:
        render_value(text, {"x": value})
    except TemplateError:
        return
    assert understood(text, NAMES).misreads == ()


@given(paths, values)
def test_what_a_loop_renders_is_never_a_misreading(path, value):
    read = "".join(path)
    text = f"{{% for r in x.rows %}}{{{{ r{read} }}}}{{% endfor %}}"
    if not value["rows"]:
        return
    try:
        render_value(text, {"x": value})
    except TemplateError:
        return
    assert understood(text, NAMES).misreads == ()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("{{ x.nope }}", [(1, 4, 6)]),
        ("{{ x['nope'] }}", [(1, 4, 9)]),
        ("a\n b {{ x.row.nope.more }}", [(2, 7, 10)]),
        ("{{ x.rows[0].nope }}", [(1, 14, 4)]),
        ("{{ x.rows.name }} {{ x.rows[1].name }}", [(1, 4, 11)]),
        ("{{ x.rows | map(attribute='nope') }}", [(1, 27, 6)]),
        ("{% for r in x.rows if r.a %}{{ r.b }}{{ r.name }}{% endfor %}", [(1, 23, 3), (1, 32, 3)]),
        ("{{ x.a if x.b else x.a }}", [(1, 4, 3), (1, 11, 3), (1, 20, 3)]),
        ("{% set r = x.row %}{{ r.nope }}", [(1, 23, 6)]),
        ("{% with r = x.row %}{{ r.nope }}{% endwith %}", [(1, 24, 6)]),
        ("{{ x.row[0] }} {{ x.names[0].nope }}", [(1, 4, 5), (1, 30, 4)]),
        ("{{ x.text.nope() }} {{ x.text.upper }} {{ x.text.upper() }}", [(1, 4, 11), (1, 24, 12)]),
    ],
)
def test_a_misreading_is_told_at_its_word(text, places):
    found = understood(text, NAMES).misreads
    assert [(m.line, m.column, m.width) for m in found] == places


@pytest.mark.parametrize(
    ("text", "column", "misused"),
    [
        ("{{ x.count ~ 1 }} {{ x.count + 'a' }}", 22, "which cannot be added to a text"),
        ("{{ x.text ~ 1 }} {{ 1 + x.text }}", 25, "which cannot be added to a number"),
        ("{{ x.rows * 2 }}", 4, "and no number"),
        ("{{ x.text > 2 }}", 4, "which cannot be compared with a number"),
        ("{{ x.row <= x.row }}", 4, "which cannot be compared with a mapping"),
        ("{% for y in x.count %}{% endfor %}", 13, "and no list"),
        ("{{ x.good | length }}", 4, "and no list"),
        ("{{ x.rows | dictsort }}", 4, "and no mapping"),
        ("{{ x.count[0] }}", 4, "which has no entry [0]"),
        ("{{ x.rows[4] }}", 4, "which has no entry [4]: it is empty or has 4 at most"),
        ("{{ x.rows[:0][0] }}", 4, "which is always empty"),
        ("{{ x.text.upper()() or x.text() }}", 24, "which takes no ()"),
    ],
)
def test_what_cannot_be_done_with_a_value_is_told_where_it_stands(text, column, misused):
    (found,) = understood(text, NAMES).misreads
    assert (found.column, found.misused) == (column, misused)


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.count + 1 }} {{ x.text + 'a' }} {{ x.rows + x.names }} {{ x.good + 1 }}",
        "{{ x.count > 1 }} {{ x.text < 'a' }} {{ x.rows == 1 }} {{ 'a' in x.names }} {{ x.any > 1 }}",
        "{{ x.count | map('string') | list }} {{ x.rows[3] }} {{ x.rows[-4] }} {{ x.any[0] }}",
        "{{ 1 < 2 < 'a' if false else 1 }} {{ {1: 'a'}[1] }} {{ x.row | dictsort }}",
    ],
)
def test_what_may_be_done_with_a_value_is_not_told(text):
    assert understood(text, NAMES).misreads == ()


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.nope | default('') }}",
        "{{ x.nope is defined }}",
        "{% if x.nope is defined %}{{ x.nope }}{% endif %}",
        "{{ x.rows | map(attribute='nope', default='') | list }}",
        "{{ x.rows | selectattr('nope', 'defined') | list }}",
        "{{ x.any.nope }} {{ x.free.nope }} {{ y.nope }} {{ x.both.nope }}",
        "{% set r = x.row %}{% if x.good %}{% set r = x.any %}{% endif %}{{ r.nope }}",
        "{% for k, v in x.row.items() %}{{ k }}{{ v.nope }}{% endfor %}",
        "{% for x in x.any %}{{ x.nope }}{% endfor %}",
        "{{ (x.rows or x.names)[0].nope }}",
    ],
)
def test_what_is_not_surely_wrong_is_not_told(text):
    assert understood(text, NAMES).misreads == ()


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        ("y[:3]", 3),
        ("y[2:5]", 3),
        ("y[5:2]", 0),
        ("y[-3:]", 3),
        ("y[-5:-2]", 3),
        ("y[::2]", None),
        ("y[:5:2]", 3),
        ("y[:n]", 2),
        ("y[3:]", None),
        ("y[::-1]", None),
        ("x.rows[1:]", 3),
        ("x.rows[:-1]", 3),
        ("x.rows[:3:-1]", 4),
        ("x.rows + x.rows", 8),
        ("x.rows + x.names", None),
        ("x.rows | unique(attribute='name') | sort(attribute='name') | list", 4),
        ("(x.rows | map(attribute='tags') | first)", 3),
        ("x.rows or []", 4),
        ("x.rows | default([])", 4),
        ("x.row | list", None),
        ("range(3)", 3),
        ("range(x.count)", 10_000),
        ("[1, 2] + x.rows[:1]", 3),
    ],
)
def test_how_long_a_list_can_be(expression, most):
    assert understood(f"{{{{ {expression} }}}}", NAMES).value.most == most


def test_a_template_without_an_expression_is_text():
    assert understood("plain", {}).value.kind == "text"
    assert understood("{{ a }} {{ b }}", {"a": list_of(ANY)}).value.kind == "text"
    assert understood("{{ a }}", {"a": record_of({"b": TEXT})}).value.kind == "record"
