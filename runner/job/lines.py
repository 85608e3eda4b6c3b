"""The lines of a text: from an index to line and column, and from a place to a problem."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from runner.job.credentials import masked
from runner.job.diagnostics import Problem, Severity

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a text: line and column from 1, and the width to mark."""

    line: int
    column: int
    width: int = 1


class Lines:
    """Where the lines of a text start."""

    def __init__(self, text: str) -> None:
        self._lines = _LINE.findall(text)
        self._starts = [0, *accumulate(len(line) for line in self._lines)]

    def position(self, index: int, width: int = 1) -> Position:
        """Return the line and column of an index; beyond the end means the end."""
        line = bisect_right(self._starts, index, hi=max(1, len(self._lines)))
        return Position(line=line, column=index - self._starts[line - 1] + 1, width=width)

    def snippet(self, line: int) -> str | None:
        """Return a line (from 1) as written, but for credentials; None where there is none."""
        if not 1 <= line <= len(self._lines):
            return None
        return masked(self._lines[line - 1].rstrip("\r\n"))

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
        return Problem(
            file=shown,
            line=position.line,
            column=position.column,
            width=position.width,
            message=masked(message),
            hint=hint and masked(hint),
            severity=severity,
            snippet=self.snippet(position.line),
        )
