"""parquet files, a batch at a time (the only import of pyarrow)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.job.rows.cells import as_json
from runner.job.rows.rowfaults import Row, misnamed, row_problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem

_BATCH = 1_000


def read_parquet(path: Path) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the columns' names as a tuple, then each row, or what is wrong with the file."""
    import pyarrow as pa  # noqa: PLC0415 - part of an extra, and slow to import
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with path.open("rb") as raw, parquet.ParquetFile(raw) as file:
            names = tuple(file.schema_arrow.names)
            broken = [row_problem(path, 0, text, hint=hint) for _, text, hint in misnamed(names)]
            if broken:
                yield from broken
                return
            yield names
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in zip(*map(_cells, batch.columns), strict=True):
                    yield {name: as_json(cell) for name, cell in zip(names, row, strict=True)}
    except pa.ArrowException as error:
        reason = str(error).split("\n", 1)[0][:200]
        yield row_problem(
            path, 0, f"this is no parquet file that can be read: {reason}", hint="save it again"
        )
    except OSError as error:
        yield unreadable(path, error)
    except (ValueError, OverflowError, KeyError) as error:
        reason = str(error).strip("'").split("\n", 1)[0][:200]
        yield row_problem(
            path, 0, f"a value in this file cannot be read: {reason}",
            hint="save days and times as text, or the rows as csv",
        )  # fmt: skip


def _cells(column: Any) -> list[Any]:
    """Return a column's values as Python has them."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_float32(column.type) or pa.types.is_float16(column.type):
        # 0.1 stays 0.1: of the numbers that round to it, the shortest is meant.
        column = column.cast(pa.float32()).cast(pa.string()).cast(pa.float64())
    kind = _coarse(column.type)
    if kind != column.type:
        column = column.cast(kind, safe=False)
    cells: list[Any] = column.to_pylist()
    return cells


def _coarse(kind: Any) -> Any:
    """Return a type with microseconds for nanoseconds, which Python's times do not have."""
    import pyarrow as pa  # noqa: PLC0415

    match kind:
        case pa.TimestampType(unit="ns"):
            return pa.timestamp("us", kind.tz)
        case pa.DurationType(unit="ns"):
            return pa.duration("us")
        case pa.Time64Type(unit="ns"):
            return pa.time64("us")
        case pa.ListType() | pa.LargeListType() | pa.FixedSizeListType():
            return pa.list_(_coarse(kind.value_type))
        case pa.StructType():
            return pa.struct([field.with_type(_coarse(field.type)) for field in kind])
        case _:
            return kind
