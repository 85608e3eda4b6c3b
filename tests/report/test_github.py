"""Reports as GitHub's own renderer shows them: its tables, its footnotes, and nothing of a value's."""

import cmarkgfm
import lxml.html
import pytest
from cmarkgfm.cmark import Options

from .attacks import ATTACKS
from .examples import TEMPLATES, every_text, render
from .test_attacks import SAFE_LINK, visible

OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES


def seen(markdown):
    """Return a report as GitHub's renderer makes it, nothing filtered."""
    text = cmarkgfm.github_flavored_markdown_to_html(markdown, options=OPTIONS)
    return lxml.html.document_fromstring(text)


def tags(page):
    return [element.tag for element in page.iter() if isinstance(element.tag, str)]


@pytest.mark.parametrize("template", TEMPLATES)
def test_attacks_are_shown_and_do_nothing(template):
    """No tag that harmless letters would not have, no heading more, no cell more, all characters."""
    attacked = seen(render(template, every_text(template, ATTACKS)))
    plain = seen(render(template, every_text(template, [f"x{n}" for n in range(len(ATTACKS))])))
    kept = {"h3"}  # a long value has a section of its own
    if template == "research":  # a long text's formatting stays: it is made safe
        kept |= {"em", "strong", "code", "pre", "del", "br", "blockquote", "hr", "h4", "h5", "h6"}
        kept |= {"table", "thead", "tbody", "tr", "th", "td", "div", "input"}
    assert set(tags(attacked)) - set(tags(plain)) <= kept
    for tag in ("h1",) if template == "research" else ("h1", "h2", "tr", "th", "td"):
        assert tags(attacked).count(tag) == tags(plain).count(tag)
    assert not [href for href in attacked.xpath("//@href") if not SAFE_LINK.match(href.lstrip("#"))]
    text = visible(attacked.text_content())
    if template != "research":
        assert [each for each in ATTACKS if visible(each) not in text and "://" not in each] == []


def test_figures_lead_to_their_notes_and_back():
    page = seen(render("table"))
    marks = page.xpath("//sup/a")
    assert marks
    for mark in marks:
        assert page.xpath(f"//li[@id='{mark.get('href')[1:]}']")
    notes = page.xpath("//section[contains(@class, 'footnotes')]//li")
    assert len(notes) == len({mark.get("href") for mark in marks})
    assert "Its head office is in Bern, Switzerland." in notes[1].text_content()


def test_a_table_has_the_alignment_and_the_cells_of_its_fields():
    page = seen(render("table"))
    assert [head.get("align") for head in page.xpath("//th")] == [None, "right", None, None]
    assert {len(row.xpath("td")) for row in page.xpath("//tbody/tr")} == {4}
