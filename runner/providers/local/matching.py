"""Labels against fields: how well a stated label names what a field asks for, and its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runner.jsonvalue import JSON
from runner.providers.local.corpus import Fact
from runner.providers.local.fields import NEUTRAL, OTHERWISE, Field, field_of, resolve, terms
from runner.providers.local.sentences import sentences
from runner.providers.local.statements import FULL_NAME, Statement, statements
from runner.providers.local.values import (
    Parsed,
    allows,
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

USABLE = 0.5
"""The least score at which a label is taken to name a field."""

PLAIN = 0.85
"""The score from which a label names the field outright."""

MOST_EXCERPTS = 20

_SENTENCE_SPACES = 5
_ASIDE = re.compile(r"\s*\([^()]*\)\s*$")
_NO_NAME = re.compile(r"[`={}<>|]|https?:|^[a-z]+ing\b")
_SINCE = re.compile(r",?\s*\(?\bsince\b.*$")
_OPTIONAL = re.compile(r"\boptional\b|\bextra\s*==", re.IGNORECASE)
_PERIOD = re.compile(r"\b(?:19|20)\d\d\b")
_DOTTED = re.compile(r"\d+(?:\.\d+)+$")
_SUPPORT = frozenset("support supported run work compatible on under with can".split(" "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value for a field, and where it comes from.

    Attributes:
        score: 0 to 1: how well the source names the field; see `label_score`.
        clean: The text was the value and little else.
        how: Ends the sentence "Found by …".
        period: The year that the label names, or "".
        excerpts: The exact texts of the document that state it.
    """

    value: JSON
    score: float
    clean: bool
    how: str
    document: str
    title: str
    excerpts: tuple[str, ...]
    order: int = 0
    period: str = ""


def label_score(label: str, field: Field) -> float:
    """Return how well a label names a field, 0 to 1.

    1 for its own name, a little less for a synonym; words beside it that change nothing
    (`total`, a year) cost little, other words more, and words that make it another thing
    (`License-File`, `Former headquarters`) rule it out.
    """
    return _score(terms(label), field.phrases, field.terms)


@lru_cache(maxsize=1 << 15)
def _score(
    label: tuple[str, ...],
    phrases: tuple[tuple[tuple[str, ...], float], ...],
    asked: tuple[str, ...],
) -> float:
    if not label:
        return 0.0
    best = 0.0
    words = set(label)
    for phrase, weight in phrases:
        if weight <= best:
            break
        if not phrase:
            continue
        if label == phrase:
            best = max(best, weight)
            continue
        extra = words - set(phrase)
        if len(extra) == len(words - {*phrase}) and set(phrase) <= words:
            if extra & OTHERWISE - set(asked):
                continue
            other = [w for w in extra if w not in NEUTRAL and not w.replace(".", "").isdigit()]
            best = max(best, weight * (0.95, 0.6)[len(other)] if len(other) < 2 else 0.0)  # noqa: PLR2004
        elif words < set(phrase) and set(phrase) - words <= NEUTRAL:
            best = max(best, weight * 0.9)
    return best


def read(text: str, field: Field) -> Parsed | None:
    """Return the field's value that a text holds, or None where it holds none of its type."""
    parsed = _read(text, field)
    if parsed is None or not _fits(parsed.value, field):
        return None
    return parsed


def _read(text: str, field: Field) -> Parsed | None:
    if not text.strip():
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


def stated(facts: Sequence[Fact], field: Field, year: str) -> Iterator[Candidate]:
    """Yield the values that labelled statements give a field, in the documents' order."""
    named = [
        (score, order, fact)
        for order, fact in enumerate(facts)
        if (score := _fact_score(fact, field, year)) >= USABLE
    ]
    by_place: dict[tuple[str, str, str, str], list[tuple[float, int, Fact]]] = {}
    for score, order, fact in named:
        place = (fact.document, fact.entity, fact.section, fact.label)
        by_place.setdefault(place, []).append((score, order, fact))
    for group in by_place.values():
        yield from _of_label(group, field)


def _of_label(group: list[tuple[float, int, Fact]], field: Field) -> Iterator[Candidate]:
    """Yield the values of one label, which a document may repeat."""
    score, order, first = group[0]
    facts = [fact for _, _, fact in group]
    if field.counted:
        whole = [re.fullmatch(r"[\d.,’' ]+", fact.value.strip()) for fact in facts]
        if not (len(facts) == 1 and (whole[0] or read(first.value, field))):
            if score >= PLAIN and not any(whole):
                yield _counted(facts, field, score, order)
            return
    if field.kind == "array" and len(facts) > 1:
        parsed = read_items([fact.value for fact in facts if fact.value], field)
        if parsed is not None:
            yield _candidate(parsed, facts, score, order)
        return
    for _, place, fact in group:
        text = _without_label_words(fact, field)
        if is_sentence(text) and field.shape not in ("text", "url"):
            said = (s for one in sentences(text) for s in statements(one.text, field))
            text = next(said, Statement(text="", strength=0, how="")).text
        parsed = read(text, field)
        if parsed is not None:
            yield _candidate(parsed, [fact], score, place)


def is_sentence(text: str) -> bool:
    """Whether a value is told in a sentence, so that it must be found there."""
    return text.count(" ") > _SENTENCE_SPACES and re.search(r"[a-z]\.(\s|$)|_\.|::$", text) is not None


def _counted(facts: Sequence[Fact], field: Field, score: float, order: int) -> Candidate:
    """Return how many statements share a label; an empty section counts as none."""
    listed = [fact for fact in facts if fact.value]
    if field.optional is not None:
        listed = [f for f in listed if bool(_OPTIONAL.search(f.value)) == field.optional]
    first = facts[0]
    excerpts = tuple(dict.fromkeys(fact.excerpt for fact in listed or facts))
    return Candidate(
        value=len(listed),
        score=score,
        clean=True,
        how=f"counting the statements under '{first.label}'",
        document=first.document,
        title=first.title,
        excerpts=excerpts[:MOST_EXCERPTS],
        order=order,
    )


def _candidate(parsed: Parsed, facts: Sequence[Fact], score: float, order: int) -> Candidate:
    first = facts[0]
    excerpts = tuple(dict.fromkeys(fact.excerpt for fact in facts))
    return Candidate(
        value=parsed.value,
        score=score,
        clean=parsed.clean,
        how=f"the label '{first.label}'" + (f" of '{first.entity}'" if first.entity else ""),
        document=first.document,
        title=first.title,
        excerpts=excerpts[:MOST_EXCERPTS],
        order=order,
        period=next(iter(_PERIOD.findall(first.label)), ""),
    )


def _fact_score(fact: Fact, field: Field, year: str) -> float:
    score = label_score(fact.label, field)
    if score and field.shape == "url" and re.match(r"[^:]{1,40}, +https?://", fact.value):
        return 0.0  # "Project-URL: Changes, https://…" is stated again as "Changes".
    if score and fact.label not in fact.excerpt:
        score *= _below_heading(fact, field)
    if score < PLAIN:
        # "Requires: Python >=3.10" names requires_python by its label and its first word.
        leading = _leading_words(fact, field)
        if leading:
            score = max(score, label_score(f"{fact.label} {leading}", field) * 0.97)
    if score and (years := _PERIOD.findall(fact.label)):
        # Without a year in the question the latest one counts.
        score *= 1.0 if year in years else 0.95 + (int(years[-1]) - 1900) / 1e4
    return score


def _below_heading(fact: Fact, field: Field) -> float:
    """Return how far a heading counts as the label of what stands below it.

    It names a list's items or a text well; a single value less so.
    """
    if field.counted:
        return 0.95 if set(field.terms) <= set(terms(fact.label)) else 0.75
    if field.kind == "array" or field.shape == "url":
        return 0.95
    return 0.8


def _leading_words(fact: Fact, field: Field) -> str:
    match = re.match(r"([^\W\d_]+)\s+\S", fact.value)
    missing = set(field.terms) - set(terms(fact.label))
    if match and len(missing) == 1 and len(field.terms) > 1 and terms(match[1]) == tuple(missing):
        return match[1]
    return ""


def _without_label_words(fact: Fact, field: Field) -> str:
    leading = _leading_words(fact, field)
    return fact.value[len(leading) :].strip() if leading else fact.value


def deduced(facts: Sequence[Fact], field: Field) -> Iterator[Candidate]:
    """Yield what a yes-or-no field such as `supports_python_3_11` follows from.

    A value that names all of it (`Python :: 3.11`); else a range of versions (`>=3.8`); else the
    other versions listed, without this one.
    """
    asked = next(
        (t for t in (field.terms, terms(field.description)) if any(_DOTTED.match(w) for w in t)), ()
    )
    version = next((word for word in asked if _DOTTED.match(word)), None)
    if field.kind != "boolean" or version is None:
        return
    thing = set(field.terms) - _SUPPORT - {version}
    thing = {word for word in thing if not word.isdigit()} or set(asked) - _SUPPORT - {version}
    others: list[tuple[int, Fact]] = []
    for order, fact in enumerate(facts):
        words = terms(f"{fact.label} {fact.value}") if len(fact.value) < 120 else ()  # noqa: PLR2004
        if not thing <= set(words):
            continue
        if fact.value.split(" ")[-1] == version:
            yield _deduction(fact, value=True, score=0.95, how=f"'{fact.value}' listed", at=order)
            continue
        permitted = allows(fact.value, version)
        if permitted is not None and set(terms(fact.label)) & (thing | {"require"}):
            score, how = 0.8 if permitted else 0.93, f"the range '{fact.value}'"
            yield _deduction(fact, value=permitted, score=score, how=how, at=order)
        elif re.search(rf"::\s*{version.split('.')[0]}\.\d+$", fact.value):
            others.append((order, fact))
    if others:
        order, fact = others[0]
        how = f"other versions being listed, and not {version}"
        yield _deduction(fact, value=False, score=0.7, how=how, at=order)


def _deduction(fact: Fact, *, value: bool, score: float, how: str, at: int) -> Candidate:
    return Candidate(
        value=value,
        score=score,
        clean=True,
        how=how,
        document=fact.document,
        title=fact.title,
        excerpts=(fact.excerpt,),
        order=at,
    )
