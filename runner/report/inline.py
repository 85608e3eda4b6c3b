"""Markdown on one line to HTML, for what the report itself writes: fast, and nothing by halves.

It knows text, escapes, character references, **bold**, web and document links, and footnote marks,
and writes nothing but these: its HTML needs no sanitiser. A line with anything else is left to the
full parser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.entities import html5
from typing import Final

_ESCAPED = r"[!-/:-@\[-`{-~]"
_NAMED = r"(?:\#\d{1,7}|[A-Za-z]\w{1,31});"
_INSIDE = r"(?=[A-Za-z0-9])(?<=[A-Za-z0-9]_)"
_WORDS = rf"(?:[^\\`*_\[\]<&~|\n]++|\\{_ESCAPED}|&{_NAMED}|&(?!\#?\w+;)|_{_INSIDE})++"
# It begins with a set of characters, which lets `re` skip plain text at full speed.
_TOKEN = re.compile(
    r"[\\`*_\[\]<&~>!\n](?:"
    rf"(?<=\\)(?P<escape>{_ESCAPED})"
    rf"|(?<=&)(?P<entity>{_NAMED})"
    r"|(?P<sign>(?<=&)(?!\#?\w+;)|(?<=>))"
    r"|(?<=\[)\^(?P<note>\d{1,9})\](?![(:\[])"
    rf"|(?<=\[)(?P<label>{_WORDS})\]\((?P<target>(?:https?://|(?![^/]*:))"
    r"(?:[A-Za-z0-9\-._~:/?#@!$'*+,;=]|%[0-9A-Fa-f]{2}|&amp;)++)\)"
    # Where it stands so, no rule of emphasis is in doubt.
    rf"|(?<=\*)\*(?<![^ (]\*\*)(?P<bold>(?![ *]){_WORDS})(?<! )\*\*(?![^ ,.:;()\[])"
    rf"|(?<=_){_INSIDE}|(?<=!)(?!\[)"
    r"|(?P<unknown>))"
)
_SIGNS: Final = {"&": "&amp;", ">": "&gt;", "<": "&lt;", "|": "&#124;"}
_SAFE_CODES: Final = (range(0x20, 0x7F), range(0xA0, 0xD800), range(0xE000, 0xFDD0))


class _UnknownError(Exception):
    """Only the full parser can tell what a line means."""


def inline_html(text: str, note: Callable[[str], str]) -> str | None:
    """Return a line as HTML, None where it holds what only the full parser knows.

    A bar that is no text, as those between the cells of a table, is the only `|` in it.

    Args:
        text: Markdown without a line break.
        note: From a footnote's number to its mark in HTML.
    """

    def written(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "note":
            return note(found["note"])
        if kind == "target":
            return _link(found["label"], found["target"])
        if kind == "bold":
            return f"<strong>{_plain(found['bold'])}</strong>"
        return _character(found)

    try:
        return _TOKEN.sub(written, text)
    except _UnknownError:
        return None


def _character(found: re.Match[str]) -> str:
    """Return what stands for one character as that character in HTML."""
    match found.lastgroup:
        case "escape" | "sign":
            character = found[0][-1]
            return _SIGNS.get(character, character)
        case "entity":
            return _referred(found["entity"])
        case None:
            return found[0]
        case _:
            raise _UnknownError


def _referred(name: str) -> str:
    """Return what a reference to a character stands for; a name that is none stands for itself."""
    if name[0] != "#":
        character = html5.get(name)
        return f"&amp;{name}" if character is None else _SIGNS.get(character, character)
    code = int(name[1:-1])
    if not any(code in each for each in _SAFE_CODES):
        raise _UnknownError
    return _SIGNS.get(chr(code), chr(code))


def _plain(text: str) -> str:
    return _TOKEN.sub(_character, text)


def _link(label: str, target: str) -> str:
    address = html.escape(html.unescape(target)) if "&" in target or "'" in target else target
    rel = ' rel="noopener noreferrer nofollow"' if target[:4].lower() == "http" else ""
    return f'<a href="{address}"{rel}>{_plain(label)}</a>'
