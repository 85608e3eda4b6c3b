"""What a sentence states about a field: patterns made from the field's own labels and verbs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.providers.local.fields import NEUTRAL, Field, terms
from runner.providers.local.sentences import ABBREVIATIONS
from runner.providers.local.values import is_negated

_NAME = r"[^\W\d_][\w.'’&-]*"
_PROPER = rf"[A-ZÀ-ÞĀ-Ž][\w.'’&-]*(?:\s+(?:(?:de|van|von|der|den|di|da|la|le|of|the|bin|al)\s+)*[A-ZÀ-ÞĀ-Ž][\w.'’&-]*){{0,4}}"
FULL_NAME = r"[A-ZÀ-ÞĀ-Ž][\w.'’-]*(?: (?:de |van |von |der |da |la )*[A-ZÀ-ÞĀ-Ž][\w.'’-]*){1,3}"
_IS = r"(?:is|are|was|were|include|includes|included|stands at|stood at|amounts to|amounted to|reached|remains)"
_BEFORE = r"(?:now|currently|still|about|around|roughly|nearly|approximately|mainly|only|also)\s+"
_STOP = re.compile(
    r"(?<=\.)\.(?=\s|$)|(?<=\.)\s+(?=(?:It|Its|The|This|These|They|He|She)\s)|[!?](?=\s|$)|[;]|\s+[–—]\s+|,?\s+(?:which|who|whose|that|while|where|when|but"
    r"|although|because|so that|whereas)\s|,\s+(?=(?:a|an|the|in|on|at|with|and it|and has|and is"
    r"|and employs|and was|and had|its|as|next|near)\s)|\s+and\s+(?=(?:has|is|was|employs|makes|sells|"
    r"its|it|had|later|opened|rarely|lets|led|sell|sells|requires|supports)\b)"
)
_LIST_STOP = re.compile(
    r"(?<=\.)\.(?=\s|$)|[!?](?=\s|$)|[;]|\s+[–—]\s+|,?\s+(?:which|who|whose|that|while|where|when|but"
    r"|although|because|so that|whereas)\s|,\s+(?:and\s+)?(?=(?:in|on|at|with|as|it|has|is|sells|its|until)\s)"
)
_FELL = re.compile(r"\b(?:fell|declin\w+|shrank|dropped|decreas\w+)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:until|former|formerly|previous|previously|ex)\b", re.IGNORECASE)
_SHORT = re.compile(r"\s*\([^()]*\)")
_UNDER = re.compile(r"^(?:the|an?|its|their)\s+")
_OPENERS = frozenset(
    ("the a an its their our his her this and or is are has have had with under of whose where with"
     " annual net best-known famous full-time operational core flagship stated").split(" ")
)  # fmt: skip
_VAGUE = frozenset(
    ("dual same following this that it them both various different which what either several"
     " others").split(" ")
)  # fmt: skip
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A value's text in a sentence; `strength` 0 to 1 tells how plainly it is stated."""

    text: str
    strength: float
    how: str


def statements(sentence: str, field: Field) -> Iterator[Statement]:
    """Yield what a sentence states about a field, the plainest first.

    `employs 300 people`, `its head office is in Oslo`, `under the MIT license`, `revenue of 3
    billion`, `300 employees`, `chief executive Jane Doe`.
    """
    if field.concept == "name" or field.shape in ("text", "sentences"):
        return  # "its name is a pun", "the summary is": no sentence states these plainly
    rules = _rules_of(field)
    if rules.trigger.search(sentence) is None:
        return
    past = _PAST.search(sentence) is not None
    for pattern, strength, how in rules.patterns:
        for match in pattern.finditer(sentence):
            text = _value(match["value"], field, named="under" in how)
            if text:
                # In "the Python version is" the noun names something else.
                alone = _stands_alone(sentence[: match.start()]) or how.startswith("the sentence")
                weight = (1 if alone else 0.7) * (0.7 if past else 1)
                if field.shape == "percent" and _FELL.search(
                    match.group()[: match.start("value") - match.start()]
                ):
                    text = f"-{text}"
                yield Statement(text=text, strength=strength * weight, how=how)


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
        or last[0].isdigit()
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
    numeric = kind in ("integer", "number") or shape in ("number", "money", "percent")
    patterns: list[tuple[str, float, str]] = []
    if verbs:
        patterns.append((rf"\b(?:{_alternatives(verbs)})\s+(?P<value>.{{1,{_LONGEST}}})", 0.9,
                         "the sentence's verb"))  # fmt: skip
    if noun:
        of = r"(?:\s+(?:of|for|at|outside|in)\s+[^,.;:]{1,60}?)?"
        patterns.append((rf"\b(?:{noun}){of}\s+{_IS}\s+(?P<value>.{{1,{_LONGEST}}})", 0.9,
                         "'… is …'"))  # fmt: skip
        requires = [n for n in nouns[:1] if re.match(r"\w+s\s\w", n)]
        if requires:
            patterns.append((rf"\b(?:{_alternatives(tuple(requires))})\s+(?P<value>.{{1,{_LONGEST}}})",
                             0.9, "the sentence's verb"))  # fmt: skip
        if numeric:
            patterns.append((rf"(?P<value>(?:[$€£]\s?)?\d[\d.,]*(?:\s(?:million|billion|thousand))?)\s+"
                             rf"(?:\w+\s+){{0,1}}?(?:{noun})\b", 0.88, "'number …'"))  # fmt: skip
            patterns.append((rf"\b(?:{noun})\s+(?:of|(?:rose|fell|grew|shrank)\s+(?:by|to|from))\s+"
                             rf"(?P<value>.{{1,80}})", 0.8, "'… of number'"))  # fmt: skip
        elif kind == "array":
            patterns.append((rf"^(?P<value>(?-i:[A-ZÀ-Þ])(?:[^.;:]|\.(?=\S)){{2,150}}?)\s+(?:is|are)\s+(?:the|its|their)\s+"
                             rf"(?:\w+\s+){{0,2}}?(?:{noun})\b", 0.85, "'… are its …'"))  # fmt: skip
        elif shape == "person":
            patterns.append((rf"\b(?:{noun}),? (?P<value>(?-i:{FULL_NAME}))", 0.8, "'… Name'"))
            patterns.append((rf"(?P<value>(?-i:{FULL_NAME}))(?:,| is| has been| as) "
                             rf"(?:the |its |their )?(?:{noun})\b", 0.75, "'Name, …'"))  # fmt: skip
        elif kind == "string":
            patterns.append(
                (
                    rf"\bunder\s+(?P<value>[^,;]{{1,80}})\s+(?:{noun})\b(?!,?\s+(?:v|version\s+)?\d)",
                    0.92,
                    "'under the … …'",
                )
            )
    patterns.sort(key=lambda entry: -entry[1])
    trigger = "|".join(part for part in (noun, _alternatives(verbs)) if part) or r"(?!)"
    return _Rules(
        re.compile(rf"\b(?:{trigger})\b", re.IGNORECASE),
        tuple((re.compile(p, re.IGNORECASE | re.DOTALL), s, h) for p, s, h in patterns),
    )


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
