"""What the steps of one run left for the steps that read them, row by row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from runner.execute.outcomes import Outcome
from runner.execute.stored import read_outcomes
from runner.job.model import Step
from runner.jsonvalue import JSON
from runner.planning.calls import Withheld
from runner.planning.expand import Earlier, Past

Values: TypeAlias = Mapping[str, JSON]


@dataclass(slots=True)
class _Left:
    """Of one step: the row of each outcome, in order, and the research contexts to follow."""

    rows: array[int] = field(default_factory=lambda: array("I"))
    interactions: list[str | None] = field(default_factory=list)


class Results:
    """Remembers which row each outcome that is written belongs to, and reads them back."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = {step.id: step for step in steps}
        self._followed = {step.follows for step in steps}
        self._left = {step.id: _Left() for step in steps}

    def note(self, outcome: Outcome) -> None:
        """Remember an outcome that is being written."""
        left = self._left[outcome.step]
        left.rows.append(outcome.row)
        if outcome.step in self._followed:
            left.interactions.append(outcome.interaction_id)

    def before(self, file: Callable[[str], Path], done: Sequence[str]) -> Earlier:
        """Return what the steps that are done left for a row; rows are asked for in order.

        `file` says where a step's outcomes are. They are read once for each step, beside the
        others, so memory does not grow with them.
        """
        readers = {id_: self._reader(file(id_), id_) for id_ in done}

        def earlier(row: int) -> dict[str, Past]:
            return {id_: _past(self._steps[id_], reader.of(row)) for id_, reader in readers.items()}

        return earlier

    def _reader(self, file: Path, step: str) -> _Reader:
        left = self._left[step]
        return _Reader(read_outcomes(file, step=step), left.rows, left.interactions)


class _Reader:
    """Groups the outcomes of one step by row."""

    def __init__(
        self, outcomes: Iterator[Outcome], rows: Sequence[int], interactions: Sequence[str | None]
    ) -> None:
        self._outcomes = outcomes
        self._rows = rows
        self._interactions = interactions
        self._next = 0

    def of(self, row: int) -> list[tuple[Outcome, str | None]]:
        found = []
        while self._next < len(self._rows) and self._rows[self._next] <= row:
            outcome = next(self._outcomes)
            if self._rows[self._next] == row:
                followed = self._interactions[self._next] if self._interactions else None
                found.append((outcome, followed))
            self._next += 1
        return found


def _past(step: Step, found: Sequence[tuple[Outcome, str | None]]) -> Past:
    outcomes = [outcome for outcome, _ in found]
    good = [outcome for outcome in outcomes if outcome.status == "ok"]
    values: Values
    if step.foreach is not None:
        values = _together([_values(outcome) for outcome in good])
    else:
        values = _values(good[0]) if good else _together([])
    return Past(
        values=values,
        withheld=_withheld(step, outcomes, good),
        interaction=found[0][1] if found else None,
    )


def _withheld(step: Step, outcomes: Sequence[Outcome], good: Sequence[Outcome]) -> Withheld | None:
    """Return why a step that reads these outcomes cannot be asked yet, or at all."""
    if any(outcome.status == "pending" for outcome in outcomes):
        return Withheld(status="pending", reason=f"Waits for step '{step.id}'")
    if good or (step.foreach is not None and not outcomes):
        return None
    return Withheld(status="skipped", reason=f"Step '{step.id}' has no answer for this row")


def _values(outcome: Outcome) -> Values:
    """Return what templates see of one outcome."""
    output = outcome.output
    listed = output.get("results") if isinstance(output, dict) else None
    results = (
        [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    addresses = [each.get("url") for each in results] or _cited(outcome.basis)
    return {
        "output": output,
        "results": results,
        "urls": _unique(addresses),
        "basis": list(outcome.basis),
    }


def _together(parts: Sequence[Values]) -> Values:
    """Return what templates see of a step that was asked once for each entry of a list."""
    return {
        "output": [part["output"] for part in parts],
        "results": [each for part in parts for each in part["results"]],
        "urls": _unique([url for part in parts for url in part["urls"]]),
        "basis": [each for part in parts for each in part["basis"]],
    }


def _cited(basis: Sequence[Mapping[str, JSON]]) -> list[JSON]:
    """Return the addresses that a task's answer cites."""
    return [
        citation.get("url")
        for entry in basis
        for citation in entry.get("citations") or ()
        if isinstance(citation, dict)
    ]


def _unique(addresses: Sequence[JSON]) -> list[str]:
    return list(dict.fromkeys(url for url in addresses if isinstance(url, str) and url))
