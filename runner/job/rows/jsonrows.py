"""json and jsonl files of rows: objects, or texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.job.rows.rowfaults import Row, row_problem, unreadable
from runner.job.text.jsontext import SEVERAL, JsonError, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.jsonvalue import JSON


_LINES_HINT = "one object a line is jsonl: let the file's name end in .jsonl"


def _row(value: JSON) -> Row | None:
    if isinstance(value, str):
        return {"value": value}
    return value if isinstance(value, dict) and "" not in value else None


def _not_a_row(path: Path, value: JSON, *, line: int, column: int, snippet: str | None) -> Problem:
    kind = "a list" if isinstance(value, list) else "null" if value is None else "a single value"
    message, hint = f"a row must be a mapping or a text, not {kind}", 'write {"name": ...} or "..."'
    if isinstance(value, dict):
        message, hint = "a field of this row has no name", "name it, or remove it"
    return row_problem(path, line, message, column=column, hint=hint, snippet=snippet)


def read_jsonl(path: Path) -> Iterator[Row | Problem]:
    """Yield the row of each line, or what is wrong with it."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _json_line(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        yield unreadable(path, error)
        return
    if not number:
        yield row_problem(path, 0, "the file is empty", hint="write one JSON object a line")


def _json_line(path: Path, number: int, line: str) -> Row | Problem:
    try:
        value = parse_json(line.rstrip("\r\n"))
    except JsonError as error:
        return row_problem(
            path,
            number,
            f"this line is not JSON: {error.reason}",
            column=error.column if error.line else 0,
            hint=_line_hint(number, line, error.hint),
            snippet=line,
        )
    row = _row(value)
    if row is None:
        return _not_a_row(path, value, line=number, column=1, snippet=line)
    return row


def _line_hint(number: int, line: str, hint: str | None) -> str:
    if number == 1 and line.lstrip().startswith("["):
        return "write one JSON object a line; a list of rows is saved as .json"
    return hint if hint and hint != SEVERAL else "write one JSON object a line"


def read_json(path: Path) -> Iterator[Row | Problem]:
    """Yield the rows of a list, or what is wrong with it; the file is held whole."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield unreadable(path, error)
        return
    if not text.strip():
        yield row_problem(path, 0, "the file is empty", hint="write a list of objects or texts")
        return
    lines = text.split("\n")
    try:
        rows = parse_json(text)
    except JsonError as error:
        yield row_problem(
            path,
            error.line,
            f"this is not JSON: {error.reason}",
            column=error.column,
            hint=_LINES_HINT
            if _is_lines(lines)
            else error.hint or "write a list of objects or texts",
            snippet=lines[error.line - 1] if error.line else None,
        )
        return
    if not isinstance(rows, list):
        lists = (
            [name for name, value in rows.items() if isinstance(value, list)]
            if isinstance(rows, dict)
            else []
        )
        yield row_problem(
            path, 1, "the file must hold a list of rows", column=1,
            hint=f"keep only the list in '{lists[0]}'" if lists else "write [ ... ]",
            snippet=lines[0],
        )  # fmt: skip
        return
    for index, value in enumerate(rows):
        row = _row(value)
        if row is None:
            line, column = _place(text, index)
            yield _not_a_row(path, value, line=line, column=column, snippet=lines[line - 1])
        else:
            yield row


def _is_lines(lines: list[str]) -> bool:
    """Return whether each of the first lines of a text is an object."""
    filled = [line.strip() for line in lines if line.strip()][:2]
    return len(filled) > 1 and all(line[0] + line[-1] == "{}" for line in filled)


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
