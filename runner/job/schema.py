"""What values do against JSON Schemas: the language's own, and those that jobs name.

The only import of jsonschema.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from runner.job.diagnostics import MOST
from runner.job.language import job_schema, project_schema
from runner.job.shortform import as_short
from runner.job.spelling import did_you_mean
from runner.job.violations import Violation, described, problems
from runner.templating import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.source import Source
    from runner.jsonvalue import JSON

_MOST_MESSAGES = 10


def job_problems(source: Source) -> list[Problem]:
    """Return everything a job file does against the schema of the language."""
    return _problems(job_schema(), source)


def project_problems(source: Source) -> list[Problem]:
    """Return everything a runner.yaml does against its schema."""
    return _problems(project_schema(), source)


def input_problems(
    schema: Mapping[str, JSON], value: JSON, source: Source, where: Where
) -> list[Problem]:
    """Return how a job's `input`, standing at `where`, breaks its schema.

    A text that holds a template may become anything, so what it breaks is not known yet.
    """
    if not _refers(_Identity(schema)) and _is_plainly_valid(schema, value):
        return []
    try:
        found = violations(schema, value)
    except _inapplicable() as error:
        return [source.problem(source.value(where), _why(error))]
    return [
        problem
        for violation in found
        if violation.is_key
        or not (isinstance(violation.value, str) and is_template(violation.value))
        for problem in problems(violation, source, where)
    ]


def schema_problems(
    schema: Mapping[str, JSON], source: Source, where: Where = (), *, short: bool = False
) -> list[Problem]:
    """Return why a mapping is no JSON Schema, and what in it is doubtful.

    Args:
        schema: As read.
        source: The file it stands in.
        where: Its place in the file.
        short: The file holds the short form that `schema` was made from.
    """
    try:
        found = [] if _compiles(schema) else _broken_rules(schema)
    except RecursionError:
        return [source.problem(source.value(where), "the schema is nested too deeply")]
    if short:
        found = [replace(v, where=as_short(v.where)) for v in found]
    reported = [problem for v in found for problem in problems(v, source, where)]
    return reported or list(islice(_inconsistent(schema, source, where), 2 * MOST))


def _compiles(schema: Mapping[str, JSON]) -> bool:
    """Return whether the faster library takes a schema: a quick yes."""
    if _compiled(_Identity(schema)) is None:
        return False
    try:
        return jsonschema_rs.meta.is_valid(dict(schema))
    except (ValueError, TypeError):
        return False


def _broken_rules(schema: Mapping[str, JSON]) -> list[Violation]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import

    checker = Draft202012Validator.FORMAT_CHECKER
    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=checker)
    return list(_violations(meta.iter_errors(schema), {}))


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
        entries = parts.items() if isinstance(parts, dict) else enumerate(parts or ())
        for name, part in entries if isinstance(parts, dict | list) else ():
            if isinstance(part, dict):
                yield from subschemas(part, (*where, key, name), depth + (key == "properties"))
    for key in _SINGLES:
        part = schema.get(key)
        if isinstance(part, dict):
            yield from subschemas(part, (*where, key), depth)


def _inconsistent(schema: Mapping[str, JSON], source: Source, where: Where) -> Iterator[Problem]:
    """Yield what a schema names and does not hold: references, and required properties."""
    for place, part, _ in subschemas(schema):
        reference = part.get("$ref")
        if isinstance(reference, str) and (fault := _dangling(schema, reference)):
            yield source.problem(
                source.value((*where, *place, "$ref")),
                fault,
                hint="a reference names a part of this file, such as #/$defs/address",
            )
        known = part.get("properties")
        required = part.get("required")
        if not isinstance(known, dict) or not isinstance(required, list):
            continue
        for index, name in enumerate(required):
            if name not in known:
                yield source.problem(
                    source.value((*where, *place, "required", index)),
                    f"'{name}' is required, but no property is called so",
                    hint=did_you_mean(str(name), known, noun="properties"),
                    severity="error" if part.get("additionalProperties") is False else "warning",
                )


def _dangling(schema: Mapping[str, JSON], reference: str) -> str | None:
    """Return why a reference leads nowhere, or None."""
    seen: set[str] = set()
    target: JSON = {"$ref": reference}
    while isinstance(target, dict) and isinstance(name := target.get("$ref"), str):
        if name in seen:
            return f"the reference {reference} leads back to itself"
        seen.add(name)
        if not name.startswith("#"):
            return f"the reference {name} leads out of this file"
        target = schema
        steps = name.removeprefix("#").split("/")[1:]
        for step in (part.replace("~1", "/").replace("~0", "~") for part in steps):
            if not isinstance(target, dict) or step not in target:
                return f"the reference {name} leads nowhere"
            target = target[step]
    return None


def violations(schema: Mapping[str, JSON], value: JSON) -> list[Violation]:
    """Return everything a value does against a schema, in the value's order.

    Raises:
        Exception: the schema cannot be applied; `validate_value` and `input_problems` say so.
    """
    return list(_violations(_validator(_Identity(schema)).iter_errors(value), schema))


def _is_plainly_valid(schema: Mapping[str, JSON], value: JSON) -> bool:
    """Return whether a compiled schema says a quick yes; reasons for a no are jsonschema's."""
    return _is_quickly_valid(_compiled(_Identity(schema)), value)


def _is_quickly_valid(compiled: jsonschema_rs.Draft202012Validator | None, value: JSON) -> bool:
    try:
        return compiled is not None and compiled.is_valid(value)
    except (ValueError, TypeError, RecursionError):
        return False


def validate_value(schema: Mapping[str, JSON], value: JSON) -> list[str]:
    """Return how a value breaks a schema, one sentence each (at most ten); [] where it does not.

    The schema is compiled once for as long as the same mapping is given.
    """
    return value_check(schema)(value)


def value_check(schema: Mapping[str, JSON]) -> Callable[[JSON], list[str]]:
    """Return what says how a value breaks a schema, as `validate_value` does, for many values."""
    compiled = None if _refers(_Identity(schema)) else _compiled(_Identity(schema))

    def complaints(value: JSON) -> list[str]:
        if _is_quickly_valid(compiled, value):
            return []
        try:
            found = violations(schema, value)
        except _inapplicable() as error:
            return [_why(error)]
        messages = list(dict.fromkeys(_sentence(violation) for violation in found))
        return messages[:_MOST_MESSAGES]

    return complaints


def _sentence(violation: Violation) -> str:
    if violation.keyword == "additionalProperties":
        known = violation.schema.get("properties", {})
        extra = ", ".join(str(key) for key in violation.value if key not in known)
        return f"unknown field: {extra}"
    text = described(violation)
    return text.replace("the file", "the answer", 1) if not violation.where else text


def _problems(schema: Mapping[str, JSON], source: Source) -> list[Problem]:
    if _is_plainly_valid(schema, source.data):
        return []
    found = violations(schema, source.data)
    return [problem for v in found for problem in problems(v, source, homes=_homes())]


@cache
def _homes() -> Mapping[str, Sequence[str]]:
    """Return for each key of the job language the keys it may stand below ("": the top)."""
    homes: dict[str, list[str]] = {}

    def note(properties: Mapping[str, JSON], home: str) -> None:
        for key in properties:
            homes.setdefault(key, []).append(home)

    job = job_schema()
    note(job["properties"], "")
    note({"foreach": {}, "follows": {}}, "steps")
    for name, schema in [*job["properties"].items(), *job["$defs"].items()]:
        if name not in {"step", "variable"}:
            note(schema.get("properties", {}), name)
        if name != "steps":
            note(schema.get("items", {}).get("properties", {}), name)
    return homes


class _Identity:
    """A schema as a key of a cache: the same object, without reading all of it each time."""

    __slots__ = ("schema",)

    def __init__(self, schema: Mapping[str, JSON]) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.schema is self.schema


@lru_cache(maxsize=64)
def _validator(identity: _Identity) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from referencing import Registry  # noqa: PLC0415 - part of jsonschema

    # An empty registry: a `$ref` to an address is refused, never fetched.
    registry: Registry[Any] = Registry()
    return Draft202012Validator(identity.schema, registry=registry)


@lru_cache(maxsize=64)
def _compiled(identity: _Identity) -> jsonschema_rs.Draft202012Validator | None:
    """Return a schema compiled by a faster library; None where it cannot compile it."""
    try:
        return jsonschema_rs.Draft202012Validator(dict(identity.schema), retriever=_refuse)
    except (ValueError, TypeError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _refers(identity: _Identity) -> bool:
    """Return whether a schema has references, of which some lead in a circle."""
    return '"$ref"' in json.dumps(identity.schema)


def _refuse(address: str) -> JSON:
    raise ValueError(f"{address} is not fetched")


def _violations(errors: Iterable[Any], root: Mapping[str, JSON]) -> Iterator[Violation]:
    """Yield jsonschema's errors as ours, each missing key apart."""
    for error in sorted(
        islice(errors, 2 * MOST), key=lambda e: [str(step) for step in e.absolute_path]
    ):
        where = tuple(error.absolute_path)
        path = list(error.absolute_schema_path)
        argument = error.validator_value
        if error.validator == "required":
            # jsonschema reports each missing key by itself, and names it only in its message.
            argument = [key for key in argument if error.message.startswith(repr(key))]
        yield Violation(
            where=where,
            keyword=str(error.validator),
            argument=argument,
            value=error.instance,
            schema=_whole(error.schema, root) if isinstance(error.schema, dict) else {},
            is_key="propertyNames" in path,
        )


def _whole(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return a schema with what its reference leads to, if that is among the root's `$defs`."""
    target = root.get("$defs", {}).get(str(schema.get("$ref", "")).removeprefix("#/$defs/"))
    return {**target, **schema} if isinstance(target, dict) else schema


@cache
def _inapplicable() -> tuple[type[Exception], ...]:
    """Return what jsonschema raises for a schema that passes its check and still fails."""
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - part of jsonschema

    return (Unresolvable, RecursionError, re.error, TypeError)


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the schema refers to itself without end"
    if isinstance(error, re.error):
        return f"the schema holds a pattern that cannot be read: {error}"
    reference = getattr(error, "ref", "")
    return f"the schema refers to something that is not there: {reference}".rstrip(": ")
