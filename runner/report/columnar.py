"""Outcomes to xlsx and parquet (the only writer of each): streamed, whatever the number of rows."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import re
import shutil
import zipfile
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path, PurePath
from typing import IO, Any, Final

from runner.errors import UsageError
from runner.evidence.basis import is_scalar
from runner.evidence.text import json_text, storable
from runner.execute.outcomes import Outcome
from runner.execute.portions import portions
from runner.job.model import Job
from runner.jsonvalue import JSON
from runner.report.data import FORMULA
from runner.report.records import Records
from runner.report.values import plain

LIBRARIES: Final = {".xlsx": "openpyxl", ".parquet": "pyarrow"}
"""What writes each format; the extra `tables` brings it."""

MOST_ROWS: Final = 1_048_575
"""So many rows an xlsx sheet holds below its header."""

MOST_COLUMNS: Final = 16_384

LONGEST_CELL: Final = 32_000
"""Longer texts than this a spreadsheet refuses, counted in UTF-16; they are cut."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONG_AGO: Final = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - what writes workbooks takes no zone
"""What a workbook says of its making: the same outcomes give the same bytes on any day."""

EXACT: Final = 10**15
"""From here on a spreadsheet rounds whole numbers: they are written as text."""

INT64: Final = 2**63
BATCH: Final = 10_000


def is_binary(path: PurePath) -> bool:
    """Return whether a results file of that name is no text."""
    return path.suffix.lower() in LIBRARIES


def check_installed(path: PurePath) -> None:
    """Raise now, before anything is asked, what writing the file would raise later.

    Raises:
        UsageError: the extra that writes it is not installed.
    """
    library = LIBRARIES.get(path.suffix.lower())
    if library is not None and importlib.util.find_spec(library) is None:
        raise UsageError(
            f"{path.name} needs {library}, which is not installed",
            hint="Install it with: pip install 'research-runner[tables]', or write .csv",
        )


def write_columnar(
    job: Job, outcomes: Collection[Outcome], path: PurePath, file: IO[bytes]
) -> None:
    """Write outcomes as the format that the path's suffix names.

    Raises:
        UsageError: the sheet cannot hold so many rows or columns.
    """
    records = Records(job, outcomes)
    if path.suffix.lower() == ".parquet":
        _write_parquet(records, file)
        return
    for count, most, what in (
        (len(outcomes), MOST_ROWS, "rows"),
        (len(records.header), MOST_COLUMNS, "columns"),
    ):
        if count > most:
            raise UsageError(
                f"A sheet holds at most {most:,} {what}, not {count:,}",
                hint="Write .csv, .jsonl or .parquet",
            )
    _write_workbook(records, file)


class _DatelessArchive(zipfile.ZipFile):
    """A zip file whose entries have one date, whenever they are written."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add an entry."""
        with self.open(self._entry(zinfo_or_arcname), "w", force_zip64=True) as entry:
            entry.write(data.encode() if isinstance(data, str) else data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a file as an entry."""
        with (
            Path(filename).open("rb") as file,
            self.open(self._entry(arcname), "w", force_zip64=True) as entry,
        ):
            shutil.copyfileobj(file, entry, 1 << 20)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, _LONG_AGO.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        return entry


def _write_workbook(records: Records, file: IO[bytes]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = _LONG_AGO
    sheet = book.create_sheet("results")
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)

    def text_cell(text: str) -> Any:
        text = _NOT_IN_XML.sub("", storable(text))
        cell = WriteOnlyCell(sheet, "")
        # Said to be text, it is none of the formulas that its beginning may look like; the mark
        # before it keeps it text when someone edits it.
        cell.value = _fitting(text)
        cell.data_type = "s"
        if text[:1] in FORMULA:
            cell.quotePrefix = True
        return cell

    def written(value: JSON) -> Any:
        value = _sheet_value(value)
        return text_cell(value) if isinstance(value, str) else value

    archive = _DatelessArchive(file, "w")
    try:
        header = [text_cell(name) for name in records.header]
        for cell in header:
            cell.font = bold
        sheet.append(header)
        for row in records:
            sheet.append([written(value) for value in row])
        ExcelWriter(book, archive).save()
    except BaseException:
        # Left open, both would complain later, where it helps nobody.
        archive.fp = None
        with contextlib.suppress(Exception):
            sheet.close()
        raise


def _fitting(text: str) -> str:
    """Return as much of a text as a cell holds."""
    if len(text) <= LONGEST_CELL // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    # Half a character at the end is none.
    return units[: 2 * (LONGEST_CELL - 1)].decode("utf-16-le", errors="ignore") + "…"


def _sheet_value(value: JSON) -> JSON:
    """Return a value as a cell has it: a number, a truth value, a text, or nothing."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, int | float):
        return value if -EXACT < value < EXACT else plain(value)  # NaN is neither
    return _as_text(value)


def _as_text(value: JSON) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(is_scalar(each) for each in value):
        return "; ".join(each if isinstance(each, str) else plain(each) for each in value)
    return json_text(value)


def _write_parquet(records: Records, file: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
    }
    kinds = _kinds(records)
    # A name that two columns share would lose one: `Records` gives each its own.
    schema = pa.schema(
        [
            pa.field(storable(name), types[kind])
            for name, kind in zip(records.header, kinds, strict=True)
        ]
    )
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in portions(records, BATCH):
            columns = [
                pa.array([_stored(row[index], kind) for row in rows], type=types[kind])
                for index, kind in enumerate(kinds)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _kinds(records: Records) -> list[str]:
    """Return the narrowest kind of each column that holds all its values."""
    seen: list[set[str]] = [set() for _ in records.header]
    for row in records:
        for kinds, value in zip(seen, row, strict=True):
            if value is not None:
                kinds.add(_kind(value))
    return [_common(kinds) for kinds in seen]


def _kind(value: JSON) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int" if -INT64 <= value < INT64 else "text"
        case float() | Decimal():
            return "float"
        case list() | tuple() if all(isinstance(each, str) for each in value):
            return "texts"
        case _:
            return "text"


def _common(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "text"


def _stored(value: JSON, kind: str) -> JSON:
    """Return a value as a column of that kind stores it."""
    if value is None:
        return None
    if kind == "float":
        return float(value)
    if kind == "texts":
        return [storable(each) for each in value]
    if kind == "text":
        is_listed = isinstance(value, str | list | tuple)
        return storable(_as_text(value) if is_listed else json_text(value))
    return value
