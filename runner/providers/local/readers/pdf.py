"""PDF files, through pypdf (the only import of it)."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pypdf

from runner.providers.local.readers.dates import iso_date
from runner.providers.local.readers.reading import BlockBuilder, BrokenError, Reading
from runner.providers.local.readers.text import add_lines

_HYPHENATED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_SHORT_LINE = 0.75
_HEADING_WORDS = 6
_ENDS = (".", "!", "?", ":", "。")


def read_pdf(data: bytes) -> Reading:
    """Return the text of a PDF, page by page.

    Raises:
        BrokenError: it is damaged, needs a password, or holds no text (a scan).
    """
    with _quiet():
        try:
            reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
            locked = reader.is_encrypted and not reader.decrypt("")
            pages = [] if locked else list(reader.pages)
            title, date = (None, None) if locked else _properties(reader)
        except pypdf.errors.DependencyError as error:
            raise BrokenError("is encrypted") from error
        except Exception as error:
            raise BrokenError("is damaged: no PDF can be read from it") from error
        if locked:
            raise BrokenError("is encrypted and needs a password")
        builder = BlockBuilder()
        lost: list[int] = []
        for number, page in enumerate(pages, start=1):
            try:
                text = page.extract_text()
            except Exception:  # noqa: BLE001 - a damaged page is skipped and named
                lost.append(number)
                continue
            add_lines(builder, _paragraphs(text))
    if not builder:
        raise BrokenError("holds no text; a scan must be turned into text first")
    notes = (f"page {', '.join(map(str, lost))} could not be read",) if lost else ()
    return Reading(blocks=builder.blocks(title), title=title, date=date, warnings=notes)


def _properties(reader: pypdf.PdfReader) -> tuple[str | None, str | None]:
    """Return the title and the date of creation that the PDF states."""
    found = reader.metadata
    if found is None:
        return None, None
    title = found.get("/Title")
    made = found.get("/CreationDate")
    name = title.encode("utf-8", "replace").decode() if isinstance(title, str) else ""
    name = " ".join(name.replace("\x00", "").split())
    return (
        None if name.lower() in ("", "untitled", "anonymous") else name,
        iso_date(made) if isinstance(made, str) else None,
    )


def _paragraphs(text: str) -> list[str]:
    """Return the lines of a page with a blank line where a paragraph seems to end."""
    text = text.encode("utf-8", "replace").decode().replace("\r", "\n").replace("\x00", "")
    text = _HYPHENATED.sub("", text)
    lines = text.split("\n")
    widest = max((len(line.rstrip()) for line in lines), default=0)
    found: list[str] = []
    for at, line in enumerate(lines):
        stripped = line.strip()
        short = 0 < len(stripped) < _SHORT_LINE * widest
        following = lines[at + 1].strip() if at + 1 < len(lines) else ""
        above = lines[at - 1].strip() if at else ""
        apart = len(above) < _SHORT_LINE * widest or above.endswith(_ENDS)
        heads = short and apart and _is_heading(stripped, following)
        found.extend(("", line, "") if heads else (line,))
        if short and stripped.endswith(_ENDS):
            found.append("")
    return found


def _is_heading(line: str, following: str) -> bool:
    """Whether a short line is a heading: a few words, unended, and a sentence begins below it."""
    return (
        line[0].isupper()
        and line.count(" ") < _HEADING_WORDS
        and line[-1].isalnum()
        and following[:1].isupper()
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf's remarks on slightly damaged files from the terminal."""
    log = logging.getLogger("pypdf")
    before, silent = log.propagate, logging.NullHandler()
    log.propagate = False
    log.addHandler(silent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.removeHandler(silent)
        log.propagate = before
