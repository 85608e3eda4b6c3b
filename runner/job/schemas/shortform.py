"""The short form of an output: field names with types or descriptions, made a JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.schemas.wording import kind_of
from runner.job.spelling import closest

if TYPE_CHECKING:
    from runner.job.diagnostics import Severity
    from runner.job.model import Where
    from runner.jsonvalue import JSON

_NAMES = {
    "string": "string",
    "text": "string",
    "integer": "integer",
    "int": "integer",
    "number": "number",
    "float": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "date": "date",
    "array": "array",
    "list": "array",
    "url": "url",
}
_TYPES = ("string", "integer", "number", "boolean", "array")
_LIST = re.compile(r"(?:list|array) of (.+)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,12}\??")
# How other languages write a list, or a value that may be absent.
_FORMS = (
    (re.compile(r"(\w+)\[\]"), "[{}]"),
    (re.compile(r"\[(\w+)s\]"), "[{}]"),
    (re.compile(r"(?:list|array)<(\w+)>", re.IGNORECASE), "[{}]"),
    (re.compile(r"(\w+)(?: or | ?\| ?)(?:null|none|nothing)", re.IGNORECASE), "{}?"),
    (re.compile(r"(?:optional|nullable) (\w+)", re.IGNORECASE), "{}?"),
    (re.compile(r"(\w+),? \(?optional\)?", re.IGNORECASE), "{}?"),
)
_FRAGMENT = frozenset({"type", "enum", "const", "anyOf", "properties", "items", "$ref"})
_DEEPEST = 20


@frozen
class Remark:
    """What is wrong with, or doubtful about, a field of a short form."""

    where: Where
    message: str
    hint: str | None = None
    severity: Severity = "error"


@dataclass(slots=True)
class _Expansion:
    """How a short form is expanded, and what was noticed."""

    with_formats: bool
    remarks: list[Remark] = field(default_factory=list)


def is_schema(value: Mapping[str, JSON]) -> bool:
    """Return whether a mapping is a JSON Schema rather than a short form."""
    return (
        value.get("type") == "object"
        or (value.get("type") in _TYPES and value.keys() <= {"type", "items", "enum"})
        or isinstance(value.get("properties"), Mapping)
        or "$schema" in value
        or "$ref" in value
    )


def as_short(where: Where) -> Where:
    """Return the place in the short form of a place in the schema made from it."""
    return tuple(step for step in where if step not in ("properties", "items"))


def expand(
    value: Mapping[str, JSON], *, with_formats: bool
) -> tuple[Mapping[str, JSON], tuple[Remark, ...]]:
    """Return the JSON Schema that a short form stands for, and what is wrong with the form.

    Args:
        value: Field names, each with a type (`integer`, `date`, `integer?`, `[string]`,
            `list of string`), a description (any other text), a list of one of these, a mapping
            of fields, or a piece of JSON Schema.
        with_formats: Say `format: date` for dates; else in words, for providers without formats.
    """
    expansion = _Expansion(with_formats)
    return _object(value, (), expansion), tuple(expansion.remarks)


def _object(value: Mapping[str, JSON], where: Where, to: _Expansion) -> dict[str, JSON]:
    return {
        "type": "object",
        "properties": {name: _field(entry, (*where, name), to) for name, entry in value.items()},
        "required": list(value),
        "additionalProperties": False,
    }


def _field(value: JSON, where: Where, to: _Expansion) -> dict[str, JSON]:
    if len(where) > _DEEPEST:
        to.remarks.append(Remark(where=where, message="fields are nested too deeply"))
        return {}
    if isinstance(value, str) or value is None:
        return _text(value or "string", where, to)
    if isinstance(value, list) and len(value) == 1:
        return {"type": "array", "items": _field(value[0], (*where, 0), to)}
    if isinstance(value, Mapping) and value:
        is_fragment = _FRAGMENT & value.keys() and _is_fragment(value)
        return _fragment(value, to) if is_fragment else _object(value, where, to)
    to.remarks.append(
        Remark(
            where=where,
            message=f"the field '{where[-1]}' has {kind_of(value)} where a type is expected",
            hint="write a type (integer, date, [string]) or a description in words",
        )
    )
    return {}


def _is_fragment(value: Mapping[str, JSON]) -> bool:
    """Return whether a field's mapping is JSON Schema, not a group of fields named alike."""
    kind = value.get("type")
    if isinstance(kind, str):
        return kind.rstrip("?") in _NAMES or kind in {"object", "null"}
    return True


def _fragment(value: Mapping[str, JSON], to: _Expansion) -> dict[str, JSON]:
    kind = value.get("type")
    known = _type(kind, to) if isinstance(kind, str) else None
    if known is None:
        return dict(value)
    if "items" in value:
        known.pop("items", None)
    rest = {key: entry for key, entry in value.items() if key != "type"}
    return {**known, **rest}


def _text(value: str, where: Where, to: _Expansion) -> dict[str, JSON]:
    known = _type(value.strip(), to)
    if known is not None:
        return known
    near = closest(value.rstrip("?"), _NAMES) if _WORD.fullmatch(value) else _likely(value)
    if near is not None:
        to.remarks.append(
            Remark(
                where=where,
                message=f"'{value}' is no type, so it is read as a description",
                hint=f"write {near}" if "?" in near or "[" in near else f"did you mean {near}?",
                severity="warning",
            )
        )
    return {"type": "string", "description": value.strip()}


def _likely(text: str) -> str | None:
    """Return the type that is meant by one in another language's form, or None."""
    for pattern, form in _FORMS:
        if (match := pattern.fullmatch(text.strip())) and match[1].lower() in _NAMES:
            return form.format(match[1].lower())
    return None


def _type(text: str, to: _Expansion) -> dict[str, JSON] | None:
    """Return the schema that a type's name stands for, or None where it is not one."""
    if text.startswith("[") and text.endswith("]"):
        inner = _type(text[1:-1].strip(), to)
        return None if inner is None else {"type": "array", "items": inner}
    if match := _LIST.fullmatch(text):
        inner = _type(match[1].strip(), to) or _type(match[1].strip().removesuffix("s"), to)
        return None if inner is None else {"type": "array", "items": inner}
    nullable = text.endswith("?")
    name = _NAMES.get(text.removesuffix("?").lower())
    if name is None:
        return None
    schema: dict[str, JSON] = {"type": name}
    if name == "array":
        schema = {"type": "array", "items": {"type": "string"}}
    elif name == "date":
        schema = {"type": "string", "description": "A date, as YYYY-MM-DD"}
        if to.with_formats:
            schema = {"type": "string", "format": "date"}
    elif name == "url":
        schema = {"type": "string", "description": "The address of a web page"}
        if to.with_formats:
            schema = {"type": "string", "format": "uri"}
    if nullable:
        schema["type"] = [schema["type"], "null"]
    return schema
