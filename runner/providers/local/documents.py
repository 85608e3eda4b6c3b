"""A file on disk to a Document: choosing the reader, decoding, and saying plainly what failed."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from runner.errors import ProviderError
from runner.providers.local.corpus import Document
from runner.providers.local.readers.reading import BrokenError, Reading

MAX_BYTES: Final = 50 * 1024 * 1024
_MARKDOWN: Final = frozenset((".md", ".markdown"))
_HTML: Final = frozenset((".html", ".htm", ".xhtml"))
_TEXT: Final = frozenset((".txt", ".text", ".rst", ""))
_TABLES: Final = {".csv": None, ".tsv": "\t"}
SUFFIXES: Final = frozenset((*_MARKDOWN, *_HTML, *_TEXT, *_TABLES, ".pdf"))
"""What can be read; "" stands for files without a suffix, read as text."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_DECLARED_WITHIN = 2048


class UnreadableError(ProviderError):
    """A document that cannot be read; the message names it and says why."""


def read_document(path: Path, shown: str) -> Document:
    """Return a file as a document.

    Args:
        path: The file.
        shown: What citations call it: its path relative to the job file's folder, with `/`.

    Raises:
        UnreadableError: it is missing, too large, of an unknown type, binary, damaged or encrypted.
    """
    return parse_document(read_bytes(path, shown), shown)


def read_bytes(path: Path, shown: str) -> bytes:
    """Return the bytes of a file that is not too large.

    Raises:
        UnreadableError: it cannot be opened, or is larger than `MAX_BYTES`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError(
                f"{shown} is larger than {MAX_BYTES // 1024**2} MiB",
                hint="Split it into smaller files",
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise UnreadableError(f"{shown} cannot be read: {reason}") from error


def parse_document(data: bytes, shown: str) -> Document:
    """Return the bytes of a file as a document; its suffix says which reader it needs.

    Raises:
        UnreadableError: the type is unknown, or the content is binary, damaged or encrypted.
    """
    suffix = _suffix(shown)
    if suffix not in SUFFIXES:
        raise UnreadableError(
            f"{shown} is of a type that cannot be read",
            hint=f"These can: {', '.join(sorted(filter(None, SUFFIXES)))}",
        )
    try:
        reading, notes = _read(data, suffix)
    except BrokenError as error:
        raise UnreadableError(f"{shown} {error}") from error
    except RecursionError as error:
        raise UnreadableError(f"{shown} is nested too deeply") from error
    name = shown.rsplit("/", 1)[-1]
    return Document(
        path=shown,
        title=reading.title or name.removesuffix(suffix) or name,
        blocks=reading.blocks,
        date=reading.date,
        warnings=tuple(f"{shown}: {note}" for note in (*notes, *reading.warnings)),
    )


def _suffix(shown: str) -> str:
    return Path(shown).suffix.lower()


def _read(data: bytes, suffix: str) -> tuple[Reading, tuple[str, ...]]:
    # A reader and its library are loaded for the first document that needs them: where the index
    # is up to date, none is.
    if suffix == ".pdf":
        from runner.providers.local.readers.pdf import read_pdf

        return read_pdf(data), ()
    text, notes = decode(data)
    if suffix in _HTML:
        from runner.providers.local.readers.html import read_html

        return read_html(text), notes
    if suffix in _MARKDOWN:
        from runner.providers.local.readers.markdown import read_markdown

        return read_markdown(text), notes
    if suffix in _TABLES:
        from runner.providers.local.readers.csv_table import read_csv

        return read_csv(text, delimiter=_TABLES[suffix]), notes
    from runner.providers.local.readers.text import read_text

    return read_text(text), notes


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return bytes as text with plain line ends, and what had to be guessed.

    A byte-order mark decides; else strict UTF-8, else the charset that the content declares, else
    Windows-1252.

    Raises:
        BrokenError: the bytes are no text.
    """
    text, notes = _decoded(data)
    if "\x00" in text[:65536]:
        raise BrokenError("is not text")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(name, "replace")
            return text, (("has bytes that are no text",) if "\ufffd" in text else ())
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    if declared:
        try:
            return data.decode(declared[1].decode("ascii")), ()
        except (LookupError, UnicodeError):
            pass
    return data.decode("cp1252", "replace"), (
        "is neither UTF-8 nor says what it is; read as Windows-1252",
    )
