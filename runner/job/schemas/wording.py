"""The words for what a value does wrong by a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.spelling import did_you_mean

if TYPE_CHECKING:
    from runner.job.model import Where
    from runner.jsonvalue import JSON

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
# A text that YAML would read otherwise without quotes.
_UNSAFE = re.compile(r"^[\s>|*&!%@`'\"?-]|[{}\[\],]|: | #|^$")
# What people call a type, by the names of other languages.
_ALSO_TYPES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "string",
    "text": "string",
    "array": "list",
    "dict": "object",
    "list": "array",
    "date": "string",
    "url": "string",
}


@frozen
class Violation:
    """A value that breaks a keyword of a JSON Schema.

    Attributes:
        where: The place of the value.
        keyword: The schema's keyword, e.g. `type`.
        argument: What the keyword asks for.
        value: What stands there.
        schema: The schema that holds the keyword.
        is_key: The fault is in the name of a key of the mapping at `where`; `value` is the name.
    """

    where: Where
    keyword: str
    argument: JSON
    value: JSON
    schema: Mapping[str, JSON]
    is_key: bool = False


@frozen
class Words:
    """What a message says, and its hint."""

    message: str
    hint: str | None = None


def kind_of(value: JSON) -> str:
    """Return in words what kind of value this is, e.g. `a list`."""
    for kinds, name in (
        (bool, "boolean"),
        (int | float, "number"),
        (str, "string"),
        (Mapping, "object"),
        (Sequence, "array"),
    ):
        if isinstance(value, kinds):
            return TYPES[name]
    return TYPES["null"]


def named(where: Where) -> str:
    """Return how messages call a place, e.g. `steps[0].query`."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def choices(value: str, known: Sequence[str]) -> str:
    """Return a hint for a value that is none of the choices."""
    meant = _ALSO_TYPES.get(value.lower())
    if meant in known:
        return f"did you mean {meant}?"
    return did_you_mean(value, known, noun="one of") or f"one of: {_listed(known)}"


def example(schema: JSON) -> str | None:
    """Return the first example of a schema as it is written in YAML, or None."""
    examples = schema.get("examples") if isinstance(schema, Mapping) else None
    return literal(examples[0]) if examples else None


def literal(value: JSON) -> str:
    """Return a value as it is written in YAML, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {literal(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str) and _UNSAFE.search(value):
        return json.dumps(_shortened(value), ensure_ascii=False)
    return "null" if value is None else _shortened(str(value))


def quoted(value: JSON) -> str:
    """Return a value as messages quote it."""
    return f"'{_shortened(value)}'" if isinstance(value, str) else literal(value)


def _shortened(text: str, room: int = 60) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _listed(words: Sequence[str], most: int = 20) -> str:
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")
