"""Text to the value of a field: the schema's type, the field's shape, and its example."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.job.schemas.schema import matches
from runner.jsonvalue import JSON
from runner.providers.local.fields import Field, field_of, resolve
from runner.providers.local.lexicon import word_set
from runner.providers.local.sentences import sentences
from runner.providers.local.statements import FULL_NAME, without_verb
from runner.providers.local.values import (
    Parsed,
    clean_text,
    cut_to_example,
    first_name,
    is_mail_address,
    parse_amount,
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
    r"unknown|n/?a|none|null|nil|tb[ad]|not (?:available|known|stated|disclosed)|[-–—?.]+",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?<![\w.])v?\d+(?:\.\w+)*(?:[-+]\w+)?")
_FEW = 2
_SHARE = re.compile(
    r"(?:(?:about|around|some|roughly|nearly|almost|over|more than|less than)\s+)?"
    r"[-−+]?\d[\d.,]*(?:\s?[-–]\s?\d[\d.,]*)?\s?(?:%|per ?cent\b)",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"%|\bper ?cent\b", re.IGNORECASE)
_AMOUNT = re.compile(
    r"[$€£¥]|\b(?:thousand|million|billion|trillion|mn|bn|dollars?|euros?|yen|usd|eur)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+$")
_CLAUSE = re.compile(r"^(?:\S+\s+){2,}(?:is|are|was|were|has|have|had)\s")
_ANYBODY = word_set(
    """
    author authors community contributor contributors developer developers everyone human humans
    maintainer maintainers member members people team teams user users volunteer volunteers we you
    """
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
    percent = _PERCENT.search(text) is not None
    if field.shape == "percent" and not percent and (not parsed.clean or _AMOUNT.search(text)):
        return None
    share = percent and field.schema.get("maximum") == 1
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
    text = text.rsplit(" :: ", 1)[-1]
    parsed = _read_words(clean_text(text), text, field)
    if parsed is not None and field.example and field.shape != "version":
        parsed = Parsed(value=cut_to_example(parsed.value, field.example), clean=parsed.clean)
    return parsed if parsed is not None and parsed.value else None


def _read_words(value: str, text: str, field: Field) -> Parsed | None:
    if _ADDRESS.match(value):
        return None  # A link to the licence is not the licence.
    if field.shape == "text":
        return Parsed(value=value, clean=True)
    value = without_verb(_SINCE.sub("", value), field)
    match field.shape:
        case "person":
            return _read_person(value, text, field)
        case "version" | "money" | "percent":
            return _read_part(value, field)
        case "place":
            value = _ASIDE.sub("", value)
    return Parsed(value=value, clean=True)


def _read_part(value: str, field: Field) -> Parsed | None:
    """Return the version, amount of money or percentage that a text holds."""
    if field.shape == "money":
        found = parse_amount(value)
    elif field.shape == "percent":
        share = _SHARE.search(value)
        found = share.group() if share else value
    else:
        version = _VERSION.search(value)
        near = version is not None and value[: version.start()].count(" ") <= _FEW
        found = version.group() if version and near else None
    if found is None:
        return None
    return Parsed(value=found, clean=value.count(" ") - found.count(" ") <= _FEW)


def _read_person(value: str, text: str, field: Field) -> Parsed | None:
    name = person_in(_ASIDE.sub("", value))
    if is_mail_address(name) or _NO_NAME.search(name) or _is_anybody(name):
        return None
    first = name if field.plural else person_in(first_name(text))
    one = first == name or field.plural
    return Parsed(value=first, clean=one and (first[0].isupper() or first.count(" ") <= _FEW))


def _is_anybody(name: str) -> bool:
    """Whether words such as `volunteers`, `a diverse group of contributors` name nobody."""
    if name != name.lower():
        return False
    return " of " in name or set(name.split()) <= _ANYBODY


def person_in(text: str) -> str:
    """Return `Jane Doe` of `climber Jane Doe`; names without such words stay as they are."""
    match = re.match(rf"(?:[a-z][\w-]*\s+){{1,4}}(?P<name>{FULL_NAME})$", text)
    return match["name"] if match else text


def read_items(texts: Sequence[str], field: Field) -> Parsed | None:
    """Return the distinct items of a list field that some texts hold: one each, or one text's."""
    item = item_of(field)
    pieces = [text.rsplit(" :: ", 1)[-1] for text in texts]
    if field.shape == "sentences":
        pieces = [one.text for text in texts for one in sentences(text)]
    elif len(texts) == 1:
        pieces = split_list(pieces[0], at_spaces="keyword" in field.terms or "tag" in field.terms)
    pieces = [re.sub(r"^the\s+", "", piece) for piece in pieces if not re.match(r"an?\s", piece)]
    pieces = [piece for piece in pieces if field.shape == "sentences" or not _CLAUSE.search(piece)]
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
            return pattern is None or matches(pattern, value)
        except re.error:
            return True
    return True
