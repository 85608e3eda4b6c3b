"""Whatever a value holds, its report keeps its shape, and shows the value's own characters."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.render import render_report

from .attacks import ATTACKS, PIECES
from .examples import ACTIONS, COMPANY, TEMPLATES, cited, job, outcome, render, shown

SAFE_LINK = re.compile(r"https?://|(?![a-z+.-]+:)[\w.~%-]", re.IGNORECASE)
SELF_LINKING = re.compile(r"(?<!\w)@\w|(?<!&)#\d|\bGH-\d")
HIDING = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00-\x08\x0e-\x1f\x7f]")
WEB = "https://example.com/a"
HARMFUL = {
    *("html_inline", "html_block", "image", "math_inline", "math_block", "math_inline_double"),
    *("footnote_ref", "footnote_block_open", "footnote_anchor"),
}
dangerous = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


def harmless(text):
    """Return a text of the same lengths and lines in which every character is a letter."""
    return re.sub(r"[^\s\x85\u2028\u2029]", "x", text) if visible(text) else " "


def with_headings_apart(text):
    """Return an excerpt as a quotation has it: a heading is a paragraph."""
    return re.sub(r"(?m)^[ \t]*#{1,6}[ \t]+(.*)$", r"\n\n\1\n\n", text)


def visible(text):
    """Return the characters that a reader sees, white space folded."""
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"})
    return " ".join("".join(kept).split())


def everywhere(template, value, excerpt):
    """Return a report with a value in every place that data can reach."""
    basis = [
        {**cited(name, value, url=WEB, title=value, reasoning=value), "confidence": "low"}
        for name in COMPANY["properties"]
    ]
    output = {
        "founded_year": value,
        "headquarters": {value: value},
        "key_products": [value, {"a": value}],
    }
    if template == "search":
        page = {"url": WEB, "title": value, "publish_date": value, "excerpts": [excerpt]}
        output, basis = {"results": [page], "errors": [{"url": value, "error_type": value}]}, []
    rows = [
        outcome(output, key=value, basis=basis, warnings=[value], item={value: value}),
        outcome(row=1, key=value, status="failed", error=value),
    ]
    made = job(ACTIONS[template], template=template, description=value, key="x")
    return render_report(made, rows, warnings=[value])


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name != "research"])
@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_a_value_never_changes_the_shape_of_a_report(template, value):
    """An attack in every place gives the blocks, cells, links and footnotes of harmless letters."""
    report = everywhere(template, value, excerpt=value)
    plain = everywhere(template, harmless(value), excerpt=harmless(with_headings_apart(value)))
    report.encode("utf-8")
    read = shown(report)
    assert read.shape == shown(plain).shape
    assert visible(value) in visible(read.text)
    assert not SELF_LINKING.search(read.text)
    assert not HIDING.search(report)
    assert all(SAFE_LINK.match(link) and "evil" not in link for link in read.links)


@given(value=dangerous)
def test_no_text_breaks_a_table(value):
    """Any text is one cell: as many rows and cells as rows and fields, its characters shown."""
    output = {"founded_year": value, "headquarters": "x", "key_products": [value, "x"]}
    read = shown(render("table", [outcome(output, key=value)]))
    assert [len(row) for row in read.rows] == [4, 4]
    if not value.startswith("http"):
        assert visible(read.rows[1][1]) == (visible(value) or "—")
    assert not {"html_inline", "image", "footnote_ref", "code_inline", "em"} & set(read.shape)


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_the_formatting_of_a_long_text_is_kept_and_can_do_no_harm(value):
    """Of a provider's markdown only headings, lists, tables, emphasis, code and web links stay."""
    report = render("research", [outcome(f"Before.\n\n{value}\n\nAfter.")])
    report.encode("utf-8")
    read = shown(report)
    assert_harmless(read)
    assert not HIDING.search(report)
    said = visible(" ".join((read.text, read.code, *read.links)))
    gone = re.compile(r"(?m)^(```|~~~).*$|&#?\w+;|^\d+[.)]|\"title\"")
    words = re.findall(r"[^\W_]{2,}", visible(gone.sub("", value)))
    assert [word for word in words if word not in said] == []
    assert said.startswith("Companies")
    assert "After." in said


@given(value=dangerous)
def test_no_long_text_brings_html_images_or_headings_above_its_own(value):
    """Whatever markdown a provider writes, the report keeps its title, and shows no HTML."""
    assert_harmless(shown(render("research", [outcome(value)])))


def assert_harmless(read):
    types = {part if isinstance(part, str) else part[0] for part in read.shape}
    assert not types & HARMFUL
    assert all(SAFE_LINK.match(link) for link in read.links)
    assert read.headings[0] == (1, "Companies")
    assert all(level > 1 for level, _ in read.headings[1:])
    assert not SELF_LINKING.search(re.sub(r"(https?://|www\.)\S+", "", read.text))
