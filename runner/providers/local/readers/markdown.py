"""Markdown: CommonMark with tables (markdown-it-py), and front matter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from runner.providers.local.corpus import BlockKind
from runner.providers.local.readers.dates import iso_date
from runner.providers.local.readers.html import read_fragment
from runner.providers.local.readers.reading import (
    BREAK,
    BlockBuilder,
    Reading,
    all_labelled,
    row_text,
    tidy,
    without_title,
)

_PARSER = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
_KEY = re.compile(r"([\w][\w .-]*?)\s*:(?:\s+(.*))?$")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_DATES = ("date", "published", "publish_date", "updated", "last_updated", "created")
_FENCE = "---"
_OVERLINE = re.compile(r"^([=~^*#-])\1{2,}\s+")


def read_markdown(text: str) -> Reading:
    """Return the blocks of a Markdown text, front matter first as pairs.

    The title is the front matter's, else the first heading of level 1.
    """
    front, body = split_front_matter(text)
    builder = BlockBuilder()
    for label, value in front:
        builder.pair(label, value)
    _Tokens(builder).read(_PARSER.parse(body))
    named = {label.lower().replace("-", "_"): value for label, value in reversed(front)}
    blocks = builder.blocks()
    title = named.get("title") or next(
        (block.text for block in blocks if block.kind == "heading" and block.level == 1), None
    )
    date = next((found for name in _DATES if (found := iso_date(named.get(name, "")))), None)
    return Reading(blocks=without_title(blocks, title), title=title, date=date)


def split_front_matter(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the labels and values between two lines of `---` at the top, and the rest.

    Simple `key: value` lines, lists (joined with commas) and folded texts; what is nested deeper
    is named `outer inner`.
    """
    lines = text.split("\n")
    if lines[0].strip() != _FENCE:
        return [], text
    end = next((at for at, line in enumerate(lines[1:], 1) if line.strip() in ("---", "...")), None)
    if end is None:
        return [], text
    pairs: list[tuple[str, list[str]]] = []
    outer = ""
    for line in lines[1:end]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indented = line[0].isspace()
        match = None if line.lstrip().startswith("- ") else _KEY.match(line.strip())
        if match and (not indented or outer):
            name = f"{outer} {match[1]}" if indented else match[1]
            value = _plain(match[2] or "")
            if not indented:
                outer = "" if value else match[1]
            pairs.append((name, [value] if value not in ("", "|", ">", "|-", ">-") else []))
        elif pairs:
            outer = "" if line.lstrip().startswith("- ") else outer
            pairs[-1][1].append(_plain(line.strip().removeprefix("- ")))
        else:
            return [], text
    found = [(name, ", ".join(filter(None, values))) for name, values in pairs if any(values)]
    return found, "\n".join(lines[end + 1 :])


def _plain(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(part for part in (_plain(v) for v in value[1:-1].split(",")) if part)
    return value


class _Tokens:
    """Turns markdown-it's tokens into blocks. Context: one text, `read` once."""

    def __init__(self, builder: BlockBuilder) -> None:
        self._builder = builder
        self._lists = 0
        self._header: list[str] = []
        self._row: list[tuple[str, list[tuple[str, str]]]] | None = None
        self._heads = False

    def read(self, tokens: Sequence[Token]) -> None:  # noqa: C901, PLR0912 - a case a token
        """Add the blocks of all tokens."""
        level = 0
        for token in tokens:
            match token.type:
                case "heading_open":
                    level = int(token.tag[1])
                case "heading_close":
                    level = 0
                case "list_item_open":
                    self._lists += 1
                case "list_item_close":
                    self._lists -= 1
                case "fence" | "code_block":
                    self._builder.add("code", token.content.rstrip("\n"))
                case "html_block":
                    self._builder.extend(read_fragment(token.content))
                case "inline":
                    self._inline(token, level)
                case "thead_open":
                    self._header, self._heads = [], True
                case "thead_close":
                    self._heads = False
                case "tr_open":
                    self._row = []
                case "tr_close":
                    self._end_row()
                case _:
                    pass

    def _inline(self, token: Token, level: int) -> None:
        text, links = _inline_text(token.children or [])
        if self._row is not None:
            self._row.append((tidy(text).replace("\n", "; "), links))
        elif level:
            self._builder.heading(level, _OVERLINE.sub("", tidy(text).replace("\n", " ")))
        else:
            self._paragraph(text, links)

    def _paragraph(self, text: str, links: list[tuple[str, str]]) -> None:
        lines = [tidy(line) for line in re.split(f"[\n{BREAK}]", text) if line.strip()]
        if not self._lists and len(lines) > 1 and all_labelled(lines):
            self._builder.paragraph("\n".join(lines), links)
            return
        kind: BlockKind = "item" if self._lists else "paragraph"
        self._builder.add(kind, tidy(text), links=links)

    def _end_row(self) -> None:
        row, self._row = self._row or [], None
        texts = [text for text, _ in row]
        if self._heads:
            self._header = texts
            return
        names = [*self._header, *[""] * len(texts)]
        cells = [(name, text) for name, text in zip(names, texts, strict=False) if text]
        links = [link for _, inside in row for link in inside]
        self._builder.add("row", row_text(cells), cells=cells, links=links)


def _inline_text(tokens: Sequence[Token]) -> tuple[str, list[tuple[str, str]]]:
    """Return the text of inline tokens (hard breaks as `BREAK`) and their links."""
    parts: list[str] = []
    links: list[tuple[str, str]] = []
    open_links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline" | "text_special":
                parts.append(token.content)
            case "softbreak":
                parts.append("\n")
            case "hardbreak":
                parts.append(BREAK)
            case "html_inline":
                parts.append(BREAK if _BREAK_TAG.fullmatch(token.content) else "")
            case "link_open":
                open_links.append((str(token.attrs.get("href", "")), len(parts)))
            case "link_close" if open_links:
                href, start = open_links.pop()
                if href and not href.startswith("#"):
                    links.append((tidy("".join(parts[start:])), href))
            case _:
                pass
    return "".join(parts), links
