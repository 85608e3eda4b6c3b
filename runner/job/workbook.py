"""xlsx files: the first sheet, a row at a time (the only import of openpyxl)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from runner.job.cells import as_json
from runner.job.rowfaults import Row, misnamed, row_problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem

_MOST_BYTES = 1024**3
"""More than this, unpacked, is no table but a trap."""

_MOST_TEXTS = 64 * 1024**2
_MOST_PART = 16 * 1024**2
"""Likewise of the texts of all cells together, and of any other part but the sheets."""

_MOST_COLUMNS = 16_384


def read_workbook(path: Path) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the first row as a tuple of names, then each row, or what is wrong with the file."""
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
        yield row_problem(
            path, 0, "this is no xlsx file", hint="save it as xlsx (Excel 2007 or later) or csv"
        )
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
        sheet = sheets[0]
        # What a writer says of a sheet's size may be wrong: what is there counts.
        sheet.reset_dimensions()
        yield from _records(path, sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS))
    finally:
        book.close()


def _records(
    path: Path, rows: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[str, ...] | Row | Problem]:
    names: tuple[str, ...] | None = None
    for number, cells in enumerate(rows, start=1):
        filled = _filled(cells)
        if not filled:
            continue
        if names is None:
            names = tuple("" if cell is None else str(as_json(cell)).strip() for cell in filled)
            broken = [
                row_problem(path, number, text, hint=hint) for _, text, hint in misnamed(names)
            ]
            if broken:
                yield from broken
                return
            yield names
        elif len(filled) > len(names):
            yield row_problem(
                path,
                number,
                f"this row has a value in column {len(filled)}, but the header has {len(names)}",
                hint="name the column in the first row, or empty the cell",
            )
        else:
            padded = (*filled, *[None] * (len(names) - len(filled)))
            yield {name: as_json(cell) for name, cell in zip(names, padded, strict=True)}
    if names is None:
        yield row_problem(
            path, 0, "the first sheet is empty", hint="its first row names the columns"
        )


def _filled(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the cells up to the last one with a value."""
    end = len(cells)
    while end and cells[end - 1] in (None, ""):
        end -= 1
    return cells[:end]
