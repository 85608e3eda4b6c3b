"""CSV and TSV files: one block a row, each value under its column's header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from runner.providers.local.readers.reading import BlockBuilder, BrokenError, Reading, row_text

_FIELD_LIMIT = 16 * 1024 * 1024
_SNIFFED = 8192


def read_csv(text: str, *, delimiter: str | None = None) -> Reading:
    """Return the rows of a CSV text; the first row is the header.

    Args:
        text: The whole file.
        delimiter: The column separator; None: the likeliest of comma, semicolon, tab and bar.

    Raises:
        BrokenError: the text is no CSV.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    builder = BlockBuilder()
    header: list[str] = []
    ragged = 0
    try:
        for row in rows:
            values = [" ".join(value.split()) for value in row]
            if not any(values):
                continue
            if not header:
                header = values
                continue
            ragged += len(values) != len(header)
            cells = _cells(header, values)
            builder.add("row", row_text(cells), cells=cells)
    except csv.Error as error:
        raise BrokenError(f"is no CSV: {error}") from error
    if header and not builder:
        builder.add("row", row_text([("", name) for name in header]))
    rows_have = "row has" if ragged == 1 else "rows have"
    warnings = (f"{ragged} {rows_have} more or fewer values than the header",) if ragged else ()
    return Reading(blocks=builder.blocks(), warnings=warnings)


def _cells(header: Sequence[str], values: Sequence[str]) -> list[tuple[str, str]]:
    names = [*header, *[""] * (len(values) - len(header))]
    return [(name, value) for name, value in zip(names, values, strict=False) if value]


def _delimiter(text: str) -> str:
    """Return the separator that cuts the first lines into the most, and the most even, columns."""
    lines = [line for line in text[:_SNIFFED].splitlines()[:10] if line.strip()]
    return max(
        ",;\t|",
        key=lambda mark: (min((line.count(mark) for line in lines), default=0) > 0,
                          lines[0].count(mark) if lines else 0),
    )  # fmt: skip
