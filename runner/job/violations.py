"""What a value does wrong by a JSON Schema, in words for the person who wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import MOST
from runner.job.durations import DURATION, suggested
from runner.job.meant import as_day, as_template, number_pitfall
from runner.job.spelling import closest, did_you_mean

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.source import Source
    from runner.jsonvalue import JSON

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_SIZES = {
    **dict.fromkeys(("minItems", "minProperties", "minLength"), "at least {} are needed"),
    **dict.fromkeys(("maxItems", "maxProperties", "maxLength"), "at most {} are allowed"),
}
_KEYS_HINT = "write keys and values, such as name: company-facts"
_LONE_TEMPLATE = r"^\s*\{\{[\s\S]*\}\}\s*$"
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_COMMENTED = re.compile(r":\s+#")
# A text that YAML would read otherwise without quotes.
_UNSAFE = re.compile(r"^[\s>|*&!%@`'\"?-]|[{}\[\],]|: | #|^$")
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})
# What people call a key before they have read its name.
_ALSO_CALLED = {
    "prompt": "query",
    "question": "query",
    "objective": "search",
    "schema": "output",
    "output_schema": "output",
    "model": "processor",
    "data": "items",
    "rows": "items",
    "inputs": "items",
    "variables": "vars",
    "title": "name",
    "id": "name",
    "domains": "source_policy",
    "max_cost": "budget",
    "ttl": "cache",
    "country": "location",
    "docs": "documents",
    "retries": "retry",
}
# What people call a type, by the names of other languages.
_ALSO_TYPES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "string",
    "text": "string",
    "array": "list",
    "dict": "object",
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
class _Words:
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
            return _TYPES[name]
    return _TYPES["null"]


def named(where: Where) -> str:
    """Return how messages call a place, e.g. `steps[0].query`."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def described(violation: Violation) -> str:
    """Return a violation in one sentence that names the place."""
    return _words(violation).message


def problems(
    violation: Violation,
    source: Source,
    prefix: Where = (),
    homes: Mapping[str, Sequence[str]] | None = None,
) -> list[Problem]:
    """Return a violation as problems at the exact nodes.

    Args:
        violation: Whose `where` is below `prefix`.
        source: The file.
        prefix: Where in the file the checked value stands.
        homes: For each key, the keys it may stand below ("" for the top level).
    """
    where = (*prefix, *violation.where)
    if violation.keyword == "additionalProperties" and isinstance(violation.value, Mapping):
        known = list(violation.schema.get("properties", ()))
        unknown = (key for key in violation.value if key not in known)
        # A missing key is told at the first key's place, where only one problem is shown.
        needed = (key for key in violation.schema.get("required", ()) if key not in violation.value)
        missing = next((f"the key '{key}' is missing" for key in needed), None)
        return [
            source.problem(
                source.key((*where, key)),
                f"unknown key '{key}'",
                hint=_unknown_key(key, known, where, homes or {}) or missing,
            )
            for key in islice(unknown, 2 * MOST)
        ]
    if violation.keyword == "required" and _is_misspelt(violation):
        return []
    words = _words(violation, source.written(where))
    hint = words.hint
    if violation.is_key:
        position = source.key((*where, str(violation.value)))
    elif violation.value is None:
        position = source.key(where)
        if _COMMENTED.search(source.line(position)):
            hint = "what follows # is a comment: put a text that starts with # in quotes"
    else:
        position = source.value(where)
    return [source.problem(position, words.message, hint=hint)]


def _is_misspelt(violation: Violation) -> bool:
    """Return whether the missing key is there, and misspelt: that is reported as unknown."""
    if violation.schema.get("additionalProperties") is not False:
        return False
    known = violation.schema.get("properties", {})
    unknown = islice((key for key in violation.value if key not in known), MOST)
    return any(closest(key, violation.argument) for key in unknown)


def _unknown_key(
    key: str, known: Sequence[str], where: Where, homes: Mapping[str, Sequence[str]]
) -> str | None:
    lowered = key.lower()
    if ":" in key:
        return f"put a space after the colon: {key.replace(':', ': ', 1)}"
    for home in homes.get(lowered, ()):
        if home == "" and where:
            return f"{key} belongs to the top level of the job"
        if home and home not in where:
            return f"{key} belongs below {home}"
    near = closest(key, known)
    meant = _ALSO_CALLED.get(lowered)
    if near is None and meant in known:
        return f"did you mean {meant}?"
    return did_you_mean(key, known)


def _words(violation: Violation, written: str | None = None) -> _Words:
    """Return message and hint; `written` is the value's own text in the file, where it is short."""
    name = named(violation.where) or "the file"
    match violation.keyword:
        case "type":
            return _wrong_type(name, violation, written)
        case "required":
            return _missing(violation)
        case "enum" | "const" | "pattern" | "format":
            return _wrong_value(name, violation)
        case "anyOf" | "oneOf" | "allOf" | "not":
            return _combined(name, violation)
        case _:
            return _limits(name, violation)


def _missing(violation: Violation) -> _Words:
    key = next((key for key in violation.argument if key not in violation.value), "")
    example = _example(violation.schema.get("properties", {}).get(key, {}))
    inside = f" in {named(violation.where)}" if violation.where else ""
    return _Words(
        message=f"the key '{key}' is missing{inside}",
        hint=f"add {key}: {example}" if example else None,
    )


def _wrong_value(name: str, violation: Violation) -> _Words:
    value, argument = violation.value, violation.argument
    if violation.keyword == "const":
        return _Words(message=f"{name} must be {_literal(argument)}, not {_literal(value)}")
    if violation.keyword == "enum":
        hint = _choices(str(value), [str(choice) for choice in argument])
    elif violation.keyword == "pattern":
        hint = violation.schema.get("patternErrorMessage") or f"it must match {argument}"
        if argument == _LONE_TEMPLATE and (lone := as_template(value)):
            hint = f"write it as one template: {lone}"
        if argument == _DAY and (day := as_day(value)):
            hint = f"write {day}"
        if argument == DURATION and (near := suggested(value)):
            hint = f"did you mean {near}? {hint[:1].upper()}{hint[1:]}"
    else:
        hint = "it cannot be read as a " + (
            "regular expression" if argument == "regex" else argument
        )
    if isinstance(value, str) and "{{" in value and "{{" not in (hint or ""):
        hint = "templates are not filled in here: write the value itself"
    if violation.is_key:
        return _Words(message=f"{_quoted(value)} cannot be a key of {name}", hint=hint)
    return _Words(message=f"{name} cannot be {_quoted(value)}", hint=hint)


def _choices(value: str, choices: Sequence[str]) -> str:
    """Return a hint for a value that is none of the choices."""
    meant = _ALSO_TYPES.get(value.lower())
    if meant in choices:
        return f"did you mean {meant}?"
    return did_you_mean(value, choices, noun="one of") or f"one of: {_list(choices)}"


def _limits(name: str, violation: Violation) -> _Words:
    keyword, limit, value = violation.keyword, violation.argument, violation.value
    if keyword in _BOUNDS:
        return _Words(message=f"{name} must be {_BOUNDS[keyword]} {limit}, not {value}")
    if keyword not in _SIZES:
        return _Words(message=f"{name} breaks '{keyword}' of the schema")
    size = len(value) if isinstance(value, str | Mapping | Sequence) else 0
    if size == 0:
        what = "entry" if violation.where and isinstance(violation.where[-1], int) else "key"
        return _Words(message=f"{name} is empty", hint=f"give it a value or remove the {what}")
    unit = "characters" if isinstance(value, str) else "entries"
    hint = "write each as an entry of its own" if (keyword, limit) == ("maxProperties", 1) else None
    return _Words(message=f"{name} has {size} {unit}; {_SIZES[keyword].format(limit)}", hint=hint)


def _combined(name: str, violation: Violation) -> _Words:
    """Explain a violation of several alternatives, as JSON Schema's own schema has for `type`."""
    if violation.where and violation.where[-1] == "type":
        value = violation.value
        entries = value if isinstance(value, list) else [value]
        wrong = next((e for e in entries if not isinstance(e, str) or e not in _TYPES), value)
        return _Words(
            message=f"{name} cannot be {_quoted(wrong)}", hint=_choices(str(wrong), list(_TYPES))
        )
    return _Words(message=f"{name} fits none of the forms the schema allows")


def _wrong_type(name: str, violation: Violation, written: str | None) -> _Words:
    value, argument = violation.value, violation.argument
    wanted = [argument] if isinstance(argument, str) else list(argument)
    words = _alternatives([_TYPES.get(kind, kind) for kind in wanted])
    if value is None:
        return _nothing(name, words, violation)
    hint: str | None = None
    if isinstance(value, str):
        hint = _text_pitfall(value, wanted)
    elif "string" in wanted and isinstance(value, bool | int | float):
        form = violation.schema.get("patternErrorMessage")
        if violation.schema.get("pattern") == DURATION and not isinstance(value, bool):
            form = f"write {written or value}s for seconds, or m, h or d in place of s"
        hint = form or f'put it in quotes to make it text: "{written or _literal(value)}"'
    elif "integer" in wanted and isinstance(value, float):
        hint = "write a number without a decimal point"
    elif "array" in wanted and isinstance(value, Mapping) and len(value) == 1:
        hint = f"write it as a list: [{_literal(value)}]"
    elif "string" in wanted and isinstance(value, Mapping):
        hint = 'a text that holds ": " or starts with { needs quotes'
    if not violation.where:
        hint = _KEYS_HINT if wanted == ["object"] else hint
    elif hint is None and (example := _example(violation.schema)):
        hint = f"write it as {named(violation.where[-1:])}: {example}"
    shown = (
        _literal(value) if wanted == ["integer"] and isinstance(value, float) else kind_of(value)
    )
    return _Words(message=f"{name} must be {words}, not {shown}", hint=hint)


def _nothing(name: str, words: str, violation: Violation) -> _Words:
    """Explain a key without a value."""
    if not violation.where:
        return _Words(message="the file is empty", hint=_KEYS_HINT)
    example = _example(violation.schema)
    such = f", such as {example}" if example else ""
    return _Words(message=f"{name} has no value", hint=f"it must be {words}{such}")


def _alternatives(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _text_pitfall(value: str, wanted: Sequence[str]) -> str | None:
    """Return what YAML made of a text that its writer meant to be something else."""
    word = value.strip().lower()
    hint: str | None = None
    if "boolean" in wanted and word in _YES | _NO | {"true", "false"}:
        meant = "true" if word in _YES | {"true"} else "false"
        hint = f"write {meant} without quotes: in YAML 1.2 yes, no, on and off are text"
    elif {"integer", "number"} & set(wanted) and _DIGITS.fullmatch(word):
        hint = number_pitfall(word)
    elif "object" in wanted and value in _TYPES:
        hint = f'write {{"type": "{value}"}}'
    elif "object" in wanted and ":" in value:
        hint = "put a space after the colon"
    elif "array" in wanted:
        hint = f"write it as a list: [{_literal(value)}]"
    return hint


def _example(schema: JSON) -> str | None:
    examples = schema.get("examples") if isinstance(schema, Mapping) else None
    return _literal(examples[0]) if examples else None


def _literal(value: JSON) -> str:
    """Return a value as it is written in YAML, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_literal(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, str) and _UNSAFE.search(value):
        return json.dumps(_shortened(value), ensure_ascii=False)
    return "null" if value is None else _shortened(str(value))


def _quoted(value: JSON) -> str:
    return f"'{_shortened(value)}'" if isinstance(value, str) else _literal(value)


def _shortened(text: str, room: int = 60) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _list(words: Sequence[str], most: int = 20) -> str:
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")
