"""csv and tsv files: a header, then rows as wide as it."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING

from runner.job.diagnostics import Problem
from runner.job.rowfaults import Row, misnamed, row_problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

_NUL = "NUL"
_MOST_NAMES = 20
"""So many wrong names of columns are told."""

_DELIMITERS = ",;\t|"


def read_table(path: Path, kind: str) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the header as a tuple, then each row, or what is wrong with it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if not first.strip():
                yield row_problem(
                    path, 0, "the file has no header", hint="its first line names the columns"
                )
                return
            delimiter = "\t" if kind == "tsv" and "\t" in first else _delimiter(first)
            file.seek(0)
            yield from _records(path, file, delimiter, first)
    except (OSError, UnicodeDecodeError) as error:
        yield unreadable(path, error)


def _delimiter(line: str) -> str:
    """Return the mark that separates the header's names: the commonest outside quotes."""
    bare = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=lambda mark: (bare.count(mark), -_DELIMITERS.index(mark)))


def _records(
    path: Path, file: TextIO, delimiter: str, first: str
) -> Iterator[tuple[str, ...] | Row | Problem]:
    names: tuple[str, ...] | None = None
    for record in _cells(path, file, delimiter):
        if isinstance(record, Problem):
            yield record
            return
        line, begun, cells = record
        if names is None:
            names = tuple(cell.strip() for cell in cells)
            broken = list(islice(_misnamed(path, names, first, delimiter), _MOST_NAMES))
            if broken:
                yield from broken
                return
            yield names
        elif len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))
        elif cells and (len(cells) > 1 or cells[0].strip()):
            yield _ragged(path, line, cells, names, begun, mark=delimiter)


def _cells(
    path: Path, file: TextIO, delimiter: str
) -> Iterator[tuple[int, str, list[str]] | Problem]:
    """Yield number and text of each record's first line, with the record's cells."""
    begun = ""

    def lines() -> Iterator[str]:
        nonlocal begun
        for line in file:
            begun = begun or line
            if "\0" in line:
                raise csv.Error(_NUL)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, begun, cells
            number, begun = reader.line_num + 1, ""
    except csv.Error as error:
        yield _misquoted(path, number, error, begun, delimiter)


def _misnamed(path: Path, names: tuple[str, ...], first: str, delimiter: str) -> Iterator[Problem]:
    """Yield what is wrong with the names of the columns."""
    starts: list[int] = [0] * len(names)
    if '"' not in first:
        offset = 1
        for index, cell in enumerate(first.split(delimiter)[: len(names)]):
            starts[index] = offset
            offset += len(cell) + 1
    for index, message, hint in misnamed(names):
        width = len(names[index])
        yield row_problem(
            path, 1, message, column=starts[index], hint=hint, snippet=first, width=width
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
