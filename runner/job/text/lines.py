"""The lines of a text: from an index to line and column, and from a place to a problem."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import Problem, Severity
from runner.job.text.credentials import excerpt, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 400
"""A message may quote a value of any length."""

_BREAK = re.compile("\n")


@frozen
class Position:
    """A place in a text: line and column from 1, and the width to mark.

    `file` names the text where a source has several; "" is its own.
    """

    line: int
    column: int
    width: int = 1
    file: str = ""


class Lines:
    """Where the lines of a text start."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        if len(self._starts) > 1 and self._starts[-1] == len(text):
            self._starts.pop()  # the end of the last line starts no other

    def position(self, index: int, width: int = 1) -> Position:
        """Return the line and column of an index; beyond the end means the end."""
        line = bisect_right(self._starts, index)
        return Position(line=line, column=index - self._starts[line - 1] + 1, width=width)

    def line(self, number: int) -> str:
        """Return a line (from 1) as written, without its end; beyond the last one it is empty."""
        if number > len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].removesuffix("\r")

    def problem(
        self,
        shown: str,
        position: Position,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem at a position of this text."""
        snippet, cut = excerpt(self.line(position.line), position.column)
        return Problem(
            file=shown,
            line=position.line,
            column=position.column,
            width=position.width,
            message=_short(masked(message)),
            hint=hint and _short(masked(hint)),
            severity=severity,
            snippet=snippet,
            cut=cut,
        )


def is_untouched(problem: Problem, changes: Mapping[int, int]) -> bool:
    """Return whether a problem stands before what was changed in its line.

    `changes` are columns by line, all from 1.
    """
    return problem.column < changes.get(problem.line, problem.column + 1)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
