"""csv and tsv files: a header, then rows as wide as it."""

from __future__ import annotations

import csv
import re
from itertools import chain, islice
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import Problem
from runner.job.rows.rowfaults import Row, column_names, misnamed, row_problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NUL = "NUL"
_MOST_NAMES = 20
"""So many wrong names of columns are told."""

_DELIMITERS = ",;\t|"
# What spreadsheets write and read as a first line: sep=;
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@frozen
class _Header:
    """The line that names the columns, and how cells are set apart from there on."""

    line: int
    text: str
    delimiter: str

    @property
    def is_spaced(self) -> bool:
        """Whether a space stands behind each delimiter, as people write lists."""
        rest = _unquoted(self.text).split(self.delimiter)[1:]
        return bool(rest) and all(cell.startswith(" ") for cell in rest)


def read_table(path: Path, kind: str) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the header as a tuple, then each row, or what is wrong with it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = _header(file, kind)
            if header is None:
                yield _headless(path)
            else:
                yield from _records(path, header, file)
    except (OSError, UnicodeDecodeError) as error:
        yield unreadable(path, error)


def _headless(path: Path) -> Problem:
    return row_problem(path, 0, "the file has no header", hint="its first line names the columns")


def _header(lines: Iterable[str], kind: str) -> _Header | None:
    """Return the first line that is not blank; one above it may say what separates cells."""
    said = ""
    for number, line in enumerate(lines, start=1):
        if not said and (found := _SEPARATOR.fullmatch(line)):
            said = found[1]
        elif line.strip():
            tab = "\t" if kind == "tsv" and "\t" in line else ""
            return _Header(line=number, text=line, delimiter=said or tab or _delimiter(line))
    return None


def _delimiter(line: str) -> str:
    """Return the mark that separates the header's names: the commonest outside quotes."""
    bare = _unquoted(line)
    return max(_DELIMITERS, key=lambda mark: (bare.count(mark), -_DELIMITERS.index(mark)))


def _unquoted(line: str) -> str:
    return "".join(line.split('"')[::2])


def _records(
    path: Path, header: _Header, rest: Iterable[str]
) -> Iterator[tuple[str, ...] | Row | Problem]:
    names: tuple[str, ...] | None = None
    for record in _cells(path, header, rest):
        if isinstance(record, Problem):
            yield record
            return
        line, begun, cells = record
        if names is None:
            names = column_names(cells)
            broken = list(islice(_misnamed(path, names, header), _MOST_NAMES))
            broken = broken if names else [_headless(path)]
            if broken:
                yield from broken
                return
            yield names
        elif len(cells) == len(names) and cells[0].strip():
            yield dict(zip(names, cells, strict=True))
        elif any(cell.strip() for cell in cells):
            if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
                yield _ragged(path, line, cells, names, begun, mark=header.delimiter)
            else:
                yield dict(zip(names, cells, strict=False))


def _cells(
    path: Path, header: _Header, rest: Iterable[str]
) -> Iterator[tuple[int, str, list[str]] | Problem]:
    """Yield number and text of each record's first line, with the record's cells."""
    begun = ""

    def lines() -> Iterator[str]:
        nonlocal begun
        for line in chain([header.text], rest):
            begun = begun or line
            if "\0" in line:
                raise csv.Error(_NUL)
            yield line

    reader = csv.reader(
        lines(), delimiter=header.delimiter, skipinitialspace=header.is_spaced, strict=True
    )
    number = header.line
    try:
        for cells in reader:
            yield number, begun, cells
            number, begun = header.line + reader.line_num, ""
    except csv.Error as error:
        yield _misquoted(path, number, error, begun, header.delimiter)


def _misnamed(path: Path, names: tuple[str, ...], header: _Header) -> Iterator[Problem]:
    """Yield what is wrong with the names of the columns."""
    starts: list[int] = [0] * len(names)
    first = header.text
    if '"' not in first:
        offset = 1
        for index, cell in enumerate(first.split(header.delimiter)[: len(names)]):
            starts[index] = offset
            offset += len(cell) + 1
    for index, message, hint in misnamed(names):
        width = len(names[index])
        yield row_problem(
            path, header.line, message, column=starts[index], hint=hint, snippet=first, width=width
        )


def _ragged(
    path: Path, line: int, cells: list[str], names: tuple[str, ...], snippet: str, *, mark: str
) -> Problem:
    if len(names) == 1:
        hint = "the first line names the columns; a cell that holds a separator needs double quotes"
    elif len(cells) > len(names):
        hint = "a cell that holds the separator itself needs double quotes"
    else:
        hint = f"the columns are: {', '.join(names)}"
    count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    message = f"this row has {count}, but the header has {len(names)}"
    text = snippet.rstrip("\r\n")
    column, width = 1, len(text)
    if '"' not in text:
        # The first cell too many, or where the next one is missing.
        known = len(mark.join(text.split(mark)[: len(names)]))
        column, width = (known + 2, len(text) - known - 1) if len(text) > known else (known + 1, 1)
    return row_problem(
        path, line, message, column=column, hint=hint, snippet=snippet, width=max(1, width)
    )


def _misquoted(path: Path, line: int, error: csv.Error, first: str, delimiter: str) -> Problem:
    text, mark = str(error), re.escape(delimiter)
    hint = 'quote the whole cell; a double quote inside is written ""'
    place = re.compile("(?!)")
    if text == _NUL:
        message, hint = "a NUL character stands in this row", "save the file as UTF-8 text"
        place = re.compile("\0")
    elif "unexpected end of data" in text:
        message = "a double quote is opened in this row and never closed"
        place = re.compile(rf'(?<![^{mark}])"(?!.*{mark}")')
    elif "field larger" in text:
        message = "a cell is longer than 131,072 characters: is a double quote never closed?"
    elif "expected after" in text:
        message = "text after a closing double quote"
        place = re.compile(rf'(?<=[^{mark}"]")[^{mark}"\r\n]')
    else:
        message = f"this row cannot be read: {text}"
    found = place.search(first)
    column = found.start() + 1 if found else 0
    return row_problem(path, line, message, column=column, hint=hint, snippet=first)
