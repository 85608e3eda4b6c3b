"""A markdown report as one HTML page: sanitised, self-contained, readable without its script."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from runner.report.charts import Chart, svg
from runner.report.escape import BREAK
from runner.report.inline import inline_html
from runner.report.parted import Parted, cells_of, parted

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

_TABLE: Final = '<div class="scroll" role="region" tabindex="0" aria-label="Table">\n<table>\n'
_TABLE_END: Final = "</table>\n</div>\n"
_BREAK: Final = html.unescape(BREAK)
_MARK = re.compile(r"\[\^(\d{1,9})\]")
_PIECE = re.compile(r'<figure id="piece-(\d+)"></figure>')

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
"""
_PAGE_END = """\
</main>
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
    # Text as the parser wants it, which does not see all of it.
    parts = parted(markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"))
    page = _Page(charts=charts, parts=parts)
    body = _PIECE.split(_clean(_parser().render(parts.rest, {"page": page})))
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # Put together once: a long page is large enough.
    written = [_PAGE.format(policy=policy, title=html.escape(title), style=style), body[0]]
    for number, rest in zip(body[1::2], body[2::2], strict=True):
        written += page.pieces[int(number)]
        written.append(rest)
    written += page.sources()
    # A browser makes no links of words: what parted them for GitHub can go.
    written = [each.replace(_BREAK, "") for each in written]
    return "".join([*written, _PAGE_END.format(script=script)])


def _clean(text: str) -> str:
    """Return HTML with nothing in it but what a report may have."""
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=dict(_ALLOWED),
        url_schemes={"http", "https"},
        link_rel=None,
    )


@dataclass(slots=True, kw_only=True)
class _Page:
    """A page while it is written.

    Attributes:
        charts: By the text of the mermaid blocks that stand for them.
        named: How often each note is named.
        pieces: What is written apart from the rest: charts, tables and lists of single lines, each
            as texts to be joined.
    """

    charts: Mapping[str, Chart]
    parts: Parted
    named: Counter[str] = field(default_factory=Counter)
    pieces: list[Sequence[str]] = field(default_factory=list)

    def mark(self, number: str) -> str:
        """Return what leads from a figure to its note."""
        if number not in self.parts.notes:
            return f"[^{number}]"
        place = f"ref-{number}-{self.named[number]}"
        self.named[number] += 1
        return (
            f'<sup><a class="ref" href="#note-{number}" id="{place}" '
            f'aria-describedby="note-{number}" aria-label="Source {number}">{number}</a></sup>'
        )

    def line(self, text: str) -> str:
        """Return markdown on one line as HTML."""
        written = self._written(text)
        if written is not None:
            return written
        return _clean(_parser().renderInline(text, {"page": self}))

    def _written(self, text: str) -> str | None:
        marks: list[str] = []

        def mark(number: str) -> str:
            marks.append(number)
            return self.mark(number)

        written = inline_html(text, mark)
        if written is None:
            # Nobody sees what was written so far.
            self.named.subtract(marks)
        return written

    def apart(self, piece: Sequence[str]) -> str:
        """Return what stands for a piece until the rest is clean."""
        self.pieces.append(piece)
        return f'<figure id="piece-{len(self.pieces) - 1}"></figure>\n'

    def table(self, lines: Sequence[str]) -> Sequence[str]:
        """Return a table of the report's own, row by row."""
        head, rule, *body = lines
        classes = [' class="n"' if each == "---:" else "" for each in cells_of(rule)]
        top = self._cells(head, "th", [f' scope="col"{each}' for each in classes])
        return [
            f"{_TABLE}<thead>\n<tr>\n{top}</tr>\n</thead>\n<tbody>\n",
            *[f"<tr>\n{self._cells(row, 'td', classes)}</tr>\n" for row in body],
            f"</tbody>\n{_TABLE_END}",
        ]

    def _cells(self, row: str, tag: str, classes: Sequence[str]) -> str:
        written = self._written(row[2:-2])
        cells = (
            [self.line(cell) for cell in cells_of(row)] if written is None else written.split("|")
        )
        pairs = zip(cells, classes, strict=True)
        return "".join([f"<{tag}{name}>{cell.strip()}</{tag}>\n" for cell, name in pairs])

    def bullets(self, lines: Sequence[str]) -> Sequence[str]:
        """Return a list of single lines, item by item."""
        return ["<ul>\n", *[f"<li>{self.line(line[2:])}</li>\n" for line in lines], "</ul>\n"]

    def sources(self) -> Iterator[str]:
        """Return the notes, each with a way back to the first figure that rests on it."""
        if not self.parts.notes:
            return
        yield '<section class="notes" aria-label="Sources">\n<ol>\n'
        before = 0
        for number, text in self.parts.notes.items():
            # Browsers take minutes for a list of thousands of items that all say their number.
            counted = "" if int(number) == before + 1 else f' value="{number}"'
            before = int(number)
            place, said = f"#ref-{number}-0", f"Back to figure {number}"
            back = f' <a class="back" href="{place}" aria-label="{said}">↩</a>'
            shown = back if self.named[number] else ""
            yield f'<li id="note-{number}"{counted}><p>{self.line(text)}{shown}</p></li>\n'
        yield "</ol>\n</section>\n"


@functools.cache
def _asset(name: str) -> str:
    return "\n" + (_ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "apart", _apart)
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
    if match is None or match[1] not in state.env["page"].parts.notes:
        return False
    if not silent:
        state.push("note", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _apart(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Read a line that stands for a table or a list."""
    parts = state.env["page"].parts
    if silent or not (start in parts.tables or start in parts.lists):
        return False
    state.push("apart", "", 0).map = [start, start + 1]
    state.line = start + 1
    return True


class _Renderer(RendererHTML):
    """Renders tokens as HTML whose figures lead to their notes, and whose tables scroll alone."""

    def table_open(self, *_: Any) -> str:
        """Open a table that a phone scrolls without moving the page."""
        return _TABLE

    def table_close(self, *_: Any) -> str:
        """Close a table."""
        return _TABLE_END

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
        return page.apart([_figure(chart)])

    def line(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        """Write a line."""
        return str(env["page"].line(tokens[index].content))

    def note(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        """Lead from a figure to its note."""
        return str(env["page"].mark(tokens[index].content))

    def apart(self, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
        """Write a table or a list whose lines the parser did not see."""
        page: _Page = env["page"]
        number, _ = tokens[index].map or (0, 0)
        table = page.parts.tables.get(number)
        return page.apart(
            page.bullets(page.parts.lists[number]) if table is None else page.table(table)
        )


def _aligned(token: Token) -> str:
    return ' class="n"' if "right" in str(token.attrGet("style")) else ""


def _figure(chart: Chart) -> str:
    title = html.escape(chart.title)
    drawing = svg(chart).replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return (
        f'<figure class="scroll" tabindex="0" aria-label="Chart: {title}">'
        f"<figcaption>{title}</figcaption>\n{drawing}</figure>"
    )
