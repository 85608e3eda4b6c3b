"""Rows: csv, tsv, json and jsonl files, or lists in the job file, to one mapping a row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from runner.errors import NotAvailableError
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.lines import Lines
from runner.job.model import FileItems, InlineItems, Items
from runner.job.paths import shown_path
from runner.job.textfile import not_utf8

if TYPE_CHECKING:
    from pathlib import Path
    from typing import NoReturn, TextIO

    from runner.jsonvalue import JSON

Row: TypeAlias = Mapping[str, "JSON"]

MAX_PROBLEMS = 20
"""A broken file says so often enough."""

MAX_SURVEY_BYTES = 16 * 1024 * 1024
"""Larger files are not read whole before the run."""

_DELIMITERS = ",;\t|"
_MAX_SNIPPET = 2_000


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
        for entry in _table(items):
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
    count = 0
    is_table = isinstance(items, FileItems) and items.format in ("csv", "tsv")
    for entry in _table(items) if is_table and isinstance(items, FileItems) else _entries(items):
        if isinstance(entry, Problem):
            found.append(entry)
            if len(found) == MAX_PROBLEMS:
                break
        elif isinstance(entry, tuple) or not is_table:
            columns.update(dict.fromkeys(entry))
        count += 1
    return Survey(columns=tuple(columns) if count and columns else None, problems=tuple(found))


def _entries(items: Items) -> Iterator[Row | Problem]:
    """Yield each row, or what is wrong with it."""
    if isinstance(items, InlineItems):
        yield from items.rows
        return
    match items.format:
        case "csv" | "tsv":
            for entry in _table(items):
                if not isinstance(entry, tuple):
                    yield entry
        case "jsonl":
            yield from _jsonl(items.path)
        case "json":
            yield from _json(items.path)
        case _:
            raise NotAvailableError(
                f"{items.format} files cannot be read by this version yet",
                hint="save the rows as csv or jsonl",
            )


def _problem(
    path: Path, line: int, message: str, *, column: int = 0, hint: str | None = None,
    snippet: str | None = None, width: int = 1,
) -> Problem:  # fmt: skip
    if snippet is not None:
        snippet = Lines(snippet[:_MAX_SNIPPET]).snippet(1)
    return Problem(
        file=shown_path(path), line=line, column=column, message=message, hint=hint,
        snippet=snippet, width=width,
    )  # fmt: skip


def _unreadable(path: Path, error: OSError | ValueError) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        return _undecodable(path)
    if isinstance(error, FileNotFoundError):
        return _problem(path, 0, "there is no such file", hint="check the path's spelling")
    reason = getattr(error, "strerror", None) or str(error)
    return _problem(path, 0, f"the file cannot be read: {reason}", hint="check its path and rights")


def _undecodable(path: Path) -> Problem:
    """Return the place of the first bytes that are not UTF-8, without holding the file whole."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                found = not_utf8(raw, error, shown_path(path))
                message = found.message.replace("of the file", f"of line {number}")
                return _problem(path, number, message, column=found.column, hint=found.hint)
    return _problem(path, 0, "the file is not UTF-8", hint="save the file as UTF-8")


# Tables -------------------------------------------------------------------------------------


def _table(items: FileItems) -> Iterator[tuple[str, ...] | Row | Problem]:
    """Yield the header as a tuple, then each row, or what is wrong with it."""
    path = items.path
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if not first.strip():
                yield _problem(
                    path, 0, "the file has no header", hint="its first line names the columns"
                )
                return
            delimiter = "\t" if items.format == "tsv" else _delimiter(first)
            file.seek(0)
            yield from _records(path, file, delimiter, first)
    except (OSError, UnicodeDecodeError) as error:
        yield _unreadable(path, error)


def _delimiter(line: str) -> str:
    """Return the mark that separates the header's names: the commonest outside quotes."""
    bare = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=lambda mark: (bare.count(mark), -_DELIMITERS.index(mark)))


def _records(
    path: Path, file: TextIO, delimiter: str, first: str
) -> Iterator[tuple[str, ...] | Row | Problem]:
    latest = ""

    def lines() -> Iterator[str]:
        nonlocal latest
        for line in file:
            latest = line
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    names: tuple[str, ...] | None = None
    start = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield _misquoted(path, start, error, latest)
            return
        if cells is None:
            return
        line, start = start, reader.line_num + 1
        if names is None:
            names = tuple(cell.strip() for cell in cells)
            broken = list(_misnamed(path, names, first, delimiter))
            yield from broken or [names]
            if broken:
                return
        elif len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))
        elif cells:
            snippet = latest if line == reader.line_num else None
            yield _ragged(path, line, cells, names, snippet)


def _misnamed(path: Path, names: tuple[str, ...], first: str, delimiter: str) -> Iterator[Problem]:
    """Yield what is wrong with the names of the columns."""
    starts: list[int] = [0] * len(names)
    if '"' not in first:
        offset = 1
        for index, cell in enumerate(first.split(delimiter)[: len(names)]):
            starts[index] = offset
            offset += len(cell) + 1
    for index, name in enumerate(names):
        if not name:
            message = f"column {index + 1} has no name"
            hint = "name it, or remove the separator"
        elif name in names[:index]:
            message = f"the column '{name}' is there twice"
            hint = "rename one of them"
        else:
            continue
        yield _problem(
            path, 1, message, column=starts[index], hint=hint, snippet=first, width=len(name)
        )


def _ragged(
    path: Path, line: int, cells: list[str], names: tuple[str, ...], snippet: str | None
) -> Problem:
    if len(cells) > len(names):
        hint = "a cell that holds the separator itself needs double quotes"
    else:
        hint = f"the columns are: {', '.join(names)}"
    count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    message = f"this row has {count}, but the header has {len(names)}"
    return _problem(path, line, message, hint=hint, snippet=snippet)


def _misquoted(path: Path, line: int, error: csv.Error, latest: str) -> Problem:
    text = str(error)
    if "unexpected end of data" in text:
        message = "a double quote is opened in this row and never closed"
    elif "field larger" in text:
        message = "a cell is longer than 131,072 characters: is a double quote never closed?"
    elif "expected after" in text:
        message = "text after a closing double quote"
    else:
        message = f"this row cannot be read: {text}"
    hint = 'quote the whole cell; a double quote inside is written ""'
    return _problem(path, line, message, hint=hint, snippet=latest or None)


# JSON ---------------------------------------------------------------------------------------


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _row(value: JSON) -> Row | None:
    if isinstance(value, str):
        return {"value": value}
    return value if isinstance(value, dict) else None


def _not_a_row(path: Path, value: JSON, *, line: int, column: int, snippet: str | None) -> Problem:
    kind = "a list" if isinstance(value, list) else "null" if value is None else "a single value"
    return _problem(
        path,
        line,
        f"a row must be a mapping or a text, not {kind}",
        column=column,
        hint='write {"name": ...} or "..."',
        snippet=snippet,
    )


def _jsonl(path: Path) -> Iterator[Row | Problem]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _json_line(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        yield _unreadable(path, error)
        return
    if not number:
        yield _problem(path, 0, "the file is empty", hint="write one JSON object a line")


def _json_line(path: Path, number: int, line: str) -> Row | Problem:
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return _problem(
            path,
            number,
            f"this line is not JSON: {error.msg}",
            column=error.colno,
            hint="write one JSON object a line",
            snippet=line,
        )
    except (ValueError, RecursionError) as error:
        return _problem(path, number, f"this line is not JSON: {_reason(error)}", snippet=line)
    row = _row(value)
    if row is None:
        return _not_a_row(path, value, line=number, column=1, snippet=line)
    return row


def _json(path: Path) -> Iterator[Row | Problem]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield _unreadable(path, error)
        return
    try:
        rows = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        snippet = lines[error.lineno - 1] if error.lineno <= len(lines) else None
        yield _problem(
            path,
            error.lineno if text.strip() else 0,
            f"this is not JSON: {error.msg}" if text.strip() else "the file is empty",
            column=error.colno,
            hint="write a list of objects or texts",
            snippet=snippet,
        )
        return
    except (ValueError, RecursionError) as error:
        yield _problem(path, 0, f"this is not JSON: {_reason(error)}")
        return
    if not isinstance(rows, list):
        yield _problem(path, 1, "the file must hold a list of rows", column=1, hint="write [ ... ]")
        return
    for index, value in enumerate(rows):
        row = _row(value)
        if row is None:
            line, column = _place(text, index)
            snippet = text.splitlines()[line - 1] if line else None
            yield _not_a_row(path, value, line=line, column=column, snippet=snippet)
        else:
            yield row


def _place(text: str, index: int) -> tuple[int, int]:
    """Return line and column of the entry with an index in the list that a JSON text holds."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    for count in range(index + 1):
        while text[at] in " \t\r\n,":
            at += 1
        if count < index:
            _, at = decoder.raw_decode(text, at)
    before = text[:at]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _reason(error: ValueError | RecursionError) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
