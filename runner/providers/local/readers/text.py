"""Plain text: header lines, underlined headings, lists, labelled lines and paragraphs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from runner.providers.local.readers.dates import iso_date
from runner.providers.local.readers.markdown import read_markdown
from runner.providers.local.readers.reading import (
    BlockBuilder,
    Reading,
    all_labelled,
    label_and_value,
    without_title,
)

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?:[ \t]+(.*))?$")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_ITEM = re.compile(r"\s*(?:[-*•‣·+]|\(?\d{1,3}[.)])\s+(?=\S)")
_COLUMNS = re.compile(r"\S(?: {3,}|\t)\S|^\s*[|+]")
_TITLES = ("title", "name", "subject")
_DATES = ("date", "published", "updated")
_LONG_VALUE = 300
_SHORT_VALUE = 120


def read_text(text: str) -> Reading:
    """Return the blocks of a plain text.

    A text that starts with header lines (`Name: value`, as mails and package metadata do, with
    continuation lines indented) has these as pairs; after the first blank line comes the body,
    which is Markdown where a `...Content-Type` header says so.
    """
    head, body = _split_head(text)
    builder = BlockBuilder()
    for label, value in head:
        if len(value) > _LONG_VALUE and "\n" in value:
            body = f"{body}\n\n{textwrap.dedent(value)}"
        else:
            builder.pair(label, " ".join(value.split()))
    if any(name.lower().endswith("content-type") and "markdown" in value for name, value in head):
        builder.extend(read_markdown(body).blocks)
    else:
        add_lines(builder, body.split("\n"))
    named = {label.lower(): value for label, value in reversed(head)}
    title = next((named[name] for name in _TITLES if named.get(name)), None)
    date = next((found for name in _DATES if (found := iso_date(named.get(name, "")))), None)
    return Reading(blocks=without_title(builder.blocks(), title), title=title, date=date)


def add_lines(builder: BlockBuilder, lines: Sequence[str]) -> None:
    """Add the blocks of plain text lines; a blank line ends a block."""
    levels: list[str] = []
    group: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        following = lines[at + 1].rstrip() if at + 1 < len(lines) else ""
        if not line:
            _add_group(builder, group)
            group = []
        elif not group and _is_underlined(line, following):
            mark = following[0]
            if mark not in levels:
                levels.append(mark)
            builder.heading(min(levels.index(mark) + 1, 6), line.strip())
            at += 1
        elif group or not _UNDERLINE.match(line):
            group.append(line)
        at += 1
    _add_group(builder, group)


def _split_head(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the header lines at the top and the rest; no headers where there are not two."""
    head: list[tuple[str, str]] = []
    lines = text.split("\n")
    for at, raw in enumerate(lines):
        line = raw.rstrip("\r")
        match = _HEADER.match(line)
        if match:
            head.append((match[1], match[2] or ""))
        elif line[:1] in (" ", "\t") and head and line.strip():
            head[-1] = (head[-1][0], f"{head[-1][1]}\n{line}")
        elif not line.strip() and len(head) > 1:
            return head, "\n".join(lines[at + 1 :])
        else:
            return [], text
    return (head, "") if len(head) > 1 else ([], text)


def _is_underlined(line: str, following: str) -> bool:
    match = _UNDERLINE.match(following)
    return bool(
        match
        and not _UNDERLINE.match(line)
        and not line[0].isspace()
        and len(following) >= 0.6 * len(line)
    )


def _add_group(builder: BlockBuilder, lines: list[str]) -> None:
    """Add what stands between two blank lines."""
    if not lines:
        return
    if sum(bool(_COLUMNS.search(line)) for line in lines) > len(lines) / 2 or (
        all(line.startswith(("    ", "\t")) for line in lines) and not _ITEM.match(lines[0])
    ):
        builder.add("code", textwrap.dedent("\n".join(lines).expandtabs()))
        return
    items = _items(lines)
    if items is not None:
        for kind, text in items:
            builder.add("item" if kind else "paragraph", text)
        return
    stripped = [line.strip() for line in lines]
    if len(lines) == 1:
        pair = label_and_value(stripped[0])
        if pair and pair[1] and len(pair[1]) <= _SHORT_VALUE and not pair[1].startswith("//"):
            builder.add("pair", stripped[0], cells=[pair])
            return
    elif all_labelled(stripped):
        builder.paragraph("\n".join(stripped))
        return
    builder.add("paragraph", " ".join(stripped))


def _items(lines: Sequence[str]) -> list[tuple[bool, str]] | None:
    """Return (is it an item, text) for lines that hold a list, or None."""
    starts = [bool(_ITEM.match(line)) for line in lines]
    if not any(starts) or (not starts[0] and sum(starts) < 2):  # noqa: PLR2004 - one dash is prose
        return None
    found: list[tuple[bool, str]] = []
    for line, start in zip(lines, starts, strict=True):
        if start or not found:
            found.append((start, _ITEM.sub("", line, count=1).strip() if start else line.strip()))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found
