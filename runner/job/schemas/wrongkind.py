"""A value of another kind than its key takes: what YAML made of it, and how to write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runner.job.durations import DURATION, MONEY
from runner.job.schemas.meant import DAY, as_day, as_list, number_pitfall
from runner.job.schemas.wording import TYPES, Violation, Words, choices, example, kind_of, literal

if TYPE_CHECKING:
    from runner.jsonvalue import JSON

_KEYS_HINT = "write keys and values, such as name: company-facts"
_TEXT_HINT = 'a text that holds ": " or starts with { needs quotes'
_ASSIGNED = re.compile(r"\s*(\w+)\s*=")
_WORD = re.compile(r"(\w+)")
_GLUED = re.compile(r"([A-Za-z_]\w*):(?=[^\s/])")
_DIGITS = re.compile(r"[0-9][0-9_,' ]*(?:\.[0-9]*)?")
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n", "never", "none", "0"})
# What a text that stands alone most likely is, by the key that takes a mapping.
_MAIN = ("objective", "urls", "path", "include_domains", "attempts", "from")
_KINDS = {
    DURATION: "a duration",
    MONEY: "an amount of US dollars",
    DAY: "a day",
}
# The keywords of JSON Schema that are most often written in another way.
_KEYWORDS = {
    "required": 'required is a list beside "properties", such as ["year"]',
    "properties": 'name each field: "year": {"type": "integer"}',
    "enum": 'list the values, such as ["small", "large"]',
    "items": 'write a schema, such as {"type": "string"}',
    "exclusiveMinimum": "write the number itself",
    "exclusiveMaximum": "write the number itself",
    "anyOf": "write a list of schemas",
}


def wrong_kind(name: str, violation: Violation, written: str | None) -> Words:
    """Return message and hint for a value of another kind than its key takes.

    Args:
        name: How the message calls the place.
        violation: Of the keyword `type`.
        written: The value's own text in the file, where it is short.
    """
    value, argument = violation.value, violation.argument
    wanted = [argument] if isinstance(argument, str) else list(argument)
    pattern = violation.schema.get("pattern")
    words = [TYPES.get(kind, kind) for kind in wanted]
    if pattern in _KINDS:
        words = [_KINDS[pattern], *(["false"] if "boolean" in wanted else [])]
    if value is None:
        return _nothing(name, _alternatives(words), violation)
    shown = literal(value) if wanted == ["integer"] and isinstance(value, float) else kind_of(value)
    return Words(
        message=f"{name} must be {_alternatives(words)}, not {shown}",
        hint=_hint(violation, wanted, written) or f"write {_alternatives(words)}",
    )


def _nothing(name: str, words: str, violation: Violation) -> Words:
    """Explain a key without a value."""
    if not violation.where:
        return Words(message="the file is empty", hint=_KEYS_HINT)
    shown = example(violation.schema)
    such = f", such as {shown}" if shown else ""
    return Words(message=f"{name} has no value", hint=f"it must be {words}{such}")


def _alternatives(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _hint(violation: Violation, wanted: Sequence[str], written: str | None) -> str | None:
    value, where = violation.value, violation.where
    if not where:
        return _whole_file(value, wanted)
    last = where[-1]
    hint: str | None = None
    if isinstance(value, str):
        hint = _text(value, violation, wanted)
    elif "string" in wanted and isinstance(value, bool | int | float):
        hint = _single(value, violation, written)
    elif "integer" in wanted and isinstance(value, float):
        hint = "write a number without a decimal point"
    elif "array" in wanted and isinstance(value, Mapping) and value:
        hint = _mapping_for_list(last, value)
    elif isinstance(value, list) and "object" in wanted and violation.schema.get("title") == _SHAPE:
        hint = f"write {literal({str(name): 'text' for name in value[:3]})}"
    elif "string" in wanted and isinstance(value, Mapping) and not violation.schema.get("pattern"):
        hint = _TEXT_HINT
    if hint is None and last in _KEYWORDS and "title" not in violation.schema:
        hint = _KEYWORDS[str(last)]
    if hint is None and (shown := example(violation.schema)):
        hint = f"write it as - {shown}" if isinstance(last, int) else f"write it as {last}: {shown}"
    return hint


_SHAPE = "Shape of the answer"


def _whole_file(value: JSON, wanted: Sequence[str]) -> str | None:
    assigned = _ASSIGNED.match(value) if isinstance(value, str) else None
    if assigned is not None:
        return f"write a colon and a space in place of =, as in {assigned[1]}: ..."
    return _KEYS_HINT if list(wanted) == ["object"] else None


def _single(value: JSON, violation: Violation, written: str | None) -> str | None:
    """Return a hint for a number, or true or false, where a text is wanted."""
    schema = violation.schema
    pattern, known = schema.get("pattern"), schema.get("enum")
    if isinstance(known, list):
        return choices(str(value), [str(each) for each in known])
    if pattern == DURATION and not isinstance(value, bool):
        if value == 0 and "boolean" in violation.argument:
            return "write false: always ask"
        return f"write {written or value}s for seconds, or m, h or d in place of s"
    if pattern == DAY and (day := as_day(str(value))):
        return f"write {day}"
    form: str | None = schema.get("patternErrorMessage")
    if form or (isinstance(value, bool) and schema.get("examples")):
        return form
    return f'put it in quotes to make it text: "{written or literal(value)}"'


def _text(value: str, violation: Violation, wanted: Sequence[str]) -> str | None:
    """Return what YAML made of a text that its writer meant to be something else."""
    word = value.strip().lower()
    if "boolean" in wanted and word in _YES | _NO:
        meant = "true" if word in _YES else "false"
        return f"write {meant}: in YAML 1.2 yes, no, on and off are text"
    if "boolean" in wanted and word in {"true", "false"}:
        return f"write {word} without quotes"
    if {"integer", "number"} & set(wanted) and _DIGITS.fullmatch(word):
        return number_pitfall(word)
    if "object" in wanted:
        return _for_mapping(value, violation)
    return _for_list(value, violation) if "array" in wanted else None


def _for_mapping(value: str, violation: Violation) -> str | None:
    key = violation.where[-1]
    known: Mapping[str, JSON] = violation.schema.get("properties", {})
    first = _WORD.match(value)
    if value in TYPES:
        return f'write {{"type": "{value}"}}'
    if first is not None and first[1] in known and first[1] != value:
        colon = value[first.end() : first.end() + 1] == ":"
        return f"put a {'space after the colon' if colon else 'colon'}: {first[1]}: ..."
    if not known and (glued := _GLUED.match(value)) is not None:
        return f"put a space after the colon: {glued[1]}: ..."
    wishes = ("urls", *_MAIN) if "://" in value else _MAIN
    main = next((name for name in wishes if name in known), None)
    if main is None or isinstance(key, int):
        return None
    is_list = known[main].get("type") in ("array", ["array", "string"])
    if known[main].get("type") == "integer":
        return None
    return f"write {key}: {literal({main: [value] if is_list else value})}"


def _mapping_for_list(key: object, value: Mapping[str, JSON]) -> str | None:
    if key == "steps":
        return f"write a list, and the id in each step: - id: {next(iter(value))}"
    return f"write it as a list: [{literal(value)}]" if len(value) == 1 else None


def _for_list(value: str, violation: Violation) -> str | None:
    entries = violation.schema.get("items")
    if isinstance(entries, Mapping) and entries.get("type") == "object":
        return None
    if value.startswith("-") and value[1:2] not in ("", "-", " "):
        return f"put a space after each dash: - {value[1:].split(maxsplit=1)[0]}"
    return f"write it as a list: {literal(as_list(value))}"
