"""Data to markdown that shows it and does nothing else.

Values come from documents and from the web. Whatever they hold (markup, HTML, links, mentions,
control characters), the reader sees their characters, and the report keeps its shape.
"""

from __future__ import annotations

import re
from typing import Final

from runner.evidence.text import one_line, visible
from runner.templating import Markdown

MISSING: Final = Markdown("—")
"""How an absent value is shown."""

QUOTE_LENGTH: Final = 2_000
"""How many characters of an excerpt a block quote shows."""

BREAK: Final = "&#8203;"
"""A zero-width space: what GitHub would turn into a link or a mention is no longer one word."""

# Between letters or digits an underscore is no emphasis: snake_case stays readable.
_EDGE: Final = r"_(?!(?<=[0-9A-Za-z]_)[0-9A-Za-z])"
# Printable ASCII without what means something needs no closer look: most text, fast to tell.
_NOTABLE = re.compile(r"[^ \"%'()+,\-./0-9:;=>?A-Z^_a-z{}]")
_EDGED = re.compile(_EDGE)

# Every alternative begins with a literal, which lets `re` skip harmless text at full speed.
_RISKY = re.compile(
    rf"\\|`|\*|\[|\]|\||<|~|{_EDGE}|\$(?!\d)|&(?=\#?\w+;)|@(?=[^\W_])|\#|!\Z", re.ASCII
)
# What GitHub turns into a link by itself; looked for apart, since it is rare and its letters not.
_SELF_LINKING = re.compile(r"://|www\.|GH-(?=\d)", re.ASCII)
_ALWAYS: Final = {
    "\\": "\\\\",
    "`": "\\`",
    "*": "\\*",
    "[": "\\[",
    "]": "\\]",
    "|": "\\|",
    "~": "\\~",
    "_": "\\_",
    "$": "\\$",
    "!": "\\!",
    "<": "&lt;",
    "&": "&amp;",
    "@": "@" + BREAK,
    "://": ":" + BREAK + "//",
    "www.": "www" + BREAK + ".",
    "GH-": "GH" + BREAK + "-",
}
# What would begin a heading, a quote, a list, a rule or a table at the start of a line.
_LEADING = re.compile(r"[>=]|:(?=-)|[-+](?![\w$.])|\d{1,9}(?=[.)](?:\s|\Z))")

_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n")
_HEADING_LINE = re.compile(r"(?m)^[ \t]*#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
_LABELLED = re.compile(r"\s*[^\s:.;][^:.;]{0,40}:\s")
_LEADING_CHARACTERS = frozenset(">=:-+0123456789")


def inline(text: str) -> Markdown:
    """Return a text as markdown that renders as the text itself, on one line, anywhere."""
    if (
        _NOTABLE.search(text)
        or ("_" in text and _EDGED.search(text))
        or "  " in text
        or text[:1] == " "
        or text[-1:] == " "
    ):
        text = _RISKY.sub(_tame, one_line(text))
    if "://" in text or "www." in text or "GH-" in text:
        text = _SELF_LINKING.sub(_tame, text)
    if text[:1] in _LEADING_CHARACTERS and (leading := _LEADING.match(text)):
        mark = leading[0]
        text = f"{mark}\\{text[leading.end() :]}" if mark[0].isdigit() else f"\\{text}"
    return Markdown(text)


def _tame(match: re.Match[str]) -> str:
    found = match[0]
    always = _ALWAYS.get(found)
    if always is not None:
        return always
    text = match.string
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 1]
    if after.isdigit():
        return "#" + BREAK
    return "\\#" if not before or before == " " else "#"


def paragraphs(text: str) -> list[Markdown]:
    """Return a text's paragraphs (blank lines part them), each as `inline` has it.

    A paragraph of nothing but `label: value` lines keeps its lines.
    """
    text = visible(text)
    parts = _BLANK_LINE.split(text) if "\n" in text else [text]
    return [_paragraph(part) for part in parts if part.strip()]


def _paragraph(text: str) -> Markdown:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(_LABELLED.match(line) for line in lines):
        return Markdown("\\\n".join(inline(line) for line in lines))
    return inline(text)


def quoted(text: str, limit: int = QUOTE_LENGTH) -> Markdown:
    """Return a text's first `limit` characters as a block quote, paragraph by paragraph.

    A heading loses its hashes and becomes a paragraph.
    """
    if "#" in text:
        text = _HEADING_LINE.sub(r"\n\n\1\n\n", text)
    if len(text) > limit:
        end = text.rfind(" ", limit // 2, limit)
        text = f"{text[: end if end > 0 else limit]} …"
    shown = "\n\n".join(paragraphs(text))
    return Markdown("\n".join(f"> {line}".rstrip(" ") for line in shown.split("\n")))
