"""Laws of the one template environment: strict, sandboxed, typed where a value is one expression."""

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import TemplateError
from runner.templating import is_template, names_read, references, render_value, rendering
from runner.templating.names import Reference
from runner.templating.reports import report_environment

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
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
    assert render_value(f"{{{{ item.{name} }}}}", {"item": {name: "x"}}) == "x"


def test_an_unknown_name_is_an_error_at_its_place():
    with pytest.raises(TemplateError) as caught:
        render_value("first line\nthen {{ item.compny }}", {"item": {"company": "A"}})
    assert "compny" in caught.value.message
    assert (caught.value.line, caught.value.column, caught.value.width) == (2, 9, 11)


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
        Reference(path=("item", "company"), line=1, column=4, width=12, defined=False),
        Reference(path=("item", "list"), line=1, column=32, width=12, defined=False),
        Reference(path=("vars", "z"), line=2, column=4, width=6, defined=True),
    ]


def test_a_name_bound_by_set_is_no_reference():
    assert [r.path for r in references("{% set a = item.b %}{{ a }}")] == [("item", "b")]


DOUBLING = [
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a == 1 }}",
    "{% set a = (1,) %}" + "{% set a = (a, a) %}" * 60 + "{{ a }}",
    "{% set a = {} %}" + "{% set a = {'x': a, 'y': a} %}" * 60 + "{{ a }}",
    "{% set a = 7 %}" + "{% set a = a * a %}" * 60 + "{{ a }}",
    "{% set a %}aaaaaaaaaa{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60 + "{{ a }}",
    "{{ 'aaaaaaaaaa'" + " | replace('a', 'aaaaaaaaaa')" * 20 + " }}",
    "{{ 'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 20 + " }}",
    "{{ range(9999) | join('x'.join(range(9999) | map('string'))) }}",
    "{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}",
    "{% for a in range(9000) %}" + "x" * 10_000 + "{% endfor %}",
    "{{ (9 ** 64) ** (64 ** 2) }}",
    "{{ 3 | round(999999999, 'ceil') }}",
    "{{ 3 | round(-999999999) }}",
]


@pytest.mark.parametrize("attack", DOUBLING)
def test_no_template_grows_or_runs_without_end(attack):
    started = time.process_time()
    tracemalloc.start()
    with pytest.raises(TemplateError):
        render_value(attack, {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - started < 10  # under a coverage tracer, too
    assert peak < 100_000_000


@pytest.mark.parametrize(
    "attack",
    [
        "{{ (5).to_bytes(1000000000, 'big') }}",
        "{{ ''['for' ~ 'mat'](1) }}",
        "{{ ''.translate({}) }}",
        "{{ ''.replace.func.__globals__ }}",
        "{{ item | attr('__class__') }}",
        "{{ item.l | map(attribute='__class__') | list }}",
        "{{ item.l.append(1) }}",
        "{{ item.pop('l') }}",
        "{% macro f() %}{% endmacro %}",
        "{% block x %}{% endblock %}",
        "{% import 'x' as y %}",
        "{% for x in item.l recursive %}{% endfor %}",
        "{{ 'a'.upper }}",
        "{{ 'x {}'.join }} and",
        "{{ range }}",
        "{{ '\\ud800' }}",
        "{{ 'nan' | float }}",
        "{{ 'inf' | float }} and",
        "{{ item.f }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ 'a' * 2 }}",
        "{{ item.l | tojson(indent=9) }}",
        "{{ item.x }}",
        "{{ x is foo }}",
        "{{ x | foo }}",
        "{{ " + "(" * 5_000 + ")" * 5_000 + " }}",
        "{{ " + "1+" * 5_000 + "1 }}",
        "{{ 1" + " | abs" * 5_000 + " }}",
        "{{ [] | first }}",
    ],
)
def test_what_a_template_may_not_do_is_refused_with_a_place(attack):
    with pytest.raises(TemplateError) as caught:
        render_value(attack, {"item": {"l": ["a"], "f": float("inf")}})
    assert (caught.value.line, caught.value.column) >= (1, 1)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ -item.n }}", -3),
        ("{{ item.n - 1 }}", 2),
        (" {{ item.n }}\n", 3),
        ("{{ item.n }} {{ item.n }}", "3 3"),
        ("{{ item.l | map('upper') | join(', ') }}", "A, B"),
        ("{{ item.l | map(attribute='x') | join }}", ""),
        ("{{ ', '.join(item.l) }}", "a, b"),
        ("{{ item.l + ['c'] }}", ["a", "b", "c"]),
        ("{{ item.l | map('upper') }}", ["A", "B"]),
        ("is {{ item.l | map('upper') }}", 'is ["A", "B"]'),
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ item.s | replace('t', 'T', 1) }}", "Text"),
        ("{{ item.s['upper']() }}", "TEXT"),
        ("{{ item.l | tojson }}", '["a", "b"]'),
        ("{{ 3.14159 | round(2) }}", 3.14),
        ("{{ item.items() | list }}", None),
        ("{{ 2 ** 10 }}", 1024),
        ("{{ {'a': 1}.keys() }}", ["a"]),
        ("{{ item.nothing | default('x') }}", "x"),
        ("{{ 'a' in item.l and item.n > 2 }}", True),
        ("{{ none }}", None),
        ("a{{ none }}b {{ true }} {{ 1.50 }} {{ [none] }}", "ab true 1.5 [null]"),
        ("{{ 'a' ~ none ~ true }}", "atrue"),
        ("{{ [none, 'a', false] | join('-') }}", "-a-false"),
        (
            "{{ none | upper }}{{ none | trim }}{{ none | string }}{{ none | replace('N', 'x') }}",
            "",
        ),
        ("{% for x in item.l %}{{ loop.index }}{{ x }}{% else %}none{% endfor %}", "1a2b"),
        ("{% set a = 1 %}{% if a is defined %}{{ a }}{% endif %}", "1"),
        ("{# nothing #}", ""),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ],
)
def test_what_a_template_may_do(template, value):
    item = {"n": 3, "l": ["a", "b"], "s": "text"}
    if "attribute" in template:
        item["l"] = []
    if value is None and "items" in template:
        value = [[name, entry] for name, entry in item.items()]
    assert render_value(template, {"item": item}) == value


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ item.s > 3 }}", "a text and a number cannot be compared"),
        ("{{ item.z < 3 }}", "an empty value and a number cannot be compared"),
        ("{{ [1, 'a'] | sort }}", "a text and a number cannot be compared"),
        ("{{ item.s - 1 }}", "a text and a number make no sum"),
        ("{{ -item.s }}", "a text is no number"),
        ("{{ item.z | round }}", "an empty value is no number"),
        ("{{ item.s() }}", "a text takes no () behind it"),
        ("{{ item.n | length }}", "a number is no list"),
        ("{% for x in item.n %}{% endfor %}", "a number is no list"),
        ("{{ 'a' in item.n }}", "a number is no list"),
        ("{{ item.n % 0 }}", "it divides by zero"),
        ("{{ item.s | replace('a') }}", "a filter is given too few"),
        ("{{ item.l[2] }}", "reads entry [2] of a list that has fewer"),
        ("{{ item.d[0] }}", "reads entry [0] of what is a mapping"),
        ("{{ [] | first }}", "one of a list that is empty"),
    ],
)
def test_why_a_template_failed_is_told_without_python_s_words(template, said):
    item = {"s": "a", "n": 3, "l": ["a"], "d": {"k": 1}, "z": None}
    with pytest.raises(TemplateError) as caught:
        render_value(template, {"item": item})
    assert said in caught.value.message


def test_a_template_never_changes_what_it_reads():
    context = {"item": {"l": [1]}, "vars": {}}
    with pytest.raises(TemplateError):
        render_value("{{ item.l.append(2) }}", context)
    assert context == {"item": {"l": [1]}, "vars": {}}


@pytest.mark.parametrize(
    ("broken", "words", "column"),
    [
        ("a {{ }}", "it is empty", 3),
        ("{{ item.a", "never closed", 1),
        ("{{ item.a }", "{{ is not closed", 1),
        ("{{ (item.a }}", "a ) is missing", 12),
        ("{% for x in y %}", "a {% for %} is never closed", 1),
        ("{% foo %}", "no tag 'foo'", 4),
        ("{{ item.Company Name }}", "unexpected 'Name'", 17),
        ("{{ 'x }}", "a quote is opened", 4),
        ("{{ x $ }}", "unexpected '$'", 6),
        ("{{ item.a and {{ item.b }}", "{{ is not closed", 1),
        ("{{ a }} {{{ item.b }}}", "three braces", 9),
        ("{{ a && b }}", "unexpected '&'", 6),
        ("{{ a AND b }}", "unexpected 'AND'", 6),
        ("{% if a = b %}{% endif %}", "unexpected '='", 9),
        ("{% if a %}{% else if b %}{% endif %}", "unexpected 'if'", 19),
        ("{% if a %}{% for x in y %}{% endfor %} x", "a {% if %} is never closed", 1),
        ("{{ item.head count 2025 }}", "unexpected 'count'", 14),
        ("{# a", "{# is never closed", 1),
        ("{{ a | default('{{') + }}", "breaks off", 24),
        ("{{ x | uper }}", "no filter 'uper'", 8),
        ("{% filter uper %}{% endfilter %}", "no filter 'uper'", 11),
        ("{{ x is not foo }}", "no test 'foo'", 13),
        ("{{ x.__class__ }}", "cannot read __class__", 6),
    ],
)
def test_a_template_that_cannot_be_read_says_why_and_where(broken, words, column):
    with pytest.raises(TemplateError) as caught:
        references(broken)
    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (1, column)


def test_a_failure_is_placed_in_its_line():
    with pytest.raises(TemplateError) as caught:
        render_value("a\nb {{ item.n }}\n{{ item.s.foo }} c", {"item": {"n": 1, "s": "x"}})
    assert (caught.value.line, caught.value.column, caught.value.width) == (3, 4, 10)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ item.company_x }} {{ item.company }}", [("company_x", 4), ("company", 25)]),
        ('{{ item["a b"].c }} {{- item.d }}', [("a b", 4), ("d", 25)]),
        ("{{ item[vars.x].y }}", [("", 4), ("x", 9)]),
        ("{{ x | default(item.y) }}", [("", 4), ("y", 16)]),
        ("{% with a = item.b %}{{ a }}{% endwith %}", [("b", 13)]),
        ("{% set a %}{{ item.b }}{% endset %}{{ a }}", [("b", 15)]),
        ("{% for a, b in item.c %}{{ a }}{{ b }}{% endfor %}", [("c", 16)]),
        ("{{ range(item.n) | list }}", [("n", 10)]),
        ("{{ (item.a).b }}", [("a", 5)]),
    ],
)
def test_a_reference_stands_where_it_is_written(template, expected):
    found = [(r.path[1] if len(r.path) > 1 else "", r.column) for r in references(template)]
    assert found == expected


def test_report_templates_are_bounded_and_say_where_they_fail(tmp_path):
    for name, text in (
        ("good.md", "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(a) }}"),
        ("broken.md", "{{ x"),
        ("fails.md", "a\n{{ nothing }}"),
        ("loops.md", "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}"),
    ):
        (tmp_path / name).write_text(text)
    templates = report_environment(
        [tmp_path], filters={}, finalize=lambda value: str(value).upper()
    )
    assert templates.render("good.md", {"a": "x"}) == "<X>".upper()
    for name, words, line in (
        ("broken.md", "never closed", 1),
        ("fails.md", "nothing", 2),
        ("loops.md", "nested too deeply", 1),
        ("absent.md", "no report template", 1),
    ):
        with pytest.raises(TemplateError, match=words) as caught:
            templates.render(name, {})
        assert caught.value.line == line


NAMES = st.sampled_from(
    ["item.a", "vars.b_1", "run.date", "steps.find.urls", "item", "item.__class__", "x"]
)
PARTS = st.one_of(
    st.builds("{{{{ {} }}}}".format, NAMES),
    st.builds("{{{{{}}}}}".format, NAMES),
    st.sampled_from(["{", "}", "}}", "{{", "{#", "{% if item.c %}", "{% endif %}", " text ", "{{ item['d'] }}", "\n"]),
)  # fmt: skip


@given(st.lists(PARTS, max_size=5).map("".join))
def test_names_are_the_same_with_and_without_their_places(text):
    try:
        placed = {(found.path, found.defined) for found in references(text)}
    except TemplateError as error:
        with pytest.raises(TemplateError, match=re.escape(error.message)):
            names_read(text)
    else:
        assert set(names_read(text)) == placed


PIECES = st.lists(
    st.sampled_from(
        [
            "Key facts about ",
            " ",
            "\n",
            "\r\n",
            "{",
            "}",
            "{{ item.company }}",
            "{{item.company}}",
            "{{ item.items }}",
            "{{ item.none }}",
            "{{ item._own }}",
            "{{ item.number }}",
            "{{ item.at.place }}",
            "{{ item }}",
            "{{ vars.year }}",
            "{{- item.company }}",
            "{{ item.company|upper }}",
            "{{ item.__class__ }}",
            "{# item.company #}",
            "é",
        ]
    ),
    max_size=6,
)
ROW = {
    "company": "Acme {{ vars.year }}",
    "items": "things",
    "none": None,
    "_own": "own",
    "number": 7,
    "at": {"place": "here"},
}


@given(PIECES, st.sampled_from(["", "Acme", " Acme\n", "x" * 1_000_000]))
def test_a_plain_template_says_what_jinja_says(pieces, company):
    text, context = "".join(pieces), {"item": {**ROW, "company": company}, "vars": {"year": "2026"}}

    def said(render):
        try:
            return render(text, context)
        except TemplateError as error:
            return str(error)

    assert said(render_value) == said(rendering.render_value if is_template(text) else render_value)
