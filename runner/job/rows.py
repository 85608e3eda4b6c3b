"""Rows: csv, tsv, json and jsonl files, or lists in the job file, to one mapping a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.errors import NotAvailableError
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.jsonrows import read_json, read_jsonl
from runner.job.model import FileItems, InlineItems, Items
from runner.job.rowfaults import Row, no_rows
from runner.job.tables import read_table

MAX_PROBLEMS = 20
"""A broken file says so often enough."""

MAX_SURVEY_BYTES = 16 * 1024 * 1024
"""Larger files are not read whole before the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of the rows before a run.

    Attributes:
        columns: The names a row may have, in order; None where they are not known.
        problems: What is wrong with the file.
    """

    columns: tuple[str, ...] | None
    problems: tuple[Problem, ...] = ()


def read_rows(items: Items) -> Iterator[Row]:
    """Yield the rows in order, one at a time; csv and jsonl are never held whole.

    Raises:
        JobProblemsError: the file is missing or broken; with up to 20 of its problems.
        NotAvailableError: the format cannot be read by this version.
    """
    found: list[Problem] = []
    for entry in _entries(items):
        if isinstance(entry, Problem):
            found.append(entry)
            if len(found) == MAX_PROBLEMS:
                break
        elif not found:
            yield entry
    if found:
        raise JobProblemsError(tuple(found))


def header(items: Items) -> tuple[str, ...] | None:
    """Return the names a row may have, in order, or None where they are not known.

    Raises:
        JobProblemsError: the file's header is missing or broken.
    """
    if isinstance(items, FileItems) and items.format in ("csv", "tsv"):
        for entry in read_table(items.path, items.format):
            if isinstance(entry, Problem):
                raise JobProblemsError((entry,))
            if isinstance(entry, tuple):
                return entry
    found = survey(items)
    if found.problems:
        raise JobProblemsError(found.problems)
    return found.columns


def survey(items: Items) -> Survey:
    """Return the columns and problems of the rows; a file over 16 MiB shows only its header."""
    if isinstance(items, FileItems):
        if items.format in ("parquet", "xlsx"):
            return Survey(columns=None)
        try:
            large = items.path.stat().st_size > MAX_SURVEY_BYTES
        except (OSError, ValueError):
            large = False
        if large and items.format in ("json", "jsonl"):
            return Survey(columns=None)
        if large:
            try:
                return Survey(columns=header(items))
            except JobProblemsError as error:
                return Survey(columns=None, problems=error.problems)
    return _surveyed(items)


def _surveyed(items: Items) -> Survey:
    columns: dict[str, None] = {}
    found: list[Problem] = []
    rows = 0
    is_table = isinstance(items, FileItems) and items.format in ("csv", "tsv")
    for entry in (
        read_table(items.path, items.format)
        if is_table and isinstance(items, FileItems)
        else _entries(items)
    ):
        if isinstance(entry, Problem):
            found.append(entry)
            if len(found) == MAX_PROBLEMS:
                break
            continue
        if isinstance(entry, tuple) or not is_table:
            columns.update(dict.fromkeys(entry))
        rows += not isinstance(entry, tuple)
    if not rows and not found and isinstance(items, FileItems):
        found.append(no_rows(items.path))
    return Survey(columns=tuple(columns) or None, problems=tuple(found))


def _entries(items: Items) -> Iterator[Row | Problem]:
    """Yield each row, or what is wrong with it."""
    if isinstance(items, InlineItems):
        yield from items.rows
        return
    match items.format:
        case "csv" | "tsv":
            for entry in read_table(items.path, items.format):
                if not isinstance(entry, tuple):
                    yield entry
        case "jsonl":
            yield from read_jsonl(items.path)
        case "json":
            yield from read_json(items.path)
        case _:
            raise NotAvailableError(
                f"{items.format} files cannot be read by this version yet",
                hint="save the rows as csv or jsonl",
            )
