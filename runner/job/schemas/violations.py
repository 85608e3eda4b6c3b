"""What a value does wrong by a JSON Schema, as problems at its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from runner.job.diagnostics import MOST
from runner.job.durations import DURATION, MONEY, suggested, suggested_money
from runner.job.schemas.keys import advice
from runner.job.schemas.meant import DAY, as_day, as_list, as_name, as_template
from runner.job.schemas.wording import (
    TYPES,
    Violation,
    Words,
    choices,
    example,
    literal,
    named,
    quoted,
)
from runner.job.schemas.wrongkind import wrong_kind
from runner.job.spelling import closest

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.job.text.source import Source

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
_LONE_TEMPLATE = r"^\s*\{\{[\s\S]*\}\}\s*$"
_JOB_NAME = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
_WORD = "^[A-Za-z_][A-Za-z0-9_]*$"
_HTTPS = "^https://[^\\s/]+"
_COMMENTED = re.compile(r":\s+#")
_ANCHORED = re.compile(r":\s+&\S")
_SCHEME = re.compile(r"^\w*:?/+")
_NEVER = frozenset({"no", "off", "never", "none", "false"})
_NO_LIMIT = frozenset({"none", "no", "unlimited", "no limit", "infinite", "inf", ".inf", "off"})


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
                hint=advice(key, known, violation.value, where, homes or {}) or missing,
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
        elif _ANCHORED.search(source.line(position)):
            hint = "a text that starts with & needs quotes"
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


def _words(violation: Violation, written: str | None = None) -> Words:
    """Return message and hint; `written` is the value's own text in the file, where it is short."""
    name = named(violation.where) or "the file"
    match violation.keyword:
        case "type":
            return wrong_kind(name, violation, written)
        case "required":
            return _missing(violation)
        case "enum" | "const" | "pattern" | "format":
            return _wrong_value(name, violation)
        case "anyOf" | "oneOf" | "allOf" | "not":
            return _combined(name, violation)
        case _:
            return _limits(name, violation)


def _missing(violation: Violation) -> Words:
    key = next((key for key in violation.argument if key not in violation.value), "")
    shown = example(violation.schema.get("properties", {}).get(key, {}))
    inside = f" in {named(violation.where)}" if violation.where else ""
    return Words(
        message=f"the key '{key}' is missing{inside}",
        hint=f"add {key}: {shown or 'and its value'}",
    )


def _wrong_value(name: str, violation: Violation) -> Words:
    value, argument = violation.value, violation.argument
    hint: str | None = violation.schema.get("patternErrorMessage")
    if violation.keyword == "const":
        message = f"{name} must be {literal(argument)}, not {literal(value)}"
        return Words(message=message, hint=hint or f"write {literal(argument)}")
    if violation.keyword == "enum":
        hint = choices(str(value), [str(choice) for choice in argument])
    elif violation.keyword == "pattern":
        hint = _meant(str(value), violation) or hint or f"it must match {argument}"
    else:
        hint = "it cannot be read as a " + (
            "regular expression" if argument == "regex" else argument
        )
    if isinstance(value, str) and "{{" in value and "{{" not in hint:
        hint = "templates are not filled in here: write the value itself"
    if violation.is_key:
        return Words(message=f"{quoted(value)} cannot be a key of {name}", hint=hint)
    return Words(message=f"{name} cannot be {quoted(value)}", hint=hint)


def _meant(value: str, violation: Violation) -> str | None:
    """Return a hint with what was meant by a text that breaks a pattern, or None."""
    form = str(violation.schema.get("patternErrorMessage"))
    longer = f"{form[:1].upper()}{form[1:]}"
    word, near, hint = value.strip().lower(), None, None
    kinds = violation.schema.get("type", ())
    match violation.argument:
        case pattern if pattern == _LONE_TEMPLATE:
            near = as_template(value)
            hint = f"write it as one template: {near}"
            if near is None and "array" in kinds:
                near = hint = f"write it as a list: {literal(as_list(value))}"
        case pattern if pattern == DAY:
            near = as_day(value)
            hint = f"write {near}"
        case pattern if pattern == DURATION:
            near = "false" if word in _NEVER and "boolean" in kinds else suggested(value)
            hint = f"did you mean {near}? {longer}"
        case pattern if pattern == MONEY and word in _NO_LIMIT:
            near = hint = "leave the key away where there is no limit"
        case pattern if pattern == MONEY:
            near = suggested_money(value)
            hint = f"did you mean {near}? {longer}"
        case pattern if pattern in (_JOB_NAME, _WORD):
            near = as_name(value, "-" if pattern == _JOB_NAME else "_")
            near = None if near[:1].isdigit() else near
            hint = f"write {near}: {form}"
        case pattern if pattern == _HTTPS and re.search(r"\w\.\w", value):
            near = hint = f"write https://{_SCHEME.sub('', value)}"
    return hint if near else None


def _limits(name: str, violation: Violation) -> Words:
    keyword, limit, value = violation.keyword, violation.argument, violation.value
    if keyword in _BOUNDS:
        message = f"{name} must be {_BOUNDS[keyword]} {limit}, not {value}"
        return Words(message=message, hint=_between(violation))
    if keyword not in _SIZES:
        return Words(
            message=f"{name} breaks '{keyword}' of the schema",
            hint=f"the schema asks for {keyword}: {literal(limit)}",
        )
    size = len(value) if isinstance(value, str | Mapping | Sequence) else 0
    if size == 0:
        what = "entry" if violation.where and isinstance(violation.where[-1], int) else "key"
        return Words(message=f"{name} is empty", hint=f"give it a value or remove the {what}")
    unit = "characters" if isinstance(value, str) else "entries"
    hint = "shorten it" if keyword == "maxLength" else f"{_SIZES[keyword].format(limit)}"
    if (keyword, limit) == ("maxProperties", 1):
        hint = "write each as an entry of its own"
    return Words(message=f"{name} has {size} {unit}; {_SIZES[keyword].format(limit)}", hint=hint)


def _between(violation: Violation) -> str:
    """Return a hint that says which numbers a value may be."""
    schema, value = violation.schema, violation.value
    least, most = schema.get("minimum"), schema.get("maximum")
    if most == 1 and 2 <= value <= 100:  # noqa: PLR2004 - a percentage where a share is meant
        return f"write {value / 100:g}"
    if least is not None and most is not None:
        return f"write a number from {least} to {most}"
    if (shown := example(schema)) is not None:
        return f"write a number such as {shown}"
    return f"write {_BOUNDS[violation.keyword]} {violation.argument}"


def _combined(name: str, violation: Violation) -> Words:
    """Explain a violation of several alternatives, as JSON Schema's own schema has for `type`."""
    if violation.where and violation.where[-1] == "type":
        value = violation.value
        entries = value if isinstance(value, list) else [value]
        wrong = next((e for e in entries if not isinstance(e, str) or e not in TYPES), value)
        return Words(
            message=f"{name} cannot be {quoted(wrong)}", hint=choices(str(wrong), list(TYPES))
        )
    shown = example(violation.schema)
    return Words(
        message=f"{name} fits none of the forms the schema allows",
        hint=f"write it as {shown}"
        if shown
        else "the schema says which: anyOf, oneOf, allOf or not",
    )
