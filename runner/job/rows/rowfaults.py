"""What is wrong with a data file: problems with file and line, like those of a job."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from runner.job.diagnostics import Problem
from runner.job.paths import shown_path
from runner.job.text.credentials import excerpt
from runner.job.text.textfile import not_utf8

if TYPE_CHECKING:
    from pathlib import Path

    from runner.jsonvalue import JSON

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")

Row: TypeAlias = Mapping[str, "JSON"]
"""One row: a value for each column."""


def row_problem(
    path: Path, line: int, message: str, *, column: int = 0, hint: str | None = None,
    snippet: str | None = None, width: int = 1,
) -> Problem:  # fmt: skip
    """Return a problem in a data file; line 0 means the file as a whole."""
    shown, cut = (None, 0) if snippet is None else excerpt(snippet.rstrip("\r\n"), column)
    return Problem(
        file=shown_path(path), line=line, column=column, message=message, hint=hint,
        snippet=shown, width=width, cut=cut,
    )  # fmt: skip


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names in a header, on one line each; cells at its end without a name are none.

    What nobody sees is taken out of a name: no template could be written with it.
    """
    names = [" ".join(_UNSEEN.sub("", cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def misnamed(names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield index, message and hint of each column without a name, or with one that is taken."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            yield index, f"column {index + 1} has no name", "name it, or remove the column"
        elif name in seen:
            yield index, f"the column '{name}' is there twice", "rename one of them"
        seen.add(name)


def no_rows(path: Path) -> Problem:
    """Return the warning of a file that can be read and holds nothing."""
    hint = "write a line for each row below the names of the columns, or an entry for each"
    return replace(row_problem(path, 0, "the file has no rows", hint=hint), severity="warning")


def unreadable(path: Path, error: OSError | ValueError) -> Problem:
    """Return why a data file cannot be opened or decoded."""
    if isinstance(error, UnicodeDecodeError):
        return _undecodable(path)
    if isinstance(error, FileNotFoundError):
        return row_problem(path, 0, "there is no such file", hint="check the path's spelling")
    reason = getattr(error, "strerror", None) or str(error)
    return row_problem(
        path, 0, f"the file cannot be read: {reason}", hint="check its path and rights"
    )


def _undecodable(path: Path) -> Problem:
    """Return the place of the first bytes that are not UTF-8, without holding the file whole."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                found = not_utf8(raw, error, shown_path(path))
                message = found.message.replace("of the file", f"of line {number}")
                return replace(found, line=number, message=message, hint=_utf8_hint(path))
    return row_problem(path, 0, "the file is not UTF-8", hint=_utf8_hint(path))


def _utf8_hint(path: Path) -> str:
    is_table = path.suffix.lower() in (".csv", ".tsv")
    return f"save the file as UTF-8{' (in Excel: CSV UTF-8)' if is_table else ''}"
