"""Rows: data files, or lists in the job file, to one mapping a row."""

from __future__ import annotations

from collections.abc import Iterator

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.model import FileItems, FoundItems, InlineItems, Items
from runner.job.rows.jsonrows import read_json, read_jsonl
from runner.job.rows.rowfaults import Row, no_rows
from runner.job.rows.tables import read_table

MAX_PROBLEMS = 20
"""A broken file says so often enough."""

FOUND_COLUMNS = ("name", "url", "description", "candidate_id", "output")
"""What a row has that a FindAll run found."""

MAX_SURVEY_BYTES = 16 * 1024 * 1024
"""Larger files are not read whole before the run."""

MAX_SURVEY_ROWS = 300_000
"""Nor are more rows than these, however short they are."""

MAX_SURVEY_PACKED = 1024 * 1024
"""Likewise for files that are packed."""

FIRST_ROWS = 100
"""On so many rows it is tried before a run which of them are taken."""

_TABLES = ("csv", "tsv", "parquet", "xlsx")
_PACKED = ("parquet", "xlsx")


@frozen
class Survey:
    """What is known of the rows before a run.

    Attributes:
        columns: The names a row may have, in order; None where they are not known.
        problems: What is wrong with the file.
        first: The first rows; none of a file that is not read before the run.
    """

    columns: tuple[str, ...] | None
    first: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_rows(items: Items) -> Iterator[Row]:
    """Yield the rows in order, one at a time; only json files are held whole.

    Raises:
        JobProblemsError: the file is missing or broken; with up to 20 of its problems.
    """
    found: list[Problem] = []
    for entry in _entries(items):
        if not isinstance(entry, Problem):
            if not found:
                yield entry
        elif entry.severity == "error":
            found.append(entry)
            if len(found) == MAX_PROBLEMS:
                break
    if found:
        raise JobProblemsError(tuple(found))


def header(items: Items) -> tuple[str, ...] | None:
    """Return the names a row may have, in order, or None where they are not known.

    Raises:
        JobProblemsError: the file's header is missing or broken.
    """
    if isinstance(items, FileItems) and items.format in _TABLES:
        found = _headed(items)
    else:
        found = survey(items)
    if broken := [each for each in found.problems if each.severity == "error"]:
        raise JobProblemsError(tuple(broken))
    return found.columns


def survey(items: Items) -> Survey:
    """Return the columns and problems of the rows; a large file shows only its header."""
    if isinstance(items, FoundItems):
        return Survey(columns=FOUND_COLUMNS)
    if isinstance(items, FileItems) and _is_large(items):
        return _headed(items) if items.format in _TABLES else Survey(columns=None)
    return _surveyed(items)


def _headed(items: FileItems) -> Survey:
    """Return the columns of a table, with what is told before its rows."""
    found: list[Problem] = []
    for entry in _file_entries(items):
        if isinstance(entry, tuple):
            return Survey(columns=entry, problems=tuple(found))
        if isinstance(entry, Problem):
            found.append(entry)
            if entry.severity == "error":
                break
    return Survey(columns=None, problems=tuple(found))


def _is_large(items: FileItems) -> bool:
    try:
        size = items.path.stat().st_size
    except (OSError, ValueError):
        return False
    return size > (MAX_SURVEY_PACKED if items.format in _PACKED else MAX_SURVEY_BYTES)


def _surveyed(items: InlineItems | FileItems) -> Survey:
    columns: dict[str, None] = {}
    found: list[Problem] = []
    first: list[Row] = []
    rows = 0
    is_table = isinstance(items, FileItems) and items.format in _TABLES
    for entry in items.rows if isinstance(items, InlineItems) else _file_entries(items):
        if isinstance(entry, Problem):
            found.append(entry)
            if len(found) == MAX_PROBLEMS:
                break
            continue
        if isinstance(entry, tuple) or not is_table:
            columns.update(dict.fromkeys(entry))
        if not isinstance(entry, tuple):
            rows += 1
            if rows <= FIRST_ROWS:
                first.append(entry)
        if rows > MAX_SURVEY_ROWS:
            break
    is_whole = is_table or rows <= MAX_SURVEY_ROWS
    is_broken = any(problem.severity == "error" for problem in found)
    if is_broken and is_table and len(columns) == 1:
        columns.clear()  # a title above the names of the columns, most likely
    if not rows and not is_broken and isinstance(items, FileItems):
        found.append(no_rows(items.path))
    return Survey(
        columns=(tuple(columns) or None) if is_whole else None,
        problems=tuple(found),
        first=tuple(first),
    )


def _entries(items: Items) -> Iterator[Row | Problem]:
    """Yield each row, or what is wrong with it; rows that are yet to be found are none."""
    if isinstance(items, FoundItems):
        return
    if isinstance(items, InlineItems):
        yield from items.rows
        return
    for entry in _file_entries(items):
        if not isinstance(entry, tuple):
            yield entry


def _file_entries(items: FileItems) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the names of a table's columns as a tuple, then each row, or what is wrong with it."""
    match items.format:
        case "csv" | "tsv":
            return read_table(items.path, items.format)
        case "jsonl":
            return read_jsonl(items.path)
        case "json":
            return read_json(items.path)
        case "parquet":
            from runner.job.rows.parquet import read_parquet  # noqa: PLC0415 - seldom needed

            return read_parquet(items.path)
        case "xlsx":
            from runner.job.rows.workbook import read_workbook  # noqa: PLC0415 - seldom needed

            return read_workbook(items.path)
