"""The report as one page: nothing from elsewhere, nothing that runs but its own script."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest

from runner.job.model import Report
from runner.report.charts import Charts
from runner.report.html import html_page
from runner.report.render import render_report

from .attacks import ATTACKS
from .examples import ACTIONS, EXAMPLES, TEMPLATES, cited, every_text, job, outcome

VISIBLE_ATTRIBUTES = {"href", "class", "id", "rel", "scope", "role", "tabindex", "start"}


def page(template, outcomes=None, **more):
    """Return an HTML report and its parsed body."""
    asked = job(ACTIONS[template], template=template, **more)
    asked = replace(asked, report=replace(asked.report, path=Path("/project/reports/x.html")))
    text = render_report(asked, EXAMPLES[template]() if outcomes is None else outcomes)
    return text, lxml.html.document_fromstring(text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_asks_for_nothing_and_runs_its_own_script_only(template):
    """No address is loaded, no handler stands in a tag; the policy admits script and style by hash."""
    text, read = page(template)
    assert not read.xpath("//@src | //link | //iframe | //img | //object | //@style | //@onclick")
    (policy,) = read.xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "url(" not in text
    assert "@import" not in text


def test_the_same_outcomes_give_the_same_page():
    assert page("table")[0] == page("table")[0]


def test_every_figure_leads_to_its_note_and_back():
    """A mark is named and described; its note holds title, link and excerpt."""
    _, read = page("table")
    marks = read.xpath("//a[@class='ref']")
    assert marks
    for mark in marks:
        (note,) = read.xpath(f"//li[@id='{mark.get('href')[1:]}']")
        assert mark.get("aria-describedby") == note.get("id")
        assert mark.get("aria-label") == f"Source {mark.text}"
    for note in read.xpath("//li[starts-with(@id, 'note-')]"):
        assert read.xpath(f"//a[@id='{note.xpath('.//a[@class=$c]/@href', c='back')[0][1:]}']")
    (link,) = read.xpath("//li[@id='note-2']//a[starts-with(@href, 'http')]")
    assert link.get("rel") == "noopener noreferrer nofollow"
    assert link.get("href") == "https://example.com/acme?a=1&b=2"


def test_numbers_stand_right_and_tables_scroll_by_themselves():
    _, read = page("table")
    (box,) = read.xpath("//div[@class='scroll'][table]")
    assert (box.get("role"), box.get("tabindex")) == ("region", "0")
    heads = box.xpath(".//th")
    assert [head.get("class") for head in heads] == [None, "n", None, None]
    assert {head.get("scope") for head in heads} == {"col"}


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_no_value_becomes_markup(value):
    """Whatever a value holds, the page has the tags and addresses it has for harmless letters."""

    def made(text):
        basis = [cited("headquarters", text, title=text, reasoning=text, confidence="low")]
        row = outcome({"headquarters": text, "founded_year": 1}, key=text, basis=basis)
        failed = outcome(row=1, key=text, status="failed", error=text)
        return page("table", [row, failed], description=text)[1]

    read = made(value)
    tags = [element.tag for element in read.iter() if isinstance(element.tag, str)]
    allowed = {"a"} if re.match(r"https?://\S+$", value.strip(), re.IGNORECASE) else set()
    plain = [
        e.tag
        for e in made("x" if any(map(str.isalnum, value)) else value).iter()
        if isinstance(e.tag, str)
    ]
    assert [t for t in tags if t not in allowed] == [t for t in plain if t not in allowed]
    for address in read.xpath("//@href"):
        assert re.match(r"https?://|#|\.\./notes/acme\.md$", address)


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_no_long_text_brings_markup_of_its_own(value):
    """Of a provider's markdown formatting stays; no tag, handler or address that could do harm."""
    _, read = page("research", [outcome(f"Before.\n\n{value}\n\nAfter.")])
    assert not read.xpath("//main//script | //main//style | //main//img | //main//iframe | //form")
    for element in read.xpath("//main//*"):
        names = {name for name in element.attrib if not name.startswith("aria-")}
        assert names <= VISIBLE_ATTRIBUTES
    for address in read.xpath("//main//@href"):
        assert re.match(r"https?://|#|(?![a-z+.-]+:)", address, re.IGNORECASE)


def test_nothing_is_sanitised_by_hope():
    """Markup that would stand in the markdown itself is text in the page."""
    text = html_page("# A\n\n<script>x</script> <b onclick=x>y</b>\n\n[a](javascript:x)\n", "A", {})
    (main,) = lxml.html.document_fromstring(text).xpath("//main")
    assert not main.xpath(".//script | .//b | .//a")
    assert "<script>x</script>" in main.text_content()


def test_a_chart_is_drawn_in_the_page():
    """With a name, its labels as text, and no style or script of its own."""
    charts = Charts()
    block = charts.draw(
        [{"company": "A <b> & Co", "staff": 3}, {"company": "B", "staff": "1,200"}], "staff"
    )
    text = html_page(f"# X\n\n{block}\n", "X", charts.drawn)
    read = lxml.html.document_fromstring(text)
    (drawing,) = read.xpath("//figure//*[local-name()='svg']")
    assert drawing.get("aria-label") == "Staff"
    assert "A <b> & Co" in drawing.text_content()
    assert not drawing.xpath(".//@style | .//*[local-name()='style' or local-name()='script']")
    assert text == html_page(f"# X\n\n{block}\n", "X", charts.drawn)


def test_a_foreign_mermaid_block_is_no_chart():
    text = html_page("```mermaid\nxychart-beta\n```\n", "X", {})
    assert "<svg" not in text


def test_the_title_is_text():
    asked = replace(job(template="table"), name="a-b", report=Report(path=Path("/project/x.HTM")))
    assert "<title>A b</title>" in render_report(asked, [])
    assert "<title>&lt;x&gt;</title>" in html_page("", "<x>", {})


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_written_without_the_full_parser_is_what_it_would_write(template, monkeypatch):
    """Tables, lists and notes are written from their lines: as the parser and the sanitiser have them."""
    own, _ = page(template, every_text(template, ATTACKS))
    monkeypatch.setattr("runner.report.html.inline_html", lambda *_: None)
    by_line, _ = page(template, every_text(template, ATTACKS))
    monkeypatch.setattr("runner.report.parted._table", lambda *_: [])
    monkeypatch.setattr("runner.report.parted._list", lambda *_: [])
    parsed, _ = page(template, every_text(template, ATTACKS))
    assert normal(own) == normal(by_line) == normal(parsed)


def normal(text):
    """Return a page's main part in one spelling."""
    (main,) = lxml.html.document_fromstring(text).xpath("//main")
    return re.sub(r"\s+", " ", lxml.html.tostring(main, encoding="unicode"))


@pytest.mark.parametrize(
    "markdown",
    [
        "- a\n- b\n\n- c",
        "1. a\n\n- b",
        "- a\n  more\n- b",
        "- a\n\n    code",
        "- a\nlazy\n- b",
        "a\n\n- # b\n- c",
        "- a\n- - b",
        "- a\n- * * *",
        "- a\n===",
        "> - a\n> - b\n\n- c",
        "- *a*\n- `b`\n- c[^1]\n\n[^1]: x",
        "| a | b |\n| --- | ---: |\n| 1 | 2 |\nlazy",
        "| a | b |\n| --- | --- |\n| 1 |\n| 1 | 2 | 3 |",
        "| a | b |\n| --- | --- |\n| x\\\\| y | z |",
        "| a | b |\n| --- | --- |\n| *x | y* |",
        "| a | b |\n| --- | --- |\n| `x\\|y` | [z \\| y](https://a.example) |",
        "| a | b |\n| :--- | --- |\n| 1 | 2 |",
        "| a |\n| --- |\n| \\| |",
        "text\n| a | b |\n| --- | --- |\n| 1 | 2 |",
        "- a\n\n  | a | b |\n  | --- | --- |",
        "```\n| a | b |\n| --- | --- |\n\n- x\n```",
        "~~~\n- a\n\n- b\n~~~\n\n- a",
        "- ```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |",
        "1901[^1] *x* and[^1]\n\n[^1]: *note*[^1]",
        "a\r\n\r\n- b\r\n- c\0",
        ".\n\n.\n\n- a",
    ],
)
def test_markdown_that_a_template_of_one_s_own_writes_is_read_as_markdown(markdown, monkeypatch):
    """What looks like the report's own tables and lists, and is not quite, is left to the parser."""
    own = html_page(markdown, "x", {})
    monkeypatch.setattr("runner.report.html.inline_html", lambda *_: None)
    monkeypatch.setattr("runner.report.parted._table", lambda *_: [])
    monkeypatch.setattr("runner.report.parted._list", lambda *_: [])
    assert normal(own) == normal(html_page(markdown, "x", {}))
    assert len(re.findall(' href="#ref-', own)) == len(set(re.findall(' id="ref-[0-9]+-0"', own)))


def test_notes_count_themselves_and_say_their_number_where_one_is_left_out():
    """Thousands of items that each say their number take a browser minutes."""
    text = html_page("a[^1][^2][^5][^6]\n\n[^1]: a\n[^2]: b\n[^5]: c\n[^6]: d\n", "x", {})
    notes = lxml.html.document_fromstring(text).xpath("//li[starts-with(@id, 'note-')]")
    assert [note.get("value") for note in notes] == [None, None, "5", None]
