"""Markdown on one line to HTML, for what the report itself writes: fast, and nothing by halves.

It knows text, escapes, character references, **bold**, web and document links, and footnote marks.
A line with anything else is left to the full parser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_PUNCTUATION = r"\\[!-/:-@\[-`{-~]"
_ENTITY = r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});"
_WORDS = (
    rf"(?:[^\\`*_\[\]<&~\n]|{_PUNCTUATION}|{_ENTITY}|&(?!\#?\w)|(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))"
)
_PART = re.compile(
    rf"(?P<text>{_WORDS}+)"
    r"|(?<![\\!])\[\^(?P<note>\d{1,9})\](?![(:\[])"
    rf"|(?<![\\!])\[(?P<label>{_WORDS}+)\]\((?P<target>(?:https?://|(?![^/]*:))"
    r"(?:[A-Za-z0-9\-._~:/?#@!$'*+,;=]|%[0-9A-Fa-f]{2}|&amp;)+)\)"
    rf"|\*\*(?P<bold>(?!\s){_WORDS}+(?<!\s))\*\*"
)
_MARKED = re.compile(rf"({_PUNCTUATION})|{_ENTITY}")


def inline_html(text: str, note: Callable[[str], str]) -> str | None:
    """Return a line as HTML, None where it holds what only the full parser knows.

    Args:
        text: Markdown without a line break.
        note: From a footnote's number to its mark in HTML.
    """
    parts: list[str] = []
    end = 0
    for match in _PART.finditer(text):
        if match.start() != end:
            return None
        end = match.end()
        kind = match.lastgroup
        if kind == "text":
            parts.append(_plain(match[0]))
        elif kind == "note":
            parts.append(note(match["note"]))
        elif kind == "bold":
            parts.append(f"<strong>{_plain(match['bold'])}</strong>")
        else:
            parts.append(_link(match["label"], match["target"]))
    return "".join(parts) if end == len(text) else None


def _plain(text: str) -> str:
    if "\\" in text or "&" in text:
        text = _MARKED.sub(
            lambda found: found[1][1:] if found[1] else html.unescape(found[0]), text
        )
    return html.escape(text, quote=False)


def _link(label: str, target: str) -> str:
    address = html.escape(html.unescape(target))
    rel = ' rel="noopener noreferrer nofollow"' if target[:4].lower() == "http" else ""
    return f'<a href="{address}"{rel}>{_plain(label)}</a>'
