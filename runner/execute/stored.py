"""The outcomes of a job's last run, kept so that its report can be rendered again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import orjson

from runner.errors import StateError
from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.jsonvalue import JSON

_NOT_IN_A_LINE = re.compile("[\ud800-\udfff\x85\u2028\u2029]")


@frozen
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


def read_outcomes(file: Path, *, step: str | None = None) -> Iterator[Outcome]:
    """Yield the outcomes of the last run, in input order; of one step where it is named.

    Raises:
        StateError: there is none, or the file is damaged.
    """
    rows: Counter[str] = Counter()
    # The step comes first in a line, so that others need not be read.
    start = b"" if step is None else _start(step)
    try:
        with file.open("rb") as lines:
            for line in lines:
                if not line.startswith((start, b" ")):
                    continue
                stored = loaded_line(line)
                if step is not None and stored["step"] != step:
                    continue
                row = rows[stored["step"]]
                rows[stored["step"]] += 1
                yield Outcome(
                    **{**stored, "row": row, "cost_usd": Decimal(str(stored["cost_usd"]))}
                )
    except FileNotFoundError as error:
        raise StateError(
            "This job has no stored outcomes", hint="Run it first with `runner run`"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise StateError(
            f"The stored outcomes in {file} are damaged",
            hint="Run the job again; the cache still holds its answers",
        ) from error


def _start(step: str) -> bytes:
    """Return how each line of a step begins."""
    return b'{"step":' + orjson.dumps(step) + b","


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome as one line of JSON: of the stored outcomes, and of a jsonl results file.

    NaN and infinities, which JSON does not have, become null.
    """
    return json_line(outcome.record())


def json_line(value: JSON) -> str:
    """Return a value as one line of JSON, its end included, that can always be stored as UTF-8."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:
        # Lone surrogates and integers beyond 64 bits; a blank tells the reader who wrote it.
        text = f" {json.dumps(_finite(value), ensure_ascii=False)}\n"
    if text.isascii():
        return text
    # A lone surrogate cannot be stored as UTF-8, and some readers take the others for the end of a
    # line; JSON can spell them.
    return _NOT_IN_A_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loaded_line(line: bytes) -> dict[str, JSON]:
    """Return the object in a line that `json_line` wrote."""
    # orjson would turn integers beyond 64 bits into floats.
    record: dict[str, JSON] = (json.loads if line.startswith(b" ") else orjson.loads)(line)
    return record


def _finite(value: JSON) -> JSON:
    """Return a value with null for NaN and infinities."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
