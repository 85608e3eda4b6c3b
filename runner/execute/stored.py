"""The outcomes of a job's last run, kept so that its report can be rendered again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from runner.errors import StateError
from runner.execute.outcomes import Outcome
from runner.execute.state import write_whole
from runner.jsonvalue import canonical


def store_outcomes(file: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes, one a line, whole or not at all."""
    write_whole(file, (_line(outcome) for outcome in outcomes))


def read_outcomes(file: Path) -> Iterator[Outcome]:
    """Yield the outcomes of the last run, in input order.

    Raises:
        StateError: there is none, or the file is damaged.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                stored = json.loads(line)
                stored["cost_usd"] = Decimal(str(stored["cost_usd"]))
                yield Outcome(**stored)
    except FileNotFoundError as error:
        raise StateError(
            "This job has no stored outcomes", hint="Run it first with `runner run`"
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StateError(
            f"The stored outcomes in {file} are damaged",
            hint="Run the job again; the cache still holds its answers",
        ) from error


def _line(outcome: Outcome) -> str:
    return canonical({**outcome.record(), "row": outcome.row}) + "\n"
