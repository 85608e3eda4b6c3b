"""Labels against fields: how well a stated label names what a field asks for, and its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.corpus import Fact
from runner.providers.local.fields import Field
from runner.providers.local.labels import NEUTRAL, OTHERWISE, terms
from runner.providers.local.sentences import sentences
from runner.providers.local.statements import Statement, statements
from runner.providers.local.typed import read, read_items
from runner.providers.local.values import Parsed

USABLE = 0.5
"""The least score at which a label is taken to name a field."""

PLAIN = 0.85
"""The score from which a label names the field outright."""

MOST_EXCERPTS = 20

_MOST_LABELS = 20_000
_SENTENCE_SPACES = 4
_OPTIONAL = re.compile(r"\boptional\b|\bextra\s*==", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:(?:about|around|over|more than|~)\s*)?\d[\d.,’']*(?:\s+[a-z]+){0,3}"
    r"(?:\s*\(.*\)|,?\s+(?:at|as of|by|end of|in|on)\b.*)?"
)
_PERIOD = re.compile(r"\b(?:19|20)\d\d\b")
_AS_OF = re.compile(r"\([^()]*\)|\b(?:as of|end of|at the end of|in|for)\s.*$")
_OTHER_YEAR = 0.45


@frozen
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
    scores: dict[str, float] = field.memo.setdefault("labels", {})
    if label not in scores:
        if len(scores) > _MOST_LABELS:
            scores.clear()
        scores[label] = _score(terms(label), field.phrases, field.terms)
    return scores[label]


def _score(
    label: tuple[str, ...],
    phrases: tuple[tuple[tuple[str, ...], float], ...],
    asked: tuple[str, ...],
) -> float:
    if not label:
        return 0.0
    best = 0.0
    words = set(label)
    # "Sales revenue" joins two names of one thing.
    known = {word for phrase, weight in phrases if weight > PLAIN for word in phrase}
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
            extra = {w for w in extra if not w.replace(".", "").isdigit()}
            other = extra - NEUTRAL - known
            cost = 1.0 if not extra else (0.95, 0.6, 0.0)[min(len(other), 2)]
            best = max(best, weight * cost)
        elif words < set(phrase) and set(phrase) - words <= NEUTRAL:
            best = max(best, weight * 0.9)
    return best


def stated(facts: Sequence[Fact], field: Field, year: str) -> Iterator[Candidate]:
    """Yield the values that labelled statements give a field, in the documents' order."""
    labels = {fact.label: label_score(fact.label, field) for fact in facts}
    begun = {label for label in labels if _begins(label, field)}
    named = [
        (score, order, fact)
        for order, fact in enumerate(facts)
        if (labels[fact.label] or fact.label in begun)
        and (score := _fact_score(fact, field, labels[fact.label], year)) >= USABLE
    ]
    by_place: dict[tuple[str, str, str, str], list[tuple[float, int, Fact]]] = {}
    for score, order, fact in named:
        place = (fact.document, fact.entity, fact.section, fact.label)
        by_place.setdefault(place, []).append((score, order, fact))
    for group in by_place.values():
        yield from _of_label(group, field)


def _of_label(group: list[tuple[float, int, Fact]], field: Field) -> Iterator[Candidate]:
    """Yield the values of one label, which a document may repeat."""
    score, order, _ = group[0]
    facts = [fact for _, _, fact in group]
    if field.counted:
        whole = [_COUNT.fullmatch(fact.value.strip()) for fact in facts]
        if len(facts) != 1 or not whole[0]:
            if score >= PLAIN and not any(whole):
                yield _counted(facts, field, score, order)
            return
    if field.kind == "array" and len(facts) > 1:
        parsed = read_items([fact.value for fact in facts if fact.value], field)
        if parsed is not None:
            yield _candidate(parsed, facts, score, order, field)
        return
    for _, place, fact in group:
        text = _without_label_words(fact, field)
        if field.signs:
            text = _telling(text, field)
        if is_sentence(text) and field.shape not in ("text", "url", "sentences"):
            said = (s for one in sentences(text) for s in statements(one.text, field))
            text = next(said, Statement(text="", strength=0, how="")).text
        parsed = read(text, field)
        if parsed is not None:
            yield _candidate(parsed, [fact], score, place, field)


def _telling(text: str, field: Field) -> str:
    """Return the first two sentences of a text that describe the field, or all where none does."""
    signs = re.compile(rf"\b(?:{'|'.join(field.signs)})\b", re.IGNORECASE)
    telling = [one.text for one in sentences(text) if signs.search(one.text)]
    return " ".join(telling[:2]) or text


def is_sentence(text: str) -> bool:
    """Whether a value is told in a sentence, so that it must be found there."""
    return (
        text.count(" ") > _SENTENCE_SPACES
        and re.search(r"[a-z]\.(\s|$)|[\w)]\.$|_\.|::$|\s(?:is|are|was|were|has|have)\s", text)
        is not None
    )


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


def _candidate(
    parsed: Parsed, facts: Sequence[Fact], score: float, order: int, field: Field
) -> Candidate:
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
        period=period_of(first, field),
    )


def _begins(label: str, field: Field) -> bool:
    """Whether a label holds all but one of the words of a field's name."""
    return len(field.terms) > 1 and len(set(field.terms) - set(terms(label))) == 1


def _fact_score(fact: Fact, field: Field, score: float, year: str) -> float:
    if score and field.shape == "url" and re.match(r"[^:]{1,40}, +https?://", fact.value):
        return 0.0  # "Project-URL: Changes, https://…" is stated again as "Changes".
    if score and is_below_heading(fact):
        score *= _below_heading(fact, field)
    if score < PLAIN:
        # "Requires: Python >=3.10" names requires_python by its label and its first word.
        leading = _leading_words(fact, field)
        if leading:
            score = max(score, label_score(f"{fact.label} {leading}", field) * 0.97)
    if score and (stated_year := period_of(fact, field)) and stated_year != year:
        # Without a year in the question the latest one counts; another year is not the one asked.
        score *= _OTHER_YEAR if year else 0.95 + (int(stated_year) - 1900) / 1e4
    return score


def period_of(fact: Fact, field: Field) -> str:
    """Return the year a figure is of, as its label or an aside such as `(end of 2024)` says."""
    years = _PERIOD.findall(fact.label)
    if not years and field.shape in ("number", "money", "percent"):
        years = [year for aside in _AS_OF.findall(fact.value) for year in _PERIOD.findall(aside)]
    return years[-1] if years else ""


def is_below_heading(fact: Fact) -> bool:
    """Whether the label is the heading, or the announcement, above what is stated."""
    above = fact.section.rsplit(" > ", 1)[-1] == fact.label
    return (above and not fact.excerpt.startswith(fact.label)) or fact.excerpt == fact.value


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
    if not _begins(fact.label, field):
        return ""
    match = re.match(r"([^\W\d_]+)\s+\S", fact.value)
    missing = set(field.terms) - set(terms(fact.label))
    return match[1] if match and set(terms(match[1])) == missing else ""


def _without_label_words(fact: Fact, field: Field) -> str:
    leading = _leading_words(fact, field)
    return fact.value[len(leading) :].strip() if leading else fact.value
