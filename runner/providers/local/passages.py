"""A document to its full text and to passages: slices of it, cut on sentence borders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.providers.local.corpus import Block, Document
from runner.providers.local.sentences import sentences

TARGET_CHARS = 700
_WHOLE_CHARS = 1500
"""A paragraph of up to so many characters is one passage: its sentences explain each other."""
_SMALL_SECTION_CHARS = 200
_SMALL_REST_CHARS = 150
_STRETCH_CHARS = 8000
_TIGHT = frozenset(("item", "row", "definition", "pair"))


@dataclass(frozen=True, slots=True)
class Slice:
    """A passage as a place in the full text, with the headings above it joined with " > "."""

    start: int
    end: int
    heading: str


def full_text(document: Document) -> tuple[str, list[Slice]]:
    """Return a document as Markdown-like text, and its passages as slices of that text.

    Headings carry their `#`; list items, table rows and labelled lines stand on lines of their
    own. A passage has about `TARGET_CHARS` characters, or is one longer paragraph. It begins and
    ends with a sentence, a row or a line, and crosses a heading only where the section before is
    very short.
    """
    parts: list[str] = []
    slices: list[Slice] = []
    length = 0
    start = end = 0
    heading = ""
    previous: Block | None = None
    for block in document.blocks:
        gap = _gap(previous, block)
        previous = block
        parts.append(gap)
        length += len(gap)
        if block.kind == "heading":
            text = f"{'#' * block.level} {block.text}"
            if end - start >= _SMALL_SECTION_CHARS:
                slices.append(Slice(start, end, heading))
                start = end
            parts.append(text)
            length += len(text)
            continue
        for first, last in _units(block):
            if (
                end > start
                and length + last - start > TARGET_CHARS
                and (end - start >= _SMALL_REST_CHARS or length + last - start > _WHOLE_CHARS)
            ):
                slices.append(Slice(start, end, heading))
                start = end
            if end == start:
                start = length + first
                heading = " > ".join(block.headings)
            end = length + last
        parts.append(block.text)
        length += len(block.text)
    if end > start:
        slices.append(Slice(start, end, heading))
    return "".join(parts), slices


def _gap(previous: Block | None, block: Block) -> str:
    if previous is None:
        return ""
    return "\n" if previous.kind == block.kind and block.kind in _TIGHT else "\n\n"


def _units(block: Block) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a block that a passage does not cut, as offsets in its text."""
    text = block.text
    if len(text) <= _WHOLE_CHARS:
        yield 0, len(text)
    elif block.kind == "code":
        yield from _lines(text)
    else:
        for start, end in _stretches(text):
            for sentence in sentences(text[start:end]):
                first = start + sentence.start
                yield from _pieces(text, first, first + len(sentence.text))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Cut a very long text between words, so that one endless block costs little memory."""
    start = 0
    while len(text) - start > _STRETCH_CHARS:
        space = text.rfind(" ", start + 1, start + _STRETCH_CHARS)
        cut = space if space > 0 else start + _STRETCH_CHARS
        yield start, cut
        start = cut
    yield start, len(text)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line.strip():
            yield from _pieces(text, start, end)
        start = end + 1


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an endless sentence between words, or where it has none anywhere."""
    while end - start > _WHOLE_CHARS:
        space = text.rfind(" ", start + TARGET_CHARS // 2, start + TARGET_CHARS)
        cut = space if space > 0 else start + TARGET_CHARS
        yield start, cut
        start = cut + (space > 0)
    if end > start:
        yield start, end
