"""Where a run's outcomes are written as they come, and put in order when all are there."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Final, Self, TextIO, TypeAlias

from runner.execute.kept import Answers
from runner.execute.outcomes import Outcome
from runner.execute.state import scratch
from runner.execute.stored import outcome_line

Line: TypeAlias = tuple[tuple[int, int], str]

_ROW: Final = itemgetter(0)


class Spools:
    """Writes outcomes to one file: wave after wave, in each row after row.

    Steps that are answered side by side are written to a file each, until `join`; a step alone is
    written to the file itself.

    Args:
        waves: The ids of the steps that begin together, in the order of the waves.
        file: All outcomes are in it in the end.
        beside: The path beside which the files of the steps are.
        answers: Hears each line, in the order of the file.

    Raises:
        UsageError: a file cannot be written.
    """

    def __init__(
        self, waves: Sequence[Sequence[str]], file: TextIO, beside: Path, answers: Answers
    ) -> None:
        self._waves = waves
        self._file = file
        self._answers = answers
        self._stack = ExitStack()
        steps = [step for wave in waves for step in wave]
        self._is_alone = len(steps) == 1
        self._files = {
            step: file if self._is_alone else self._stack.enter_context(scratch(beside))
            for step in steps
        }
        self._rows = {step: array("I") for step in steps}

    def add(self, outcome: Outcome) -> None:
        """Write an outcome; those of a step come in the order of their rows."""
        line = outcome_line(outcome)
        self._files[outcome.step].write(line)
        if self._is_alone:
            self._answers.add(line)
        else:
            self._rows[outcome.step].append(outcome.row)

    def file(self, step: str) -> Path:
        """Return a file from which the outcomes of a step, all of which are there, can be read."""
        self._files[step].flush()
        return Path(self._files[step].name)

    def join(self) -> None:
        """Put all outcomes in order."""
        if self._is_alone:
            return
        for wave in self._waves:
            lines = [self._lines(step, place) for place, step in enumerate(wave)]
            for _, line in heapq.merge(*lines, key=_ROW):
                self._file.write(line)
                self._answers.add(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._stack.close()

    def _lines(self, step: str, place: int) -> Iterator[Line]:
        """Yield the lines of a step, each with where it belongs: its row, and its step's place."""
        with self.file(step).open(encoding="utf-8", newline="\n") as file:
            for row, line in zip(self._rows[step], file, strict=True):
                yield (row, place), line
