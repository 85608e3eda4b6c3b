"""A markdown report as one HTML page: sanitised, self-contained, readable without its script."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from runner.report.charts import Chart, svg
from runner.report.escape import BREAK

_ASSETS = Path(__file__).with_name("page")

_ALLOWED: Final[Mapping[str, set[str]]] = {
    "a": {"href", "rel", "id", "class", "aria-describedby", "aria-label"},
    "h1": {"id"},
    "li": {"id"},
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
    drawn: list[str] = []
    body = _parser().render(markdown, {"charts": charts, "drawn": drawn})
    body = nh3.clean(
        body,
        tags=_TAGS,
        attributes=dict(_ALLOWED),
        url_schemes={"http", "https"},
        link_rel=None,
    )
    # A browser makes no links of words: what parted them for GitHub can go.
    body = body.replace(html.unescape(BREAK), "")
    for number, figure in enumerate(drawn):
        body = body.replace(f'<figure id="chart-{number}"></figure>', figure, 1)
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy, title=html.escape(title), style=style, script=script, body=body
    )


@functools.cache
def _asset(name: str) -> str:
    return "\n" + (_ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"]).use(footnote_plugin, inline=False)
    # The plugin's rules would go before the renderer's own.
    renderer = parser.renderer
    assert isinstance(renderer, _Renderer)
    own = {name: getattr(renderer, name) for name in renderer.rules if hasattr(_Renderer, name)}
    renderer.rules.update(own)
    return parser


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
        chart = env["charts"].get(tokens[index].content)
        if chart is None or tokens[index].info != "mermaid":
            return str(super().fence(tokens, index, options, env))
        env["drawn"].append(_figure(chart))
        return f'<figure id="chart-{len(env["drawn"]) - 1}"></figure>\n'

    def footnote_ref(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Lead from a figure to its note."""
        meta = tokens[index].meta
        number = meta["id"] + 1
        return (
            f'<sup><a class="ref" href="#note-{number}" id="ref-{number}-{meta["subId"]}" '
            f'aria-describedby="note-{number}" aria-label="Source {number}">{number}</a></sup>'
        )

    def footnote_block_open(self, *_: Any) -> str:
        """Open the notes."""
        return '<section class="notes" aria-label="Sources">\n<ol>\n'

    def footnote_block_close(self, *_: Any) -> str:
        """Close the notes."""
        return "</ol>\n</section>\n"

    def footnote_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Open a note."""
        return f'<li id="note-{tokens[index].meta["id"] + 1}">'

    def footnote_close(self, *_: Any) -> str:
        """Close a note."""
        return "</li>\n"

    def footnote_anchor(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Lead from a note back to the first figure that rests on it."""
        meta = tokens[index].meta
        if meta["subId"]:
            return ""
        return f' <a class="back" href="#ref-{meta["id"] + 1}-0" aria-label="Back">↩</a>'


def _aligned(token: Token) -> str:
    return ' class="n"' if "right" in str(token.attrGet("style")) else ""


def _figure(chart: Chart) -> str:
    title = html.escape(chart.title)
    drawing = svg(chart).replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return (
        f'<figure class="scroll" tabindex="0" aria-label="Chart: {title}">'
        f"<figcaption>{title}</figcaption>\n{drawing}</figure>"
    )
