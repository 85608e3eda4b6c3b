"""What the Parallel API refuses in an output schema, and what it warns about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.job.violations import named

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.source import Source
    from runner.jsonvalue import JSON

MAX_DEPTH = 5
SURE_DEPTH = 3
"""The API's documentation names both depths; up to here it agrees with itself."""

MAX_PROPERTIES = 100
MAX_ENUM = 500

_UNSUPPORTED = frozenset(
    {
        "contains",
        "format",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minimum",
        "minProperties",
        "multipleOf",
        "pattern",
        "patternProperties",
        "propertyNames",
        "uniqueItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_IN_BASIS = frozenset(
    {"citations", "confidence", "evidence", "reasoning", "source", "sources", "source_urls"}
)
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")
_SINGLES = ("items", "additionalProperties", "not")


def api_problems(schema: Mapping[str, JSON], source: Source, prefix: Where) -> Iterator[Problem]:
    """Yield what the API would refuse (errors) or warn about in a schema standing at `prefix`."""
    if "anyOf" in schema:
        yield source.problem(
            source.key((*prefix, "anyOf")),
            "the API refuses anyOf at the top of an output schema",
            hint="use anyOf inside properties",
        )
    properties = enums = 0
    for where, part, depth in _parts(schema, (), 1):
        place = (*prefix, *where)
        yield from _keywords(part, source, place)
        yield from _fields(part, source, place, where)
        if depth in (SURE_DEPTH + 1, MAX_DEPTH + 1) and isinstance(part.get("properties"), Mapping):
            yield _too_deep(source, place, depth)
        properties += _size(part.get("properties"), Mapping)
        enums += _size(part.get("enum"), list)
    for count, most, what in (
        (properties, MAX_PROPERTIES, "properties"),
        (enums, MAX_ENUM, "enum values"),
    ):
        if count > most:
            yield source.problem(
                source.key(prefix),
                f"the output schema has {count} {what}; the API takes at most {most}",
                hint="split the job, or ask for fewer",
            )


def _too_deep(source: Source, place: Where, depth: int) -> Problem:
    surely = depth > MAX_DEPTH
    return source.problem(
        source.key(place),
        f"objects nested {depth} deep; the API takes at most {MAX_DEPTH if surely else SURE_DEPTH}",
        hint="flatten the schema" if surely else "it may refuse them: flatten the schema",
        severity="error" if surely else "warning",
    )


def _size(value: JSON, kind: type[Mapping[str, JSON] | list[JSON]]) -> int:
    return len(value) if isinstance(value, kind) else 0


def _parts(
    schema: Mapping[str, JSON], where: Where, depth: int
) -> Iterator[tuple[Where, Mapping[str, JSON], int]]:
    """Yield every subschema with its place and how many objects are around and in it."""
    yield where, schema, depth
    for key in _MAPS:
        parts = schema.get(key)
        for name, part in parts.items() if isinstance(parts, Mapping) else ():
            if isinstance(part, Mapping):
                deeper = depth + (key == "properties")
                yield from _parts(part, (*where, key, name), deeper)
    for key in _LISTS:
        parts = schema.get(key)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, Mapping):
                yield from _parts(part, (*where, key, index), depth)
    for key in _SINGLES:
        part = schema.get(key)
        if isinstance(part, Mapping):
            yield from _parts(part, (*where, key), depth)


def _keywords(part: Mapping[str, JSON], source: Source, place: Where) -> Iterator[Problem]:
    for keyword in part:
        if keyword in _UNSUPPORTED:
            yield source.problem(
                source.key((*place, keyword)),
                f"the API does not support '{keyword}' in an output schema",
                hint="say it in the field's description",
            )
    in_union = bool(place) and isinstance(place[-1], int)
    if part.get("type") in ("null", ["null"]) and not in_union:
        yield source.problem(
            source.value((*place, "type")),
            "the API takes null only beside another type",
            hint='write "type": ["string", "null"]',
        )


def _fields(
    part: Mapping[str, JSON], source: Source, place: Where, where: Where
) -> Iterator[Problem]:
    properties = part.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name in properties:
        if name in _IN_BASIS:
            yield source.problem(
                source.key((*place, "properties", name)),
                f"a field named '{name}' asks for what every answer has already",
                hint="remove it: the basis holds sources, reasoning and confidence",
                severity="warning",
            )
    required = part.get("required")
    optional = [
        name for name in properties if not isinstance(required, list) or name not in required
    ]
    spot = f" in {named(where)}" if where else ""
    if optional:
        yield source.problem(
            source.key((*place, "required" if "required" in part else "properties")),
            f"not required{spot}: {', '.join(optional)}",
            hint='list every field in "required": the API warns about others',
            severity="warning",
        )
    if part.get("additionalProperties") is not False:
        yield source.problem(
            source.key((*place, "properties")),
            f"additionalProperties is not false{spot}",
            hint='add "additionalProperties": false: the API warns without it',
            severity="warning",
        )
