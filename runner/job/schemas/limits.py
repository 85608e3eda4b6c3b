"""What the Parallel API refuses in a task and in its output schema, and what it warns about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from runner.job.schemas.consistency import subschemas
from runner.job.schemas.shortform import as_short
from runner.job.schemas.wording import named
from runner.jsonvalue import canonical
from runner.templating import is_template

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Scope
    from runner.job.model import Where
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

MAX_DEPTH = 5
SURE_DEPTH = 3
"""The API's documentation names both depths; up to here it agrees with itself."""

MAX_SPEC = 15_000
MAX_TASK = 25_000
"""How many characters a task's schemas, and these with its query or input, may have as JSON."""

MAX_METADATA_KEY = 16
MAX_METADATA_VALUE = 512

MAX_PROPERTIES = 100
MAX_ENUM = 500

_Place: TypeAlias = "Callable[[Where], Where]"
"""Returns where in its file a part of a schema stands."""

UNSUPPORTED = frozenset(
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


def api_problems(
    schema: Mapping[str, JSON], source: Source, prefix: Where, *, short: bool = False
) -> Iterator[Problem]:
    """Yield what the API would refuse (errors) or warn about in a schema.

    Args:
        schema: Of an answer.
        source: The file it stands in, below `prefix`.
        prefix: Its place there.
        short: The file holds the short form that `schema` was made from.
    """
    if "anyOf" in schema:
        yield source.problem(
            source.key((*prefix, "anyOf")),
            "the API refuses anyOf at the top of an output schema",
            hint="use anyOf inside properties",
        )

    def at(where: Where) -> Where:
        return (*prefix, *(as_short(where) if short else where))

    properties = enums = 0
    for where, part, depth in subschemas(schema):
        properties += _size(part.get("properties"), Mapping)
        enums += _size(part.get("enum"), list)
        if depth > MAX_DEPTH + 1:
            continue  # it was said further up
        yield from _keywords(part, source, where, at)
        yield from _fields(part, source, where, at)
        if depth in (SURE_DEPTH + 1, MAX_DEPTH + 1) and isinstance(part.get("properties"), Mapping):
            yield _too_deep(source, at(where), depth)
    for count, most, what in (
        (properties, MAX_PROPERTIES, "properties"),
        (enums, MAX_ENUM, "enum values"),
    ):
        if count > most:
            yield source.problem(
                source.key(at(("properties",))),
                f"the output schema has {count} {what}; the API takes at most {most}",
                hint="split the job, or ask for fewer",
            )


def size_problems(step: Scope, schemas: Iterable[JSON]) -> Iterator[Problem]:
    """Yield why a step's task is too long, as far as that is known without its rows.

    Args:
        step: A step that holds a query or input.
        schemas: Of its output and of its input, where they are JSON Schemas.
    """
    spec = sum(len(canonical(schema)) for schema in schemas)
    if spec > MAX_SPEC:
        key = "output" if "output" in step.data else "query"
        yield step.problem(
            step.key(key) if key in step.data else step.value(),
            f"the schemas have {spec:,} characters; the API takes at most {MAX_SPEC:,}",
            hint="ask for fewer fields, or describe them more briefly",
        )
        return
    for key in ("query", "input"):
        asked = step.data.get(key)
        text = asked if isinstance(asked, str) else "" if asked is None else canonical(asked)
        if text and not is_template(text) and spec + len(text) > MAX_TASK:
            yield step.problem(
                step.key(key),
                f"{key} and schemas have {spec + len(text):,} characters; "
                f"the API takes at most {MAX_TASK:,}",
                hint="shorten the text, or put it in documents for the local provider",
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


def _keywords(
    part: Mapping[str, JSON], source: Source, where: Where, at: _Place
) -> Iterator[Problem]:
    for keyword in part:
        if keyword in UNSUPPORTED:
            yield source.problem(
                source.key(at((*where, keyword))),
                f"the API does not support '{keyword}' in an output schema",
                hint="say it in the field's description",
            )
    in_union = bool(where) and isinstance(where[-1], int)
    if part.get("type") in ("null", ["null"]) and not in_union:
        yield source.problem(
            source.value(at((*where, "type"))),
            "the API takes null only beside another type",
            hint='write "type": ["string", "null"]',
        )


def _fields(
    part: Mapping[str, JSON], source: Source, where: Where, at: _Place
) -> Iterator[Problem]:
    properties = part.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name in properties:
        if name in _IN_BASIS:
            yield source.problem(
                source.key(at((*where, "properties", name))),
                f"a field named '{name}' asks for what every answer has already",
                hint="remove it: the basis holds sources, reasoning and confidence",
                severity="warning",
            )
    required = part.get("required")
    names = required if isinstance(required, list) else []
    listed = {name for name in names if isinstance(name, str)}
    optional = [name for name in properties if name not in listed]
    spot = f" in {named(where)}" if where else ""
    if optional:
        yield source.problem(
            source.key(at((*where, "required" if "required" in part else "properties"))),
            f"not required{spot}: {', '.join(optional)}",
            hint='list every field in "required": the API warns about others',
            severity="warning",
        )
    if part.get("additionalProperties") is not False:
        yield source.problem(
            source.key(at((*where, "properties"))),
            f"additionalProperties is not false{spot}",
            hint='add "additionalProperties": false: the API warns without it',
            severity="warning",
        )
