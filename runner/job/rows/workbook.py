"""xlsx files: the first visible sheet, a row at a time (the only import of openpyxl)."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from runner.job.rows.cells import as_json
from runner.job.rows.rowfaults import Row, column_names, misnamed, row_problem, unreadable
from runner.job.rows.sheetmarks import Marks, read_marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.jsonvalue import JSON

_MOST_BYTES = 1024**3
"""More than this, unpacked, is no table but a trap."""

_MOST_TEXTS = 64 * 1024**2
_MOST_PART = 16 * 1024**2
"""Likewise of the texts of all cells together, and of any other part but the sheets."""

_MOST_ROWS = 1_048_576
"""A sheet has no more, whatever a file says."""

_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
"""How xls files begin, and xlsx files with a password."""

_TOP = 20
"""A sheet without a value in so many rows is taken for empty."""

_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"}
"""What a formula leaves in its cell where it has no value."""


def read_workbook(path: Path) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the first row as a tuple of names, then each row, or what is wrong with the file.

    A warning of sheets that are not read comes first.
    """
    try:
        with path.open("rb") as raw:
            with ZipFile(raw) as packed:
                fault = _too_large(packed)
            if fault is not None:
                yield row_problem(path, 0, fault, hint="save it as csv")
                return
            raw.seek(0)
            yield from _rows(path, raw)
    except BadZipFile:
        yield _no_workbook(path)
    except OSError as error:
        yield unreadable(path, error)
    except Exception as error:  # noqa: BLE001 - the library raises anything for a broken workbook
        reason = f"{type(error).__name__}: {error}".split("\n", 1)[0][:200]
        yield row_problem(
            path, 0, f"this xlsx file cannot be read: {reason}", hint="save it again, or as csv"
        )


def _too_large(packed: ZipFile) -> str | None:
    """Return which part of a workbook takes too much memory, by what the file says itself."""
    if sum(entry.file_size for entry in packed.infolist()) > _MOST_BYTES:
        return "unpacked, the file is larger than 1 GiB"
    for entry in packed.infolist():
        name = entry.filename.lstrip("/").lower()
        # Sheets are read a row at a time, everything else is held whole.
        most = _MOST_TEXTS if name == "xl/sharedstrings.xml" else _MOST_PART
        if entry.file_size > most and not name.startswith("xl/worksheets/"):
            return f"unpacked, its part {entry.filename} is larger than {most >> 20} MiB"
    return None


def _no_workbook(path: Path) -> Problem:
    with path.open("rb") as file:
        is_old = file.read(len(_OLD_FORMAT)) == _OLD_FORMAT
    return row_problem(
        path,
        0,
        f"this is {'an xls file, or one with a password' if is_old else 'no xlsx file'}",
        hint="save it as xlsx (Excel 2007 or later) or csv",
    )


def _rows(path: Path, raw: Any) -> Iterator[tuple[str, ...] | Row | Problem]:
    from openpyxl import load_workbook  # noqa: PLC0415 - part of an extra, and slow to import

    with warnings.catch_warnings():
        # It tells of styles and extensions that a reader of values does not need.
        warnings.simplefilter("ignore")
        book = load_workbook(raw, read_only=True, data_only=True, keep_links=False)
    try:
        sheets = book.worksheets
        if not sheets:
            yield row_problem(path, 0, "the workbook has no sheet", hint="put the rows in one")
            return
        visible: list[Any] = [each for each in sheets if each.sheet_state == "visible"]
        sheet: Any = visible[0] if visible else sheets[0]
        if names := [each.title for each in visible[1:] if _holds_values(each)]:
            yield _unread(path, sheet.title, names)
        with ZipFile(raw) as packed:
            marks = read_marks(packed, sheet._worksheet_path)  # noqa: SLF001 - told nowhere else
        # What a writer says of a sheet's size may be wrong: what is there counts.
        sheet.reset_dimensions()
        yield from _records(path, sheet.iter_rows(values_only=True, max_row=_MOST_ROWS), marks)
    finally:
        book.close()


def _holds_values(sheet: Any) -> bool:
    """Whether there is a value near the top of a sheet; what is wrong with it does not matter."""
    with contextlib.suppress(Exception):
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=_TOP)
        return any(not _is_blank(cell) for row in rows for cell in row)
    return False


def _unread(path: Path, name: str, others: list[str]) -> Problem:
    """Return the warning that other sheets are not read."""
    more = f"'{others[0]}'" if len(others) == 1 else f"{len(others)} others, such as '{others[0]}'"
    problem = row_problem(
        path,
        0,
        f"the rows are those of the first sheet, '{name}', and not of {more}",
        hint="to read another, move it to the front or save it as csv; hide those without rows",
    )
    return replace(problem, severity="warning")


def _records(
    path: Path, rows: Iterator[tuple[Any, ...]], marks: Marks
) -> Iterator[tuple[str, ...] | Row | Problem]:
    names: tuple[str, ...] | None = None
    first = 0
    for number, cells in enumerate(rows, start=1):
        start, end = _bounds(cells)
        if start == end:
            continue
        if names is None:
            # A table need not begin in the first column.
            first = start
            names = column_names([_text(cell) for cell in cells[first:end]])
            broken = [
                row_problem(path, number, text, hint=hint) for _, text, hint in misnamed(names)
            ]
            if marks.unvalued is not None:
                broken.append(_unvalued(path, *marks.unvalued))
            if broken:
                yield from broken
                return
            yield names
        elif start < first or end > first + len(names):
            column = (start if start < first else end - 1) + 1
            yield row_problem(
                path,
                number,
                f"this row has a value in column {column}, which has no name in the header",
                hint="name the column, or empty the cell; the first row with a value is the header",
            )
        else:
            whole = marks.filled(number, first, cells[first : first + len(names)], len(names))
            yield {name: _value(cell) for name, cell in zip(names, whole, strict=True)}
    if names is None:
        yield row_problem(
            path, 0, "the first sheet is empty", hint="its first row names the columns"
        )


def _unvalued(path: Path, cell: str, row: int) -> Problem:
    return row_problem(
        path,
        row,
        f"the formula in cell {cell} was never worked out: it has no value",
        hint="open the file in a spreadsheet program and save it, or save it as csv",
    )


def _bounds(cells: tuple[Any, ...]) -> tuple[int, int]:
    """Return the index of the first cell with a value, and the one behind the last."""
    start, end = 0, len(cells)
    while end and _is_blank(cells[end - 1]):
        end -= 1
    while start < end and _is_blank(cells[start]):
        start += 1
    return start, end


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _value(cell: Any) -> JSON:
    return None if isinstance(cell, str) and cell in _ERRORS else as_json(cell)


def _text(cell: Any) -> str:
    return "" if cell is None else str(as_json(cell))
