"""What every reader returns, and the builder that keeps track of headings while it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.frozen import frozen
from runner.providers.local.corpus import Block, BlockKind

BREAK: Final = "\x1f"
"""Stands for a line break that the author asked for, until white space is normalised."""

_LABEL = re.compile(r"([^\W\d_][\w .()/&'’+-]{0,48}?)[ \t]*:(?:[ \t]+(\S.*))?$", re.DOTALL)
_LABEL_WORDS = 5
_TITLE_CUT = re.compile(r"\s+[·|•–—»:-]+\s+")


class BrokenError(Exception):
    """The content is not what the file's suffix promises; the message says how, in a clause."""


@frozen
class Reading:
    """What a reader found: a title and a date where the content states them, and its blocks."""

    blocks: tuple[Block, ...]
    title: str | None = None
    date: str | None = None
    warnings: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Return text with white space collapsed; line breaks the author asked for stay."""
    if BREAK not in text:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split(BREAK))
    return "\n".join(line for line in lines if line)


def label_and_value(line: str) -> tuple[str, str] | None:
    """Return the two sides of a line such as `Head office: Paris`, or None."""
    match = _LABEL.match(line)
    if match is None or len(match[1].split()) > _LABEL_WORDS:
        return None
    return match[1].strip(), (match[2] or "").strip()


def all_labelled(lines: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the labels and values of lines that all have both, or None."""
    found = [label_and_value(line) for line in lines]
    pairs = [pair for pair in found if pair is not None and pair[1]]
    return pairs if pairs and len(pairs) == len(lines) else None


def row_text(cells: Sequence[tuple[str, str]]) -> str:
    """Return a row as one line: `header: value; header: value`, or the bare values."""
    if any(header for header, _ in cells):
        return "; ".join(
            f"{header}: {value}" if header else value for header, value in cells if value
        )
    return " | ".join(value for _, value in cells if value)


class BlockBuilder:
    """Collects blocks, each with the headings above it.

    context: one document; a reader calls `heading` and `add` in reading order, then `blocks`.
    """

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._above: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._blocks)

    def last(self, count: int) -> list[Block]:
        """Return the blocks added last, as many as asked."""
        return self._blocks[len(self._blocks) - count :]

    def heading(self, level: int, text: str) -> None:
        """Add a heading; it stands above what follows until one of its level or higher comes."""
        if not text:
            return
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        above = tuple(name for _, name in self._path)
        self._blocks.append(Block(kind="heading", text=text, headings=above, level=level))
        self._path.append((level, text))
        self._above = (*above, text)

    def add(
        self,
        kind: BlockKind,
        text: str,
        *,
        cells: Sequence[tuple[str, str]] = (),
        links: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Add a block under the present headings; one without text is no block."""
        if text and not text.isspace():
            self._blocks.append(
                Block(
                    kind=kind,
                    text=text,
                    headings=self._above,
                    cells=tuple(cells),
                    links=tuple(links),
                )
            )

    def paragraph(self, text: str, links: Sequence[tuple[str, str]] = ()) -> None:
        """Add a paragraph; where each of its lines is `Label: value`, add these as pairs."""
        lines = text.split("\n")
        pairs = all_labelled(lines) if len(lines) > 1 else None
        if pairs is None:
            self.add("paragraph", text, links=links)
            return
        for line, (label, value) in zip(lines, pairs, strict=True):
            inside = [link for link in links if link[0] and link[0] in line]
            self.add("pair", line, cells=[(label, value)], links=inside)

    def pair(self, label: str, value: str) -> None:
        """Add a `Label: value` line."""
        self.add("pair", f"{label}: {value}", cells=[(label, value)])

    def extend(self, blocks: Sequence[Block]) -> None:
        """Add blocks that another reader read, under the present headings."""
        for block in blocks:
            if block.kind == "heading":
                self.heading(block.level, block.text)
            else:
                self.add(block.kind, block.text, cells=block.cells, links=block.links)

    def blocks(self, title: str | None = None) -> tuple[Block, ...]:
        """Return the blocks; a top heading that repeats the title is not shown above others."""
        return without_title(tuple(self._blocks), title)


def without_title(blocks: tuple[Block, ...], title: str | None) -> tuple[Block, ...]:
    """Return the blocks with the document's title taken off the front of their headings."""
    if not title:
        return blocks
    names = {title.casefold(), _TITLE_CUT.split(title)[0].casefold()}
    return tuple(
        _beneath(block) if block.headings and block.headings[0].casefold() in names else block
        for block in blocks
    )


def _beneath(block: Block) -> Block:
    return Block(
        kind=block.kind,
        text=block.text,
        headings=block.headings[1:],
        level=block.level,
        cells=block.cells,
        links=block.links,
    )
