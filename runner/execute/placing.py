"""Which row each stored outcome belongs to, where the file says only what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from runner.execute.outcomes import Outcome
from runner.execute.stored import read_outcomes
from runner.job.model import Step
from runner.planning.expand import WITHIN


def placed(outcomes: Iterable[Outcome], steps: Sequence[Step], file: Path) -> Iterator[Outcome]:
    """Yield the outcomes of a file with the rows they belong to.

    Those of a step with `foreach` are several a row, or none, and are numbered as they come; of
    which row each is an entry is told by its name and its columns.

    Args:
        outcomes: Of the file, in its order.
        steps: The job's.
        file: The same, to read the rows from.
    """
    whole = next((step.id for step in steps if step.foreach is None), None)
    if whole is None:
        yield from outcomes
        return
    rows = {
        step.id: _Rows(read_outcomes(file, step=whole))
        for step in steps
        if step.foreach is not None
    }
    for outcome in outcomes:
        found = rows.get(outcome.step)
        yield outcome if found is None else replace(outcome, row=found.of(outcome))


class _Rows:
    """The rows of a run, one after another, beside the entries that belong to them."""

    def __init__(self, outcomes: Iterator[Outcome]) -> None:
        self._outcomes = outcomes
        self._row = next(outcomes, None)
        self._next = next(outcomes, None)

    def of(self, entry: Outcome) -> int:
        """Return the row of an entry; entries come in the order of their rows."""
        while self._row and self._next and _is_later(entry, self._row, self._next):
            self._row, self._next = self._next, next(self._outcomes, None)
        return 0 if self._row is None else self._row.row


def _is_later(entry: Outcome, row: Outcome, after: Outcome) -> bool:
    """Return whether an entry is not of a row but of a later one."""
    if not _is_of(entry, row):
        return True
    # Of two rows of one name, it is of the one whose columns it has.
    return _is_of(entry, after) and _shared(entry, row) < _shared(entry, after)


def _is_of(entry: Outcome, row: Outcome) -> bool:
    return entry.key == row.key or entry.key.startswith(f"{row.key}{WITHIN}")


def _shared(entry: Outcome, row: Outcome) -> int:
    return sum(entry.item.get(column) == value for column, value in row.item.items())
