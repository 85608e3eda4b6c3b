"""Texts from anywhere, as a reader sees them."""

from __future__ import annotations

import json
import re

from runner.jsonvalue import JSON

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """Return a text without characters that hide, reorder or cannot be stored; lines are kept."""
    if text.isprintable():
        return text
    return storable(_INVISIBLE.sub("", text))


def storable(text: str) -> str:
    """Return a text that can be stored as UTF-8: half a character becomes a whole one."""
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Return a text's visible characters on one line, each run of white space one blank."""
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    return " ".join(visible(text).split())


def shortened(text: str, limit: int, *, around: str = "") -> str:
    """Return at most about `limit` characters of a text's one line, cut between words.

    The part that holds `around` is kept where the text has it; else the beginning.
    """
    text = one_line(text)
    if len(text) <= limit:
        return text
    found = text.find(around) if around else -1
    start = 0
    if found + len(around) > limit:
        start = min(max(found - limit // 3, 0), len(text) - limit)
        start = text.find(" ", start, found) + 1 or start
    end = start + limit
    if end < len(text):
        blank = text.rfind(" ", start + limit // 2, end)
        end = blank if blank > 0 else end
    cut = text[start:end].rstrip(" ,;:")
    return f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}"


def plural(count: int, noun: str) -> str:
    """Return `1 row`, `2 rows`, `2 queries`."""
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else many}"


def glimpse(value: JSON, limit: int = 60) -> str:
    """Return the beginning of a value as text on one line: what a message shows of it."""
    text = one_line(value if isinstance(value, str) else json_text(value))
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def json_text(value: JSON) -> str:
    """Return a value as JSON text, "…" where it is nested too deeply to be written."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"
