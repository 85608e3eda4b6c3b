"""Markdown that a provider wrote: its formatting is kept, what could do harm becomes text.

Paragraphs, emphasis, lists, tables, code and web links stay. HTML, images, other links, reference
and footnote definitions become text; headings move below the report's own. What is replaced is
replaced by character references, which no backslash before them can undo.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from runner.evidence.text import visible
from runner.report.blocks import hashes
from runner.report.escape import BREAK
from runner.report.links import document_path, web_url
from runner.templating import Markdown

_LINE_END = re.compile(r"\r\n?")
_ODD_SPACE = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")

# A fence at the very start of a line is one wherever it stands, so where code begins and ends is
# known for sure. Fences inside lists and quotes are not kept.
_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)")
# GitHub draws these languages instead of showing the code.
_LANGUAGE = re.compile(r"\s*(?!(?:mermaid|math|geojson|topojson|stl)\b)([\w+#-]+)", re.IGNORECASE)
_CLOSING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")

_HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_INNER_HEADING = re.compile(r"((?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*)#(?=#{0,5}(?:[ \t]|$))")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_INNER_UNDERLINE = re.compile(r"([ \t>]*)([=-])(\2*[ \t]*)")
_BLOCK_START = re.compile(r"\s*([#>|`~]|[-*+][ \t]|\d+[.)][ \t])")

_LINK = re.compile(
    r"\]\([ \t]*<?((?:[^\s<>()\\&]|&(?!#?\w+;)|\([^\s<>()\\&]*\))*)>?"
    r"(?:[ \t]+(?:\"[^\"\\&\[\]<>]*\"|'[^'\\&\[\]<>]*'))?[ \t]*\)"
)
_HARMFUL = re.compile(
    r"<https?://[^\s<>\\&`\[\]]+>|\]\(|\]:|\[\^|!(?=\[)|<(?=[A-Za-z/!?])|@(?=\w)|ftp:(?=//)"
    r"|`{3,}|~{3,}",
    re.IGNORECASE,
)
# What GitHub makes of plain text, but not of code: mathematics between dollars (amounts of money
# would lose their digits), and links to issues.
_MADE_OF_TEXT = re.compile(r"(`+)[^`]+\1|\$(?!\d)|(?<!&)#(?=\d)|\bGH(?=-\d)")
_REPLACED: Final = {
    "](": "]&#40;",
    "]:": "]&#58;",
    "[^": "&#91;^",
    "!": "&#33;",
    "<": "&lt;",
    "@": "@" + BREAK,
    "ftp:": "ftp:" + BREAK,
}


def prose(
    text: str, below: int, base: str = "", finish: Callable[[str], str] | None = None
) -> Markdown:
    """Return markdown from outside as safe markdown.

    Args:
        text: As the provider wrote it.
        below: The level of the heading it stands under: its highest heading comes one deeper.
        base: The way from the report's folder to the documents', for links to documents.
        finish: What is done to each safe line outside code.
    """
    text = _ODD_SPACE.sub(" ", _LINE_END.sub("\n", text))
    lines = visible(text).split("\n")
    shift = below + 1 - _highest(lines)
    written: list[str] = []
    fence = ""
    for line in lines:
        if fence:
            closing = _CLOSING.fullmatch(line)
            if closing and closing[1].startswith(fence):
                fence = ""
            written.append(line)
        elif opening := _FENCE.fullmatch(line):
            fence = opening[1]
            language = _LANGUAGE.match(opening[2])
            written.append(fence + (language[1] if language else ""))
        else:
            _add_line(line, written, shift, base)
            if finish is not None and written:
                written[-1] = finish(written[-1])
    if fence:
        written.append(fence)
    return Markdown("\n".join(written).strip("\n"))


def _highest(lines: list[str]) -> int:
    """Return the level of the highest heading, 1 where there is none."""
    levels = [len(found[1]) for line in lines if (found := _HEADING.match(line))]
    levels += [
        1 if found[1][0] == "=" else 2 for line in lines if (found := _UNDERLINE.fullmatch(line))
    ]
    return min(levels, default=1)


def _add_line(line: str, written: list[str], shift: int, base: str) -> None:
    """Add one line outside code, made safe; an underline makes the line before it a heading."""
    before = written[-1] if written else ""
    underline = _UNDERLINE.fullmatch(line)
    if underline:
        double = underline[1][0] == "="
        if before.strip() and not _BLOCK_START.match(before):
            written[-1] = f"{hashes((1 if double else 2) + shift)} {before.strip()}"
        elif not double:
            # With a blank line before it, a rule underlines nothing.
            written.extend(("", "---"))
        return
    heading = _HEADING.match(line)
    if heading:
        line = hashes(len(heading[1]) + shift) + line[heading.end() :]
    elif inner := _INNER_HEADING.match(line):
        line = f"{inner[1]}&#35;{line[inner.end() :]}"
    elif inner := _INNER_UNDERLINE.fullmatch(line):
        line = f"{inner[1]}&#{ord(inner[2])};{inner[3]}"
    written.append(_safe(line, base))


def _safe(line: str, base: str) -> str:
    """Return a line without HTML and with links to the web and to documents only."""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(line):
        target = web_url(match[1]) or document_path(match[1], base)
        if target is not None:
            parts += [_HARMFUL.sub(_tame, line[end : match.start()]), f"]({target})"]
            end = match.end()
    parts.append(_HARMFUL.sub(_tame, line[end:]))
    return _MADE_OF_TEXT.sub(_keep_text, "".join(parts))


def _keep_text(match: re.Match[str]) -> str:
    if match[1]:
        return match[0]
    return "&#36;" if match[0] == "$" else match[0] + BREAK


def _tame(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "<" and len(found) > 1:
        return found
    if found[0] in "`~":
        return f"&#{ord(found[0])};" * len(found)
    return _REPLACED[found.lower()]
