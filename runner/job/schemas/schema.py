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
from runner.job.schemas.consistency import inconsistencies
from runner.job.schemas.keys import take_as_meant
from runner.job.schemas.language import job_schema, project_schema
from runner.job.schemas.shortform import as_short
from runner.job.schemas.violations import described, problems
from runner.job.schemas.wording import Violation
from runner.templating import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

_MOST_MESSAGES = 10


def mend_job(source: Source) -> None:
    """Report the misspelt keys of a job file, and read them as those that were meant."""
    take_as_meant(source, job_schema(), _homes())


def mend_project(source: Source) -> None:
    """Report the misspelt keys of a runner.yaml, and read them as those that were meant."""
    take_as_meant(source, project_schema(), _homes())


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

    def at(place: Where) -> Where:
        return (*where, *(as_short(place) if short else place))

    try:
        broken = [] if _compiles(schema) else _broken_rules(schema)
        doubtful = list(islice(inconsistencies(schema, source, at), 2 * MOST))
    except RecursionError:
        return [source.problem(source.value(where), "the schema is nested too deeply")]
    if short:
        broken = [replace(v, where=as_short(v.where)) for v in broken]
    reported = [problem for v in broken for problem in problems(v, source, where)]
    # Two faults of one place are one: what the rules of JSON Schema say of it goes first.
    taken = {(problem.line, problem.column) for problem in reported}
    return [*reported, *(p for p in doubtful if (p.line, p.column) not in taken)]


def _compiles(schema: Mapping[str, JSON]) -> bool:
    """Return whether the faster library takes a schema: a quick yes."""
    if _compiled(_Identity(schema)) is None:
        return False
    # The address of another meta-schema would be fetched; whatever it says, this one is meant.
    plain = {key: value for key, value in schema.items() if key != "$schema"}
    try:
        return jsonschema_rs.meta.is_valid(plain)
    except (ValueError, TypeError, jsonschema_rs.ReferencingError):
        return False


def _broken_rules(schema: Mapping[str, JSON]) -> list[Violation]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import

    checker = Draft202012Validator.FORMAT_CHECKER
    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=checker)
    return list(_violations(meta.iter_errors(schema), {}))


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
    from referencing import Registry  # noqa: PLC0415 - part of jsonschema

    # An empty registry: a `$ref` to an address is refused, never fetched.
    registry: Registry[Any] = Registry()
    return _bounded()(identity.schema, registry=registry)


@cache
def _bounded() -> Any:
    """Return jsonschema's validator, with patterns that no text makes take long.

    Python's own regular expressions take years for `(a+)+$`; a schema may come from a stranger.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from jsonschema.validators import extend  # noqa: PLC0415 - likewise

    plain = Draft202012Validator.VALIDATORS

    def pattern(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
        if not isinstance(value, str) or not matches(wanted, value):
            # What is no text, or does not match: jsonschema says so, by a pattern that is quick.
            yield from plain["pattern"](validator, "(?!)", value, schema)

    def pattern_properties(validator: Any, wanted: Any, value: Any, _: Any) -> Iterator[Any]:
        for expression, part in wanted.items() if isinstance(value, dict) else ():
            for key in (key for key in value if matches(expression, key)):
                yield from validator.descend(
                    value[key], part, path=key, schema_path=(expression, key)
                )

    def others(keyword: str) -> Any:
        def checked(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
            named = schema.get("patternProperties")
            if isinstance(named, dict) and isinstance(value, dict):
                matched = [key for key in value if any(matches(each, key) for each in named)]
                value = {key: entry for key, entry in value.items() if key not in matched}
                schema = {key: entry for key, entry in schema.items() if entry is not named}
            yield from plain[keyword](validator, wanted, value, schema)

        return checked

    rest = {name: others(name) for name in ("additionalProperties", "unevaluatedProperties")}
    return extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {"pattern": pattern, "patternProperties": pattern_properties, **rest},
    )


@lru_cache(maxsize=256)
def _expression(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (ValueError, TypeError):
        re.compile(pattern)  # raises what is wrong with it
        return None


def matches(pattern: Any, text: str) -> bool:
    """Return whether a text matches a schema's pattern, in little time whatever both are.

    A pattern that only Python reads, or none at all, is matched by any text.

    Raises:
        re.error: it cannot be read.
    """
    expression = _expression(pattern) if isinstance(pattern, str) else None
    return expression is None or expression.is_valid(text)


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
