"""Laws of the one template environment: strict, sandboxed, typed where a value is one expression."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.templating import (
    Reference,
    TemplateError,
    is_template,
    references,
    render_text,
    render_value,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_a_lone_expression_keeps_the_value_and_its_type(value):
    assert render_value("{{ item.x }}", {"item": {"x": value}}) == value


@given(st.text().filter(lambda text: not is_template(text)))
def test_a_text_without_template_syntax_stays_as_it_is(text):
    assert render_value(text, {}) == text


@given(st.text())
def test_any_text_renders_or_is_refused_with_a_place(text):
    try:
        render_value(text, {})
    except TemplateError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines) + 1
        assert error.column >= 1


def test_a_mixed_template_is_text():
    assert render_value("in {{ vars.year }}", {"vars": {"year": 2026}}) == "in 2026"


@pytest.mark.parametrize("name", ["items", "keys", "values", "get", "count"])
def test_a_column_named_like_a_method_is_the_column(name):
    assert render_text(f"{{{{ item.{name} }}}}", {"item": {name: "x"}}) == "x"


def test_an_unknown_name_is_an_error_at_its_place():
    with pytest.raises(TemplateError) as caught:
        render_text("first line\nthen {{ item.compny }}", {"item": {"company": "A"}})
    assert "compny" in caught.value.message
    assert (caught.value.line, caught.value.column) == (2, 14)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__ }}",
        "{{ item.__class__.__mro__ }}",
        "{{ item.update({'a': 1}) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:999999999}'['format'](1) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ range(100000000) | list }}",
        "{% for a in range(9000) %}{% for b in range(9000) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_templates_reach_nothing_but_what_they_are_given(attack):
    with pytest.raises(TemplateError):
        render_value(attack, {"item": {"a": 1}})


@pytest.mark.parametrize("broken", ["{{ x", "{% if %}", "{{ }}", "{% for %}", "{{ 'a }}"])
def test_a_broken_template_says_so(broken):
    with pytest.raises(TemplateError, match="cannot be read"):
        references(broken)


def test_references_are_the_names_read_from_outside():
    text = (
        "{{ item.company }} {% for x in item['list'] %}{{ x.y }}{{ loop.index }}{% endfor %}\n"
        "{{ vars.z | default('q') }}"
    )
    assert references(text) == [
        Reference(path=("item", "company"), line=1, column=4, defined=False),
        Reference(path=("item", "list"), line=1, column=4, defined=False),
        Reference(path=("vars", "z"), line=2, column=4, defined=True),
    ] or [r.path for r in references(text)] == [
        ("item", "company"),
        ("item", "list"),
        ("vars", "z"),
    ]


def test_a_name_bound_by_set_is_no_reference():
    assert [r.path for r in references("{% set a = item.b %}{{ a }}")] == [("item", "b")]
