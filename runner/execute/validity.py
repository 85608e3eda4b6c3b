"""Whether an answer keeps its output schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.job.model import JsonOutput, Step, Task
from runner.job.schemas.schema import value_check
from runner.jsonvalue import JSON


class Validity:
    """Judges the answers of one step.

    `null_is_not_found`: null says "not found" in any field, whatever the schema's type.
    """

    def __init__(self, step: Step, *, null_is_not_found: bool) -> None:
        action = step.action
        output = action.output if isinstance(action, Task) else None
        schema = output.schema if isinstance(output, JsonOutput) else None
        self._lenient = null_is_not_found
        if schema is not None and null_is_not_found:
            schema = _without_required(schema)
        self._check = None if schema is None else value_check(schema)

    def complaints(self, output: JSON) -> Sequence[str]:
        """Return how an answer breaks the schema; () where it does not."""
        if self._check is None:
            return ()
        return self._check(_without_nulls(output) if self._lenient else output)


def _without_nulls(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(entry) for entry in value if entry is not None]
    return value


def _without_required(schema: JSON) -> JSON:
    if isinstance(schema, Mapping):
        return {
            key: _without_required(value)
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, list))
        }
    if isinstance(schema, list):
        return [_without_required(entry) for entry in schema]
    return schema
