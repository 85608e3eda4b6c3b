"""A markdown report as one HTML page: sanitised, self-contained, readable without its script."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from runner.report.charts import Chart, svg
from runner.report.escape import BREAK
from runner.report.inline import inline_html

_ASSETS = Path(__file__).with_name("page")

_ALLOWED: Final[Mapping[str, set[str]]] = {
    "a": {"href", "rel", "id", "class", "aria-describedby", "aria-label"},
    "h1": {"id"},
    "li": {"id", "value"},
    "ol": {"start"},
    "th": {"class", "scope"},
    "td": {"class"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "section": {"class", "aria-label"},
    "figure": {"id"},
    "code": {"class"},
}
_TAGS: Final = {
    *_ALLOWED,
    *("h2", "h3", "h4", "h5", "h6", "p", "ul", "em", "strong", "s", "sup", "br", "hr"),
    *("blockquote", "pre", "table", "thead", "tbody", "tr"),
}

# A fence stands at the very start of a line wherever the report has one.
_FENCE = re.compile(r"`{3,}|~{3,}")
_NOTE = re.compile(r"\[\^(\d{1,9})\]: (.*)")
_MARK = re.compile(r"\[\^(\d{1,9})\]")
_RULE = re.compile(r"\|(?: ---:? \|)+")
# A bar with a backslash before it is none.
_BAR = re.compile(r"(?<!\\)\|")

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}</main>
<div id="tip" role="tooltip" hidden></div>
<script>{script}</script>
</body>
</html>
"""


def html_page(markdown: str, title: str, charts: Mapping[str, Chart]) -> str:
    """Return a report's markdown as an HTML page.

    Args:
        markdown: A report, safe as `render` makes it.
        title: The page's title, as text.
        charts: By the text of the mermaid blocks that stand for them.
    """
    body, notes = _parted(markdown)
    page = _Page(charts=charts, notes=notes)
    body = _parser().render(body, {"page": page}) + page.sources()
    body = nh3.clean(
        body,
        tags=_TAGS,
        attributes=dict(_ALLOWED),
        url_schemes={"http", "https"},
        link_rel=None,
    )
    # A browser makes no links of words: what parted them for GitHub can go.
    body = body.replace(html.unescape(BREAK), "")
    for number, figure in enumerate(page.drawn):
        body = body.replace(f'<figure id="chart-{number}"></figure>', figure, 1)
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy, title=html.escape(title), style=style, script=script, body=body
    )


def _parted(markdown: str) -> tuple[str, dict[str, str]]:
    """Return a report without the definitions of its footnotes, and these by number."""
    lines: list[str] = []
    notes: dict[str, str] = {}
    fence = ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif opening := _FENCE.match(line):
            fence = opening[0]
        elif note := _NOTE.match(line):
            notes.setdefault(note[1], note[2])
            continue
        lines.append(line)
    return "\n".join(lines), notes


@dataclass(slots=True, kw_only=True)
class _Page:
    """A page while it is written: its notes by number, how often each is named, and its charts."""

    charts: Mapping[str, Chart]
    notes: Mapping[str, str]
    named: Counter[str] = field(default_factory=Counter)
    drawn: list[str] = field(default_factory=list)

    def mark(self, number: str) -> str:
        """Return what leads from a figure to its note."""
        if number not in self.notes:
            return f"[^{number}]"
        place = f"ref-{number}-{self.named[number]}"
        self.named[number] += 1
        return (
            f'<sup><a class="ref" href="#note-{number}" id="{place}" '
            f'aria-describedby="note-{number}" aria-label="Source {number}">{number}</a></sup>'
        )

    def line(self, text: str) -> str:
        """Return markdown on one line as HTML."""
        written = inline_html(text, self.mark)
        return str(_parser().renderInline(text, {"page": self})) if written is None else written

    def sources(self) -> str:
        """Return the notes, each with a way back to the first figure that rests on it."""
        if not self.notes:
            return ""
        lines = ['<section class="notes" aria-label="Sources">\n<ol>\n']
        for number, text in self.notes.items():
            back = f' <a class="back" href="#ref-{number}-0" aria-label="Back">↩</a>'
            shown = back if self.named[number] else ""
            item = f'<li id="note-{number}" value="{number}"><p>{self.line(text)}{shown}</p></li>\n'
            lines.append(item)
        return "".join([*lines, "</ol>\n</section>\n"])


@functools.cache
def _asset(name: str) -> str:
    return "\n" + (_ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("table", _grid, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.before("link", "note", _note)
    parser.core.ruler.at("inline", _lines)
    return parser


def _lines(state: StateCore) -> None:
    """Leave each line as it is until it is rendered: most need no tree of tokens."""
    for token in state.tokens:
        if token.type != "inline":
            continue
        if state.inlineMode:
            token.children = []
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children = [Token("line", "", 0, content=token.content)]


def _note(state: StateInline, silent: bool) -> bool:
    """Read the mark of a footnote, `[^1]`."""
    match = _MARK.match(state.src, state.pos, state.posMax)
    if match is None or match[1] not in state.env["page"].notes:
        return False
    if not silent:
        state.push("note", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _grid(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table as the report writes it, whole, whatever its size; others as markdown has them.

    Its cells are rendered one by one, so none is held as a tree.
    """
    if silent or state.level or state.sCount[start] or start + 1 >= end:
        return table(state, start, end, silent)
    last = start
    while last < end and state.getLines(last, last + 1, 0, False).startswith("| "):
        last += 1
    lines = state.getLines(start, last, 0, False).split("\n")
    columns = len(_cells(lines[0]))
    rule = len(lines) > 1 and _RULE.fullmatch(lines[1])
    if not rule or any(len(_cells(line)) != columns for line in lines[1:]):
        return table(state, start, end, silent)
    token = state.push("grid", "", 0)
    token.content = "\n".join(lines)
    token.map = [start, last]
    state.line = last
    return True


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return _BAR.split(inner) if "\\" in inner else inner.split("|")


class _Renderer(RendererHTML):
    """Renders tokens as HTML whose figures lead to their notes, and whose tables scroll alone."""

    def table_open(self, *_: Any) -> str:
        """Open a table that a phone scrolls without moving the page."""
        return '<div class="scroll" role="region" tabindex="0" aria-label="Table">\n<table>\n'

    def table_close(self, *_: Any) -> str:
        """Close a table."""
        return "</table>\n</div>\n"

    def th_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Open a column's head."""
        return f'<th scope="col"{_aligned(tokens[index])}>'

    def td_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Open a cell."""
        return f"<td{_aligned(tokens[index])}>"

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Open a link; a page of the web is told nothing of the report."""
        if str(tokens[index].attrGet("href")).startswith("http"):
            tokens[index].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, index, options, env)

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Draw a chart, or show code."""
        page: _Page = env["page"]
        chart = page.charts.get(tokens[index].content)
        if chart is None or tokens[index].info != "mermaid":
            return str(super().fence(tokens, index, options, env))
        page.drawn.append(_figure(chart))
        return f'<figure id="chart-{len(page.drawn) - 1}"></figure>\n'

    def line(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        """Write a line."""
        return str(env["page"].line(tokens[index].content))

    def note(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        """Lead from a figure to its note."""
        return str(env["page"].mark(tokens[index].content))

    def grid(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Write a table of the report's own."""
        head, rule, *body = tokens[index].content.split("\n")
        page: _Page = env["page"]
        classes = [' class="n"' if each.strip() == "---:" else "" for each in _cells(rule)]
        parts = [self.table_open(), "<thead>\n<tr>\n"]
        for cell, name in zip(_cells(head), classes, strict=True):
            parts.append(f'<th scope="col"{name}>{page.line(cell.strip())}</th>\n')
        parts.append("</tr>\n</thead>\n<tbody>\n")
        for row in body:
            cells = zip(_cells(row), classes, strict=True)
            written = [f"<td{name}>{page.line(cell.strip())}</td>\n" for cell, name in cells]
            parts.append(f"<tr>\n{''.join(written)}</tr>\n")
        parts += ["</tbody>\n", self.table_close(tokens, index, options, env)]
        return "".join(parts)


def _aligned(token: Token) -> str:
    return ' class="n"' if "right" in str(token.attrGet("style")) else ""


def _figure(chart: Chart) -> str:
    title = html.escape(chart.title)
    drawing = svg(chart).replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return (
        f'<figure class="scroll" tabindex="0" aria-label="Chart: {title}">'
        f"<figcaption>{title}</figcaption>\n{drawing}</figure>"
    )
