"""parquet files, a batch at a time (the only import of pyarrow)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.job.cells import as_json
from runner.job.rowfaults import Row, misnamed, row_problem, unreadable

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
                for row in batch.to_pylist():
                    yield {name: as_json(value) for name, value in row.items()}
    except pa.ArrowException as error:
        reason = str(error).split("\n", 1)[0][:200]
        yield row_problem(
            path, 0, f"this is no parquet file that can be read: {reason}", hint="save it again"
        )
    except (OSError, ValueError) as error:
        yield unreadable(path, error)
