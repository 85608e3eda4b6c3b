"""The table of rows by fields, and tables of anything a template has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.report.blocks import grid
from runner.report.escape import inline
from runner.report.fields import Field
from runner.report.rows import Row
from runner.report.values import cell, label
from runner.templating import Markdown


def table(
    rows: Iterable[Row | Mapping[str, Any]],
    columns: Sequence[Field | str] = (),
    key_title: str = "Row",
) -> Markdown:
    """Return rows by columns; "" where there is no row or no column.

    Args:
        rows: Rows of the report (each begins with its name, and its values carry confidence and
            citations), or mappings.
        columns: Fields or their names; by default every key of the first mapping.
        key_title: What the column of row names is called.
    """
    listed = list(rows)
    if not listed:
        return Markdown("")
    fields = [_column(each, listed[0]) for each in columns or _keys(listed[0])]
    if not fields:
        return Markdown("")
    header = [inline(each.title) for each in fields]
    align = ["---:" if each.numeric else "---" for each in fields]
    names = [each.name for each in fields]
    if isinstance(listed[0], Row):
        header.insert(0, inline(key_title))
        align.insert(0, "---")
    return grid(header, (_row(row, names) for row in listed), align)


def _row(row: Row | Mapping[str, Any], names: Sequence[str]) -> list[str]:
    if not isinstance(row, Row):
        return [cell(row.get(name)) for name in names]
    mark = "" if row.status == "ok" else f" ({row.state})"
    return [f"{inline(row.key)}{mark}", *(row.show(name) for name in names)]


def _keys(row: Row | Mapping[str, Any]) -> list[Field | str]:
    return list(row.fields) if isinstance(row, Row) else list(row)


def _column(column: Field | str, row: Row | Mapping[str, Any]) -> Field:
    if isinstance(column, Field):
        return column
    known = {each.name: each for each in row.fields} if isinstance(row, Row) else {}
    return known.get(column) or Field(name=column, title=label(column))
