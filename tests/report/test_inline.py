"""The fast way from a line of markdown to HTML gives what the full parser gives, or nothing."""

import lxml.html
import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runner.report.escape import inline
from runner.report.inline import inline_html
from runner.report.links import Links

from .attacks import ATTACKS, PIECES

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def both(text):
    """Return a line as HTML the fast way and by the full parser, both sanitised."""
    text = text.encode("utf-8", "replace").decode()  # as a report is before it is a page
    fast = inline_html(text, lambda number: f"<sup>{number}</sup>")
    tags = {"a", "em", "strong", "s", "code", "sup", "br"}
    clean = [
        None
        if each is None
        else nh3.clean(each, tags=tags, attributes={"a": {"href"}}, link_rel=None)
        for each in (fast, PARSER.renderInline(text))
    ]
    return clean[0], clean[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1,901 & more", "1,901 &amp; more"),
        ("AT&T & Co, a?b&c=d", "AT&amp;T &amp; Co, a?b&amp;c=d"),
        ("x (**not found** on the page)", "x (<strong>not found</strong> on the page)"),
        ("a\\|b \\*c\\* &lt;d> snake_case", "a|b *c* &lt;d&gt; snake_case"),
        ("**Acme**, x", "<strong>Acme</strong>, x"),
        (
            "[A \\| b](https://a.example/x?a=1&amp;b=2)",
            '<a href="https://a.example/x?a=1&amp;b=2">A | b</a>',
        ),
        ("[a](../notes/a%20b.md)", '<a href="../notes/a%20b.md">a</a>'),
    ],
)
def test_what_a_report_writes_is_rendered_the_fast_way(text, shown):
    assert both(text) == (shown, shown)


def test_a_footnote_s_mark_is_what_the_page_makes_of_it():
    assert inline_html("1901[^12] x", lambda n: f"<{n}>") == "1901<12> x"


@pytest.mark.parametrize(
    "text", ["*a*", "`a`", "~~a~~", "[a]", "<b>", "![a](b)", "_a_", "a[^x]", "**a"]
)
def test_the_rest_is_left_to_the_full_parser(text):
    assert inline_html(text, str) is None


@given(st.text())
def test_any_text_that_was_made_safe_is_rendered_alike(text):
    fast, full = both(inline(text))
    assert fast is None or fast == full


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
def test_no_markdown_is_rendered_otherwise_than_by_the_full_parser(text):
    line = " ".join(text.split())
    fast, full = both(line)
    assert fast is None or "[^" in line or fast == full


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_links_to_hostile_addresses_are_rendered_alike(value):
    for text in (Links().link(value, f"https://a.example/{value}"), inline(value), value):
        line = " ".join(text.split())
        fast, full = both(line)
        assert fast is None or "[^" in line or fast == full


@given(
    st.lists(
        st.sampled_from([*PIECES, "[a](", "https://a.example/?b=c&amp;d='e'", ")"]), max_size=12
    )
)
def test_what_is_written_the_fast_way_has_nothing_for_a_sanitiser_to_take(pieces):
    """Whatever the markdown: only its own tags, and addresses of the web and of documents."""
    fast = inline_html(" ".join("".join(pieces).split()), lambda number: f"<sup>{number}</sup>")
    if fast is not None:
        text = fast.encode("utf-8", "replace").decode()
        clean = nh3.clean(
            text,
            tags={"a", "strong", "sup"},
            attributes={"a": {"href", "rel"}},
            url_schemes={"http", "https"},
            link_rel=None,
        )
        assert spelled(text) == spelled(clean)


def spelled(text):
    """Return HTML in one spelling."""
    made = lxml.html.fragment_fromstring(text.replace("\0", ""), create_parent="p")
    return lxml.html.tostring(made, encoding="unicode")
