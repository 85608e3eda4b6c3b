"""What the local provider knows of the user's documents: documents, blocks, passages, facts."""

from __future__ import annotations

from typing import Literal, TypeAlias

from runner.frozen import frozen

BlockKind: TypeAlias = Literal["heading", "paragraph", "item", "row", "definition", "pair", "code"]


@frozen
class Block:
    """A piece of a document as its author laid it out, in reading order.

    Attributes:
        kind: `heading`; `paragraph`; `item` (of a list); `row` (of a table or a CSV file);
            `definition` (term and description); `pair` (front matter or a header line such as
            `Label: value`); `code` (preformatted).
        text: The text as a reader sees it; what an excerpt quotes.
        headings: The headings above it, outermost first (the document's title is not repeated).
        level: Of a heading, 1 to 6; else 0.
        cells: Of a row: (column header, cell) each, header "" where there is none; of a definition
            or a pair: one (label, value).
        links: (text, URL) of the links inside.
    """

    kind: BlockKind
    text: str
    headings: tuple[str, ...] = ()
    level: int = 0
    cells: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@frozen
class Document:
    """A document, read.

    Attributes:
        path: Relative to the job file's folder, with `/`; it is what citations call `url`.
        title: From front matter, `<title>`, the first heading, or else the file's name.
        date: `YYYY-MM-DD` stated in the document itself, or None.
        warnings: What was lost or guessed while reading, one sentence each.
    """

    path: str
    title: str
    blocks: tuple[Block, ...]
    date: str | None = None
    warnings: tuple[str, ...] = ()


@frozen
class Passage:
    """About 700 characters of one document, or one paragraph of it; see `full_text`.

    Attributes:
        id: The index's own number.
        document: The document's path.
        title: The document's title.
        heading: The headings above it, joined with " > ".
        ordinal: Its place in the document, from 0.
    """

    id: int
    document: str
    title: str
    heading: str
    ordinal: int
    text: str


@frozen
class Hit:
    """A passage that a search found; a higher score is better.

    Attributes:
        coverage: The share (0 to 1) of the query's terms, weighted by idf, that the passage's
            best sentence (with title and heading) holds.
    """

    passage: Passage
    score: float
    coverage: float


@frozen
class Fact:
    """A label and its value as a document states them outright.

    Attributes:
        document: The document's path.
        title: The document's title.
        entity: What the fact is about where the document says so more closely than its title: the
            first cell of a table or CSV row, the heading of a section; else "".
        label: As written, e.g. `Requires-Python`.
        value: As written, e.g. `>=3.8`.
        excerpt: The exact text that states it.
        section: The headings above it, joined with " > ".
    """

    document: str
    title: str
    entity: str
    label: str
    value: str
    excerpt: str
    section: str = ""
