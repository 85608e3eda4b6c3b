"""JSON Schemas by themselves: their parts, and what in them does not fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from runner.job.spelling import closest, did_you_mean

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

_KEYWORDS = frozenset(
    (
        "additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding",
        "contentMediaType", "contentSchema", "default", "definitions", "dependencies",
        "dependentRequired", "dependentSchemas", "deprecated", "description", "else", "enum",
        "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "id", "if", "items",
        "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains",
        "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf",
        "pattern", "patternProperties", "prefixItems", "properties", "propertyNames", "readOnly",
        "required", "then", "title", "type", "unevaluatedItems", "unevaluatedProperties",
        "uniqueItems", "writeOnly",
    )
)  # fmt: skip
_ALSO_CALLED = {
    "nullable": 'write "type": ["string", "null"]',
    "optional": 'write "type": ["string", "null"]',
    "desc": "did you mean description?",
    "example": "did you mean examples?",
    "min": "did you mean minimum?",
    "max": "did you mean maximum?",
    "values": "did you mean enum?",
    "options": "did you mean enum?",
    "choices": "did you mean enum?",
    "fields": "did you mean properties?",
}
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")
_SINGLES = ("items", "additionalProperties", "not")


def subschemas(
    schema: Mapping[str, JSON], where: Where = (), depth: int = 1
) -> Iterator[tuple[Where, Mapping[str, JSON], int]]:
    """Yield every schema in a schema with its place and how many objects are around and in it."""
    yield where, schema, depth
    for key in (*_MAPS, *_LISTS):
        parts = schema.get(key)
        listed = enumerate(parts) if isinstance(parts, list) else ()
        for name, part in parts.items() if isinstance(parts, dict) else listed:
            if isinstance(part, dict):
                yield from subschemas(part, (*where, key, name), depth + (key == "properties"))
    for key in _SINGLES:
        part = schema.get(key)
        if isinstance(part, dict):
            yield from subschemas(part, (*where, key), depth)


def inconsistencies(
    schema: Mapping[str, JSON], source: Source, at: Callable[[Where], Where]
) -> Iterator[Problem]:
    """Yield what a schema names and does not hold, and words that it holds and nobody reads.

    Args:
        schema: As read; it may break the rules of JSON Schema.
        source: The file it stands in.
        at: Returns where in the file a part of the schema stands.
    """
    good: set[str] = set()
    for place, part, _ in subschemas(schema):
        reference = part.get("$ref")
        if isinstance(reference, str) and (fault := _dangling(schema, reference, good)):
            yield source.problem(source.value(at((*place, "$ref"))), fault[0], hint=fault[1])
        # A file without any keyword is something else: a sample of an answer, most likely.
        for key in part if place or _KEYWORDS & part.keys() else ():
            if key not in _KEYWORDS and not key.startswith(("x-", "$")):
                yield source.problem(
                    source.key(at((*place, key))),
                    f"JSON Schema knows no '{key}': nobody reads it",
                    hint=_ALSO_CALLED.get(key) or did_you_mean(key, _KEYWORDS) or "remove it",
                    severity="warning",
                )
        yield from _required(part, place, source, at)


def _required(
    part: Mapping[str, JSON], place: Where, source: Source, at: Callable[[Where], Where]
) -> Iterator[Problem]:
    known, required = part.get("properties"), part.get("required")
    if not isinstance(known, dict) or not isinstance(required, list):
        return
    for index, name in enumerate(required):
        if isinstance(name, str) and name not in known:
            yield source.problem(
                source.value(at((*place, "required", index))),
                f"'{name}' is required, but no property is called so",
                hint=did_you_mean(name, known, noun="properties") or "name it below properties",
                severity="error" if part.get("additionalProperties") is False else "warning",
            )


def _dangling(schema: Mapping[str, JSON], reference: str, good: set[str]) -> tuple[str, str] | None:
    """Return why a reference leads nowhere, and how to mend it, or None.

    Args:
        schema: The whole one.
        reference: Any of its references.
        good: Those that are known to lead somewhere; more are added.
    """
    hint = "a reference names a part of this file, such as #/$defs/address"
    seen: set[str] = set()
    target: JSON = {"$ref": reference}
    while isinstance(target, dict) and isinstance(name := target.get("$ref"), str):
        if name in good:
            break
        if name in seen:
            return f"the reference {reference} leads back to itself", hint
        seen.add(name)
        if not name.startswith("#"):
            return f"the reference {name} leads out of this file", hint
        target = schema
        way = "#"
        steps = name.removeprefix("#").split("/")[1:]
        for step in (part.replace("~1", "/").replace("~0", "~") for part in steps):
            if not isinstance(target, dict) or step not in target:
                near = closest(step, target) if isinstance(target, dict) else None
                hint = hint if near is None else f"did you mean {way}/{near}?"
                return f"the reference {name} leads nowhere", hint
            target = target[step]
            way += f"/{step}"
    good |= seen
    return None
