"""The fields of answers: the schema's, or those that the answers have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.job.model import JsonOutput, Step, Task
from runner.jsonvalue import JSON
from runner.report.values import label


@frozen
class Field:
    """A field of the answers, or a column.

    Attributes:
        name: As the schema or the answer has it.
        title: For readers.
        numeric: Its values are numbers.
    """

    name: str
    title: str
    description: str = ""
    numeric: bool = False

    def __str__(self) -> str:
        return self.title


def fields_of(step: Step, outcomes: Iterable[Outcome]) -> tuple[Field, ...]:
    """Return the fields of a step's answers: the schema's, then any others that answers have."""
    action = step.action
    properties = properties_of(step)
    names = dict.fromkeys(str(name) for name in properties)
    if isinstance(action, Task):
        for outcome in outcomes:
            if isinstance(outcome.output, Mapping):
                names.update(dict.fromkeys(outcome.output))
    return tuple(_field(name, properties.get(name)) for name in names)


def properties_of(step: Step) -> Mapping[str, Any]:
    """Return the schema of each field that a step asks for, by its name; none where it has none."""
    output = step.action.output if isinstance(step.action, Task) else None
    return (output.schema.get("properties") or {}) if isinstance(output, JsonOutput) else {}


def _field(name: str, schema: Any) -> Field:
    if not isinstance(schema, Mapping):
        return Field(name=name, title=label(name))
    kinds = schema.get("type")
    listed = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return Field(
        name=name,
        title=str(schema.get("title") or label(name)),
        description=str(schema.get("description") or ""),
        numeric=bool(listed) and listed <= {"integer", "number", "null"} and listed != {"null"},
    )


def own_fields(output: JSON) -> tuple[Field, ...]:
    """Return the fields of an answer whose shape the provider chose; a text has one."""
    if isinstance(output, Mapping):
        return tuple(_field(str(name), None) for name in output)
    return (Field(name="output", title="Answer"),) if output is not None else ()
