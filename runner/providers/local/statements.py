"""What a sentence states about a field: patterns made from the field's own labels and verbs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.frozen import frozen
from runner.providers.local.fields import Field
from runner.providers.local.labels import NEUTRAL, terms
from runner.providers.local.lexicon import word_set
from runner.providers.local.sentences import ABBREVIATIONS
from runner.providers.local.values import is_negated

_CAPITALIZED = r"[A-ZÀ-ÞĀ-Ž][\w.'’&-]*"
_OF_NAMES = r"(?:de|van|von|der|den|di|da|la|le|of|the|bin|al)"
_PROPER = rf"{_CAPITALIZED}(?:\s+(?:{_OF_NAMES}\s+)*{_CAPITALIZED}){{0,4}}"
FULL_NAME = r"[A-ZÀ-ÞĀ-Ž][\w.'’-]*(?: (?:de |van |von |der |da |la )*[A-ZÀ-ÞĀ-Ž][\w.'’-]*){1,3}"
_IS = (
    r"(?:is|are|was|were|include|includes|included|stands at|stood at|amounts to|amounted to"
    r"|reached|remains)"
)
_ARE = r"(?:are|were|include|includes|included|comprise|comprises|consist of|range from)"
_BEFORE = r"(?:now|currently|still|about|around|roughly|nearly|approximately|mainly|only|also)\s+"
_END = (
    r"(?<=\.)\.(?=\s|$)|[!?](?=\s|$)|[;]|\s+[–—]\s+"
    r"|,?\s+(?:which|who|whose|that|while|where|when|but|although|because|so that|whereas)\s"
)
_STOP = re.compile(
    rf"{_END}|(?<=\.)\s+(?=(?:It|Its|The|This|These|They|He|She)\s)"
    r"|,\s+(?=(?:a|an|the|in|on|at|with|and it|and has|and is|and employs|and was|and had|its|as"
    r"|next|near)\s)"
    r"|\s+and\s+(?=(?:has|is|was|employs|makes|sells|its|it|had|later|opened|rarely|lets|led|sell"
    r"|sells|requires|supports)\b)"
)
_LIST_STOP = re.compile(
    rf"{_END}|,\s+(?:and\s+)?(?=(?:in|on|at|with|as|it|has|is|sells|its|until)\s)"
)
_FELL = re.compile(r"\b(?:fell|declin\w+|shrank|dropped|decreas\w+)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:until|former|formerly|previous|previously|ex)\b", re.IGNORECASE)
_SHORT = re.compile(r"\s*\([^()]*\)")
_UNDER = re.compile(r"^(?:the|an?|its|their)\s+(?:terms\s+of\s+(?:the|an?)\s+)?")
_OPENERS = word_set(
    """
    the a an its their our his her this and or is are has have had with under of whose where with
    annual net best-known famous full-time operational core flagship stated
    """
)
_VAGUE = word_set(
    """
    dual same following this that it them both various different which what either several others
    """
)
_BY_VERB = "the sentence's verb"
_UNDER_THE = "'under the … …'"
_REST = r"(?P<value>.{1,300})"
_OF_IT = (
    r"(?:\s+(?:of|for|at|outside|in)\s+(?:(?!\b(?:it|they|he|she|we|who|which)\b)[^,.;:]){1,60}?)?"
)
_SUBJECT = r"^(?P<value>(?-i:[A-ZÀ-Þ])(?:[^.;:]|\.(?=\S)){2,150}?)"
_ARE_ITS = r"(?:is|are)\s+(?:the|its|their)\s+(?:\w+\s+){0,2}?"
_AS_THE = r"(?:,| is| has been| as) (?:the |its |their )?"


@frozen
class Statement:
    """A value's text in a sentence.

    Attributes:
        strength: 0 to 1: how plainly it is stated.
        how: Which pattern found it.
        leads: The sentence begins with what the field is called: `The head office is in Oslo`.
    """

    text: str
    strength: float
    how: str
    leads: bool = False


def statements(sentence: str, field: Field) -> Iterator[Statement]:
    """Yield what a sentence states about a field, the plainest first.

    `employs 300 people`, `its head office is in Oslo`, `under the MIT license`, `revenue of 3
    billion`, `300 employees`, `chief executive Jane Doe`.
    """
    if field.concept == "name" or field.shape in ("text", "sentences"):
        return  # "its name is a pun", "the summary is": no sentence states these plainly
    rules = _rules_of(field)
    if rules.trigger.search(sentence) is None or sentence.isupper():
        return
    past = _PAST.search(sentence) is not None
    for pattern, strength, how in rules.patterns:
        for match in pattern.finditer(sentence):
            text = _value(match["value"], field, named=how == _UNDER_THE)
            if text:
                # In "the Python version is" the noun names something else.
                alone = how in (_BY_VERB, _UNDER_THE) or _stands_alone(sentence[: match.start()])
                weight = (1 if alone else 0.65) * (0.7 if past else 1)
                if field.shape == "percent" and _FELL.search(
                    match.group()[: match.start("value") - match.start()]
                ):
                    text = f"-{text}"
                yield Statement(
                    text=text,
                    strength=strength * weight,
                    how=how,
                    leads=set(sentence[: match.start()].lower().split()) <= _OPENERS | NEUTRAL,
                )


def _stands_alone(before: str) -> bool:
    """Whether no word before a noun makes it another thing."""
    words = before.split()
    if not words or not before[-1].isspace():
        return True
    last = words[-1].lower()
    return (
        last in _OPENERS
        or last.strip(",;:-–—") != last
        or last.endswith(("'s", "’s", "s'"))
        or last in NEUTRAL
        or last.replace(".", "").replace(",", "").isdigit()
    )


def speaks_of(text: str, field: Field) -> bool:
    """Whether a text may state something about a field; quick, to spare the rest."""
    if field.kind == "boolean":
        lower = text.lower()
        return any(all(word in lower for word in asked) for asked in _asked(field))
    return _rules_of(field).trigger.search(text) is not None


def _asked(field: Field) -> list[tuple[str, ...]]:
    """Return the words of a yes-or-no field: of its name, and of its description."""
    return [words for words in (field.terms, terms(field.description)) if words]


def states(sentence: str, field: Field) -> bool | None:
    """Whether a sentence says a yes-or-no field is so; None where it does not speak of it."""
    words = set(terms(sentence))
    if not any(set(asked) <= words for asked in _asked(field)):
        return None
    if sentence.rstrip().endswith("?"):
        return None
    return not is_negated(sentence)


def _rules_of(field: Field) -> _Rules:
    rules: _Rules | None = field.memo.get("rules")
    if rules is None:
        rules = field.memo["rules"] = _rules(field.nouns, field.verbs, field.kind, field.shape)
    return rules


@dataclass(frozen=True, slots=True)
class _Rules:
    trigger: re.Pattern[str]
    patterns: tuple[tuple[re.Pattern[str], float, str], ...]


def _rules(nouns: tuple[str, ...], verbs: tuple[str, ...], kind: str, shape: str) -> _Rules:
    noun = _alternatives(nouns)
    patterns: list[tuple[str, float, str]] = []
    if verbs:
        patterns.append((rf"\b(?:{_alternatives(verbs)})\s+{_REST}", 0.9, _BY_VERB))
    if noun:
        verb = _ARE if kind == "array" else _IS
        patterns.append((rf"\b(?:{noun}){_OF_IT}\s+{verb}\s+{_REST}", 0.9, "'… is …'"))
        if re.match(r"\w+s\s\w", nouns[0]):  # "requires python"
            patterns.append((rf"\b(?:{_alternatives(nouns[:1])})\s+{_REST}", 0.9, _BY_VERB))
        if kind in ("integer", "number") or shape in ("number", "money", "percent"):
            patterns += _numeric_rules(noun)
        elif kind == "array":
            patterns.append((rf"{_SUBJECT}\s+{_ARE_ITS}(?:{noun})\b", 0.85, "'… are its …'"))
        elif shape == "person":
            name = rf"(?P<value>(?-i:{FULL_NAME}))"
            patterns.append((rf"\b(?:{noun}),? {name}", 0.8, "'… Name'"))
            patterns.append((rf"{name}{_AS_THE}(?:{noun})\b", 0.75, "'Name, …'"))
        elif kind == "string":
            numbered = r"(?!,?\s+(?:v|version\s+)?\d)"  # "under the MIT License, version 2"
            under = rf"\bunder\s+(?P<value>[^,;]{{1,80}})\s+(?:{noun})\b{numbered}"
            patterns.append((under, 0.92, _UNDER_THE))
    patterns.sort(key=lambda entry: -entry[1])
    trigger = "|".join(part for part in (noun, _alternatives(verbs)) if part) or r"(?!)"
    return _Rules(
        re.compile(rf"\b(?:{trigger})\b", re.IGNORECASE),
        tuple((re.compile(p, re.IGNORECASE | re.DOTALL), s, h) for p, s, h in patterns),
    )


def without_verb(text: str, field: Field) -> str:
    """Return `MIT` of `Licensed under the MIT`: a value without the phrase that leads to it."""
    verbs = field.memo.get("verbs")
    if verbs is None:
        leading = rf"^(?:{_alternatives(field.verbs)})\s+" if field.verbs else r"(?!)"
        verbs = field.memo["verbs"] = re.compile(leading, re.IGNORECASE)
    shorter = verbs.sub("", text, count=1)
    return text if shorter == text else _UNDER.sub("", shorter)


def _numeric_rules(noun: str) -> Iterator[tuple[str, float, str]]:
    number = r"(?<![\w.])(?P<value>(?:[$€£]\s?)?\d[\d.,]*(?:\s(?:million|billion|thousand))?)"
    yield rf"{number}\s+(?:\w+\s+)??(?:{noun})\b", 0.88, "'number …'"
    moved = r"(?:rose|fell|grew|shrank)\s+(?:by|to|from)"
    yield rf"\b(?:{noun})\s+(?:of|{moved})\s+(?P<value>.{{1,80}})", 0.8, "'… of number'"


def _alternatives(phrases: tuple[str, ...]) -> str:
    """Return one pattern for phrases in singular or plural, longest first."""
    options = {_flexible(phrase): None for phrase in phrases}
    return "|".join(sorted(options, key=lambda option: (-len(option), option)))


def _flexible(phrase: str) -> str:
    if phrase.endswith(" by") and phrase.count(" ") == 1:
        # "founded in Lem in 1945 by"
        return rf"{re.escape(phrase[:-3])}\b[^.;:]{{0,40}}?\bby"
    words = []
    for word in phrase.split():
        if word.lower() in ("license", "licence"):
            words.append("licen[cs]es?")
        elif word == "homepage":
            words.append(r"home\s?page")
        elif word in ("sales", "net", "staff"):
            words.append(word)
        elif word == "website":
            words.append(r"web\s?site")
        elif len(word) > 3 and word.endswith("ies"):  # noqa: PLR2004
            words.append(re.escape(word[:-3]) + "(?:y|ies)")
        elif len(word) > 3 and word.endswith("y"):  # noqa: PLR2004
            words.append(re.escape(word[:-1]) + "(?:y|ies)")
        elif len(word) > 3 and word.isalpha():  # noqa: PLR2004 - "by", "in" have no plural
            words.append(re.escape(word.removesuffix("s")) + "s?")
        else:
            words.append(re.escape(word))
    return r"[\s-]+".join(words)


def _value(text: str, field: Field, *, named: bool) -> str:
    """Return the part of a sentence's rest that is the value."""
    text = re.sub(rf"^\s*(?:{_BEFORE})+", "", text, flags=re.IGNORECASE)
    if field.shape == "url" or field.kind in ("integer", "number"):
        stop = _STOP.search(text)
        return text if stop is None or field.shape == "url" else text[: stop.start()]
    whole = re.sub(r"^(?:in|at)\s+", "", text)
    stop = (_LIST_STOP if field.kind == "array" else _STOP).search(text)
    text = text[: stop.start()] if stop else text
    if not text.strip(" .,") or text.split()[0].lower() in _VAGUE:
        return ""
    if field.shape == "place":
        place = re.match(rf"(?:{_PROPER})(?:,\s+(?:in\s+)?(?:the\s+)?(?:{_PROPER}))*", whole)
        return re.sub(r",\s+in\s+(?:the\s+)?", ", ", place.group()).rstrip(".") if place else ""
    if field.shape == "person" and field.kind == "string":
        text = re.split(r"\s+(?:in|on|from|at|since)\s+(?=[\dA-Z])", text)[0]
    if field.kind == "string" and field.shape != "text":
        text = _UNDER.sub("", text)
    if field.kind == "array":
        text = _SHORT.sub("", text)
    text = text.strip(" ,")
    last = text.rsplit(" ", 1)[-1].rstrip(".").lower()
    text = text if last in ABBREVIATIONS else text.rstrip(".")
    if field.kind == "string" and not named:
        for noun in field.nouns[:2]:
            text = re.sub(rf"\s+(?:{_flexible(noun)})$", "", text, flags=re.IGNORECASE)
    return text
