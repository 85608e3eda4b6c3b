"""A problem in a file the user wrote: what, where, and how to mend it."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Literal

from runner.errors import UsageError
from runner.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.jsonvalue import JSON

Severity = Literal["error", "warning"]

MAX_COLUMNS = 96
"""How much of a source line is shown, in terminal columns."""

MOST = 100
"""How many problems of one file are told; a file with more is mended step by step."""

KINDS = {
    "job": "The job cannot be run as it is",
    "language": "A key or a value that the job language does not know",
    "data": "The rows cannot be read, or lack a column",
    "variable": "A variable's declaration or value does not fit",
    "schema": "A JSON Schema that is no schema, or that the API does not take",
    "rule": "Keys that do not go together, or values out of bounds",
    "file": "A path that cannot be read or written, or leads out of the project",
    "template": "A template that cannot be read, or reads what is not there",
    "size": "More than the API takes in one request",
}
"""What problems are about, by kind."""

_TAB = "    "


@frozen
class Problem:
    """One finding in a file; problems sort by file, line and column.

    Attributes:
        file: The path as it is shown to the user.
        line: From 1; 0 where the problem is the file itself.
        column: From 1, counted in characters; 0 where the problem is the file or the whole line.
        message: What is wrong, in one sentence without a full stop.
        hint: How to mend it, or None.
        severity: A warning does not stop a run.
        width: How many characters the caret marks, from `column` on.
        snippet: The source line around the column as written, credentials masked; None where there
            is none.
        cut: How many characters of the line are missing before `snippet`.
        kind: What it is about, one of `KINDS`.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    severity: Severity = "error"
    width: int = 1
    snippet: str | None = None
    cut: int = 0
    kind: str = "job"


class JobProblemsError(UsageError):
    """A job file (or a file it names) has problems; all of them, sorted."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = ordered(problems)
        count = sum(p.severity == "error" for p in problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} found")


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems without repetitions, sorted by file, line and column."""
    return tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.message)))


def of_kind(kind: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems as ones of a kind."""
    for problem in problems:
        yield replace(problem, kind=kind)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Return whether one of the problems stops a run."""
    return any(problem.severity == "error" for problem in problems)


def render(problem: Problem) -> str:
    """Return a problem as text: place and message, the source line, a caret, the hint."""
    place = problem.file
    if problem.line:
        place += f":{problem.line}"
    if problem.line and problem.column:
        place += f":{problem.column}"
    lines = [f"{place}: {problem.severity}: {one_line(problem.message)}"]
    if problem.snippet is not None and problem.snippet.strip():
        lines += _excerpt(problem)
    if problem.hint:
        lines.append(f"  hint: {one_line(problem.hint)}")
    return "\n".join(lines)


def as_dict(problem: Problem) -> dict[str, JSON]:
    """Return a problem as JSON, every field under its own name."""
    return asdict(problem)


def one_line(text: str) -> str:
    """Return a text on one line, with nothing in it that moves a terminal's cursor."""
    return "".join(_shown(character) for character in text.replace("\n", " "))


def _shown(character: str) -> str:
    """Return what is printed for a character: tabs widened, control characters as a blot."""
    if character == "\t":
        return _TAB
    # "Cf" holds the marks that turn the direction of text: a line must look as it is.
    return "\ufffd" if unicodedata.category(character) in {"Cc", "Cf", "Cs"} else character


def _columns(text: str) -> int:
    """Return how many terminal columns a printed text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _excerpt(problem: Problem) -> list[str]:
    """Return the source line and, where there is a column, the line of carets below it."""
    snippet, width = problem.snippet or "", max(1, problem.width)
    if not problem.column:
        return ["  " + _fit(snippet, MAX_COLUMNS)]
    start = min(problem.column - 1 - problem.cut, len(snippet))
    before = "".join(map(_shown, snippet[max(0, start - MAX_COLUMNS) : start]))
    marked = _fit(snippet[start : start + width], MAX_COLUMNS * 2 // 3)
    cut = problem.cut > 0 or start > MAX_COLUMNS
    # Long lines are cut around the caret: what it marks stays in sight with some of its left.
    while before and _columns(before) + _columns(marked) > MAX_COLUMNS - 4:
        before, cut = before[1:], True
    if cut:
        before = "…" + before
    room = max(1, MAX_COLUMNS - _columns(before) - _columns(marked))
    after = _fit(snippet[start + width :], room)
    caret = "^" + "~" * (_columns(marked) - 1)
    return [
        ("  " + before + marked + after).rstrip(),
        "  " + " " * _columns(before) + caret,
    ]


def _fit(text: str, room: int) -> str:
    """Return a text as printed, cut with an ellipsis where it takes more than `room` columns.

    Marks that take no column are cut, too, where there are as many of them.
    """
    kept: list[str] = []
    used = 0
    for character in text:
        shown = _shown(character)
        used += _columns(shown)
        if used > room or len(kept) >= 2 * room:
            return "".join(kept)[: max(0, room - 1)] + "…"
        kept.append(shown)
    return "".join(kept)
