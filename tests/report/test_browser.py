"""The page in a real browser: quiet, legible on a phone, usable with a keyboard alone."""

import os
import shutil
from dataclasses import replace

import pytest

from runner.report.render import render_report

from .attacks import ATTACKS
from .examples import ACTIONS, cited, every_kind_of_row, every_text, job, outcome

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    # The driver's own loop leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LONG = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichenfabrik"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page with a wide table, a chart, long words, notes, and rows that failed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "mine.md.j2").write_text(
        '{% extends "table.md.j2" %}{% block body %}{{ super() }}\n\n'
        '{{ chart(rows, "founded_year") }}\n{% endblock %}'
    )
    rows = every_kind_of_row()
    for n, (name, year) in enumerate((("Beta", 250), ("Gamma", 1_800), (LONG, 3)), len(rows)):
        output = {
            "founded_year": year,
            "headquarters": f"{LONG} {LONG}",
            "key_products": [LONG] * 5,
        }
        excerpt = f"{LONG} {LONG}"
        basis = [cited("founded_year", excerpt, url=f"https://example.com/{LONG}/{LONG}")]
        rows.append(outcome(output, row=n, key=name, basis=basis))
    asked = job(template="mine.md.j2", folder=folder, description=f"{LONG} {LONG}")
    path = folder / "reports" / "x.html"
    path.parent.mkdir()
    path.write_text(
        render_report(replace(asked, report=replace(asked.report, path=path)), rows),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def opened(browser, report):
    """Return a way to open the report that fails on any message, error or request."""
    pages, troubles = [], []

    def open_page(width=1_000, file=report, **more):
        page = browser.new_page(viewport={"width": width, "height": 800}, **more)
        pages.append(page)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: troubles.append(request.url))
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        troubles.remove(file.as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()
    assert troubles == []


def column(page, number):
    return page.locator(f"table tbody td:nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("template", ["table", "search", "research"])
def test_no_attack_runs_or_asks_for_anything(opened, tmp_path, template):
    """Nor when every figure is hovered: what is shown then is what the page holds."""
    path = tmp_path / "x.html"
    asked = job(ACTIONS[template], template=template, folder=tmp_path)
    rows = every_text(template, ATTACKS)
    path.write_text(render_report(replace(asked, report=replace(asked.report, path=path)), rows))
    page = opened(file=path)
    page.evaluate(
        """() => { for (const ref of document.querySelectorAll("a.ref"))
            ref.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); }"""
    )
    assert page.locator("main :is(img, script, iframe, object, form, style)").count() == 0


@pytest.mark.parametrize("width", [320, 360, 768])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways(opened, width, scheme):
    page = opened(width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('td')).fontSize)")
    assert size >= 14
    cells = "[...document.querySelectorAll('td')].map((cell) => cell.offsetWidth)"
    assert max(page.evaluate(cells)) < width * 0.8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_links_stand_out_from_the_page(opened, scheme):
    """The contrast of text and of links with what is behind them is at least 4.5 to 1."""
    page = opened(color_scheme=scheme)
    colours = page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
        ...["td", "main a", "th", ".notes a"].map(
            (name) => getComputedStyle(document.querySelector(name)).color)]"""
    )
    behind, *texts = [luminance(colour) for colour in colours]
    for text in texts:
        assert (max(text, behind) + 0.05) / (min(text, behind) + 0.05) >= 4.5
    assert (behind > 0.5) is (scheme == "light")


def luminance(colour):
    channels = [int(part) / 255 for part in colour.strip("rgb()").split(", ")]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_keyboard_reaches_figures_and_sees_what_they_rest_on(opened):
    """Tab comes to each mark and shows its note; Escape hides it; Enter leads to the note."""
    page = opened()
    tip = page.locator("#tip")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.ref')"):
            break
    assert tip.is_visible()
    assert "Founded: 1901" in tip.inner_text()
    assert tip.locator("a").first.get_attribute("href") == "../notes/acme.md"
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**#note-1")


def test_hovering_a_figure_shows_excerpt_and_link(opened):
    """The whole cell answers, and its note stays while the pointer is on it."""
    page = opened()
    page.locator("tbody tr:first-child td:nth-child(3)").hover()
    tip = page.locator("#tip")
    assert "Its head office is in Bern, Switzerland." in tip.inner_text()
    tip.locator("a").first.hover()
    assert tip.is_visible()
    page.locator("h1").hover()
    assert tip.is_hidden()


def test_tables_sort_by_number_and_by_text(opened):
    """Up, then down; what is empty stays last; the state is told to a screen reader."""
    page = opened()
    button = page.get_by_role("button", name="Founded year")
    button.focus()
    page.keyboard.press("Enter")
    years = [int(text) for text in map(digits, column(page, 2)) if text]
    assert years == sorted(years)
    assert column(page, 2)[-1] == "—"
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Founded year")
    page.keyboard.press("Enter")
    assert [int(text) for text in map(digits, column(page, 2)) if text] == years[::-1]
    assert column(page, 2)[-1] == "—"
    page.get_by_role("button", name="Row").or_(
        page.get_by_role("button", name="Company")
    ).first.click()
    assert column(page, 1) == sorted(column(page, 1), key=str.casefold)


def digits(text):
    first = text.split("\n")[0]
    return "".join(c for c in first.split(" ")[0] if c.isdigit()) if first[:1].isdigit() else ""


def test_without_script_everything_is_there_to_read(browser, report):
    page = browser.new_page(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page.goto(report.as_uri())
    text = page.locator("main").inner_text()
    page.close()
    for said in ("Its head office is in Bern, Switzerland.", "Umbrella", "There was no answer"):
        assert said in text


def test_printing_shows_all_columns_notes_and_addresses(opened):
    """On paper nothing scrolls, and nothing is cut: a wide table shrinks to the page."""
    page = opened(width=700)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.evaluate("document.querySelector('.scroll').scrollWidth") <= 700
    lines = page.evaluate(
        """() => {
            const range = document.createRange();
            range.selectNodeContents(document.querySelector("td.n").firstChild);
            return range.getClientRects().length;
        }"""
    )
    assert lines == 1, "a number is broken over two lines"
    shown = "getComputedStyle(document.querySelector('.notes a[href^=http]'), '::after').content"
    assert "<" in page.evaluate(shown)
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    )
