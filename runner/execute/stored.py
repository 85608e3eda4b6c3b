"""The outcomes of a job's last run, kept so that its report can be rendered again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from runner.errors import StateError
from runner.execute.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class StoredOutcomes(Collection[Outcome]):
    """The outcomes in a file, one a line, in input order; read anew by each walk over them.

    Walking raises `StateError` where the file is damaged.
    """

    file: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __contains__(self, outcome: object) -> bool:
        return any(each == outcome for each in self)

    def __iter__(self) -> Iterator[Outcome]:
        return read_outcomes(self.file)


def read_outcomes(file: Path) -> Iterator[Outcome]:
    """Yield the outcomes of the last run, in input order.

    Raises:
        StateError: there is none, or the file is damaged.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                stored = json.loads(line)
                stored["cost_usd"] = Decimal(stored["cost_usd"])
                yield Outcome(**stored)
    except FileNotFoundError as error:
        raise StateError(
            "This job has no stored outcomes", hint="Run it first with `runner run`"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise StateError(
            f"The stored outcomes in {file} are damaged",
            hint="Run the job again; the cache still holds its answers",
        ) from error


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome as the line that `read_outcomes` reads."""
    record = outcome.record()
    return json.dumps({**record, "cost_usd": str(outcome.cost_usd), "row": outcome.row}) + "\n"
