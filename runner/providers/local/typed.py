"""Text to the value of a field: the schema's type, the field's shape, and its example."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.jsonvalue import JSON
from runner.providers.local.fields import Field, field_of, resolve
from runner.providers.local.statements import FULL_NAME
from runner.providers.local.values import (
    Parsed,
    clean_text,
    cut_to_example,
    first_name,
    is_mail_address,
    parse_boolean,
    parse_date,
    parse_enum,
    parse_number,
    parse_url,
    parse_year,
    split_list,
)

_ASIDE = re.compile(r"\s*\([^()]*\)\s*$")
_ABSENT = re.compile(
    r"unknown|n/?a|none|null|nil|tb[ad]|not (?:available|known|stated|disclosed)|[-–—?.]+", re.IGNORECASE
)
_SINCE = re.compile(r",?\s*\(?\bsince\b.*$")
_NO_NAME = re.compile(r"[`={}<>|]|https?:|^[a-z]+ing\b")


def read(text: str, field: Field) -> Parsed | None:
    """Return the field's value that a text holds, or None where it holds none of its type."""
    parsed = _read(text, field)
    if parsed is None or not _fits(parsed.value, field):
        return None
    return parsed


def _read(text: str, field: Field) -> Parsed | None:
    if not text.strip() or (field.kind != "boolean" and _ABSENT.fullmatch(text.strip())):
        return None
    if field.members and field.kind != "array":
        return parse_enum(text, field.members)
    match field.kind:
        case "boolean":
            return parse_boolean(text)
        case "integer" | "number":
            return _read_number(text, field)
        case "array":
            return read_items([text], field)
        case _:
            return _read_text(text, field)


def _read_number(text: str, field: Field) -> Parsed | None:
    if field.shape == "year":
        return parse_year(text)
    if field.shape == "money" or field.kind == "integer":
        # "rose by 18 percent to 15.7 billion": the amount is meant.
        text = re.sub(r"\b[\d.,]+\s?(?:%|per ?cent\b)", " ", text)
    parsed = parse_number(text, divisor=field.divisor)
    if parsed is None:
        return None
    if field.shape == "percent" and not re.search(r"%|\bper ?cent\b", text) and not parsed.clean:
        return None
    share = re.search(r"%|\bper ?cent\b", text) is not None and field.schema.get("maximum") == 1
    value = parsed.value / 100 if share else parsed.value
    if field.kind == "integer" and value != int(value):
        return None
    return Parsed(value=value, clean=parsed.clean)


def _read_text(text: str, field: Field) -> Parsed | None:
    if field.shape == "url":
        return parse_url(text)
    if field.schema.get("format") == "date":
        return parse_date(text)
    if field.shape == "year":
        year = parse_year(text)
        return year and Parsed(value=str(year.value), clean=year.clean)
    if " :: " in text:
        text = text.rsplit(" :: ", 1)[1]
    value = clean_text(text)
    clean = True
    if field.shape != "text":
        value = _SINCE.sub("", value)
    if field.shape == "person":
        value = person_in(_ASIDE.sub("", value))
        if is_mail_address(value) or _NO_NAME.search(value):
            return None
        first = value if field.plural else first_name(text)
        clean = first == value or field.plural
        value = first
        clean = clean and (value[0].isupper() or len(value.split()) <= 3)  # noqa: PLR2004
    if field.shape == "place":
        value = _ASIDE.sub("", value)
    if field.shape == "version":
        version = re.search(r"(?<![\w.])v?\d+(?:\.\w+)*(?:[-+]\w+)?", value)
        return version and Parsed(value=version.group(), clean=len(value.split()) <= 2)  # noqa: PLR2004
    if field.example:
        value = cut_to_example(value, field.example) or ""
    return Parsed(value=value, clean=clean) if value else None


def person_in(text: str) -> str:
    """Return `Jane Doe` of `climber Jane Doe`; names without such words stay as they are."""
    match = re.match(rf"(?:[a-z][\w-]*\s+){{1,4}}(?P<name>{FULL_NAME})$", text)
    return match["name"] if match else text


def read_items(texts: Sequence[str], field: Field) -> Parsed | None:
    item = item_of(field)
    pieces = [text.rsplit(" :: ", 1)[-1] for text in texts]
    if len(texts) == 1:
        pieces = split_list(pieces[0], at_spaces="keyword" in field.terms or "tag" in field.terms)
    pieces = [re.sub(r"^the\s+", "", piece) for piece in pieces if not re.match(r"an?\s", piece)]
    values = [parsed.value for piece in pieces if (parsed := read(piece, item)) is not None]
    distinct = [value for n, value in enumerate(values) if value not in values[:n]]
    return Parsed(value=distinct, clean=len(values) == len(pieces)) if distinct else None


def item_of(field: Field) -> Field:
    """Return what one item of a list field asks for."""
    schema = resolve(field.schema.get("items") or {"type": "string"}, field.schema)
    item = field_of(field.path, schema or {"type": "string"})
    return item if item.kind != "array" else field_of(field.path, {"type": "string"})


def _fits(value: JSON, field: Field) -> bool:
    """Whether a value keeps the schema's bounds."""
    schema = field.schema
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        return (low is None or value >= low) and (high is None or value <= high)
    if isinstance(value, str):
        longest, pattern = schema.get("maxLength"), schema.get("pattern")
        if longest is not None and len(value) > longest:
            return False
        try:
            return pattern is None or re.search(pattern, value) is not None
        except re.error:
            return True
    return True
