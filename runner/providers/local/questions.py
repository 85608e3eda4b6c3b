"""What a question asks for: the words to look for, the kind of answer, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from runner.providers.local.kinds import (
    ARTICLES,
    AUXILIARIES,
    COPULAS,
    PREPOSITIONS,
    STOPWORDS,
    WH_WORDS,
)
from runner.providers.local.sentences import Token, stem, tokens

Wanted: TypeAlias = Literal[
    "any", "person", "organization", "place", "date", "year", "number", "money", "percent",
    "duration", "reason", "manner",
]  # fmt: skip
"""The kind of answer a question wants; `any`: nothing is known."""

Side: TypeAlias = Literal["before", "after", ""]

GENERIC_CLASSES = frozenset(
    "name names kind kinds type types sort sorts term word title example form part number amount"
    " thing one two other group class some many specific".split()
)
_PERSON_WORDS = frozenset(
    "person people man woman king queen emperor president leader general commander author writer"
    " poet artist actor actress singer musician player quarterback coach founder inventor scientist"
    " mathematician physicist chemist philosopher director producer composer minister governor"
    " mayor bishop pope monk reformer theologian politician judge owner manager chairman ceo"
    " chief executive architect engineer designer explorer historian professor scholar doctor"
    " companion character astronaut wife husband son daughter father mother brother sister".split()
)
_ORGANIZATION_WORDS = frozenset(
    "company organization organisation corporation firm agency team club network university"
    " college school church party band group institution association committee bank publisher"
    " manufacturer brand newspaper station studio channel department supplier vendor".split()
)
_PLACE_WORDS = frozenset(
    "place location country city state town village county province region continent area district"
    " river lake sea ocean mountain island valley street road address venue stadium building site"
    " headquarters capital nation territory airport".split()
)
_NUMBER_WORDS = frozenset(
    "number population score total count quantity temperature age weight height length speed"
    " distance size capacity employees".split()
)
_PERCENT_WORDS = frozenset("percent percentage proportion share fraction rate".split())
_MONEY_WORDS = frozenset("cost price revenue salary income budget fee turnover profit".split())
_DATE_WORDS = frozenset("date day month century decade era period time season years".split())
_DURATION_WORDS = frozenset(
    "seconds minutes hours days weeks months years decades centuries long".split()
)
_HOW_MEASURES: dict[str, Wanted] = {
    "many": "number", "much": "number", "long": "duration", "old": "number", "far": "number",
    "large": "number", "big": "number", "tall": "number", "high": "number", "fast": "number",
    "wide": "number", "deep": "number", "often": "any", "few": "number", "heavy": "number",
}  # fmt: skip


_WANTED_BY_WORD: dict[str, Wanted] = {
    "who": "person", "whom": "person", "whose": "person", "when": "date", "where": "place",
    "why": "reason",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, taken apart.

    Attributes:
        text: As asked.
        terms: Stems of its content words with a weight each (1, less for words such as "name").
        pairs: Pairs of neighbouring stems, stop words included.
        wanted: The kind of answer.
        focus: Stems of the noun phrase that names the answer's class ("NFL team"), head last.
        unit: Of "how many X" the stems of X.
        verb: The stem of the main verb where it can be told, else "".
        side: On which side of that verb the answer stands.
        hinge: The preposition beside the gap ("by" in "by whom"), else "".
        plural: Whether the class is in the plural ("which teams").
        names: Stems of its names and numbers.
    """

    text: str
    terms: dict[str, float]
    pairs: frozenset[tuple[str, str]]
    wanted: Wanted = "any"
    focus: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    verb: str = ""
    side: Side = ""
    hinge: str = ""
    plural: bool = False
    names: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The stem of the class's main word ("team"), or ""."""
        return self.focus[-1] if self.focus else ""


FOCUS_WEIGHT = 0.4
GENERIC_WEIGHT = 0.2


def ask(text: str) -> Question:
    """Take a question apart; a text without a question word is a list of terms."""
    words = [token for token in tokens(text) if not token.mark]
    stems = [word.stem for word in words]
    terms = {word.stem: 1.0 for word in words if word.lower not in STOPWORDS}
    question = Question(
        text=text,
        terms=terms,
        pairs=frozenset(zip(stems, stems[1:], strict=False)),
        names=tuple(word.stem for word in words[1:] if not word.text[0].islower()),
    )
    at = _question_word(words)
    if at is None:
        return _labelled(question, words)
    return _asked(question, words, at)


def _question_word(words: list[Token]) -> int | None:
    places = [i for i, word in enumerate(words) if word.lower in WH_WORDS or word.lower == "what's"]
    if not places:
        return None
    for place in places:
        # "Name the city where ...", "..., which X": the first one asks unless another can head it.
        if place == 0 or words[place - 1].lower in PREPOSITIONS:
            return place
    late = [i for i in places if words[i].lower in ("what", "which", "who", "whom", "how")]
    return late[-1] if late else places[0]


def _labelled(question: Question, words: list[Token]) -> Question:
    content = [word for word in words if word.lower not in STOPWORDS]
    wanted: Wanted = "any"
    for word in content:
        wanted = _class_of(word.lower)
        if wanted != "any":
            break
    return replace(question, wanted=wanted)


def _class_of(word: str) -> Wanted:
    singular = word.removesuffix("s")
    classes: tuple[tuple[frozenset[str], Wanted], ...] = (
        (_PERSON_WORDS, "person"), (_ORGANIZATION_WORDS, "organization"), (_PLACE_WORDS, "place"),
        (_PERCENT_WORDS, "percent"), (_MONEY_WORDS, "money"), (_NUMBER_WORDS, "number"),
        (_DATE_WORDS, "date"),
    )  # fmt: skip
    if word == "year":
        return "year"
    for members, wanted in classes:
        if word in members or singular in members:
            return wanted
    return "any"


def _asked(question: Question, words: list[Token], at: int) -> Question:
    asked = words[at].lower
    following = words[at + 1 :]
    hinge = ""
    if at and words[at - 1].lower in PREPOSITIONS:
        hinge = words[at - 1].lower
    elif words[-1].lower in PREPOSITIONS and following:
        hinge = words[-1].lower
    question = replace(question, hinge=hinge)
    if asked == "how":
        return _how(question, following)
    if asked in ("what", "what's", "which"):
        return _what(question, following)
    wanted: Wanted = _WANTED_BY_WORD[asked]
    return _with_verb(replace(question, wanted=wanted), following)


def _how(question: Question, following: list[Token]) -> Question:
    if not following:
        return question
    measure = following[0].lower
    if measure not in _HOW_MEASURES:
        manner = measure in AUXILIARIES
        question = replace(question, wanted="manner" if manner else "any")
        return _with_verb(question, following)
    wanted = _HOW_MEASURES[measure]
    unit = _noun_phrase(following[1:]) if measure in ("many", "much", "few") else []
    if measure == "much" and not unit:
        wanted = "money"
    if measure == "much" and unit and unit[-1].lower == "money":
        wanted = "money"
    if unit and unit[-1].lower in _PERCENT_WORDS:
        wanted = "percent"
    if unit and unit[-1].lower in _DURATION_WORDS:
        wanted = "duration"
    question = replace(question, wanted=wanted, unit=tuple(word.stem for word in unit))
    return _with_verb(question, following[1 + len(unit) :])


def _what(question: Question, following: list[Token]) -> Question:
    phrase, after = _class_phrase(following)
    if not phrase and after and after[0].lower in COPULAS:
        # "What is the name of the scheme": the class is behind the copula; "What is X called" has
        # none.
        behind, rest = _class_phrase(after[1:])
        if behind and not (rest and rest[0].lower in _PARTICIPLES):
            phrase, after = behind, rest
    focus = [word for word in phrase if word.lower not in STOPWORDS]
    if focus:
        terms = dict(question.terms)
        terms[focus[-1].stem] = FOCUS_WEIGHT
        for word in following:
            if word.lower in GENERIC_CLASSES and word.stem in terms:
                terms[word.stem] = GENERIC_WEIGHT
        wanted = next((c for c in (_class_of(w.lower) for w in reversed(focus)) if c != "any"), "any")
        question = replace(
            question,
            wanted=wanted,
            focus=tuple(word.stem for word in focus),
            terms=terms,
            plural=focus[-1].lower.endswith("s") and not focus[-1].lower.endswith("ss"),
        )
    return _with_verb(question, after)


def _class_phrase(words: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the noun phrase that names a class ("kind of influence": influence), and the rest."""
    phrase = _noun_phrase(words)
    rest = words[len(phrase) :]
    while phrase and phrase[-1].lower in GENERIC_CLASSES and rest and rest[0].lower == "of":
        phrase = _noun_phrase(rest[1:])
        rest = rest[1 + len(phrase) :]
    return phrase, rest


def _noun_phrase(words: list[Token]) -> list[Token]:
    """Return the words up to the first one that no noun phrase holds."""
    phrase: list[Token] = []
    for word in words:
        lower = word.lower
        inside = lower in ARTICLES or lower not in STOPWORDS or lower in ("other", "most")
        if not inside or (phrase and _is_verb(lower)):
            break
        phrase.append(word)
    return phrase


def _is_verb(lower: str) -> bool:
    return lower in AUXILIARIES or (
        lower in _COMMON_VERBS
        or lower in _PARTICIPLES
        or (lower.endswith("ed") and lower not in _NOT_VERBS)
    )


_NOT_VERBS = frozenset(["need", "speed", "seed"])
_PARTICIPLES = frozenset("called known named considered referred located termed used".split())
_COMMON_VERBS = frozenset(
    "became began brought built bought came chose drew fell fought found gave got grew held kept"
    " knew led left lost made met paid ran rose said saw sold sent spoke stood took taught told"
    " thought went won wrote caused use means mean makes make plays play".split()
)


def _with_verb(question: Question, rest: list[Token]) -> Question:
    """Find the main verb and on which side of it the answer stands."""
    if not rest:
        return question
    first = rest[0].lower
    if first in ("do", "does", "did"):
        # "What did X win in 2015": the verb stands before the closing preposition phrase.
        content = [i for i, word in enumerate(rest) if word.lower not in STOPWORDS]
        if not content:
            return question
        verb = content[-1]
        for i in content[1:]:
            if i + 1 < len(rest) and rest[i + 1].lower in PREPOSITIONS:
                verb = i
                break
        return replace(question, verb=rest[verb].stem, side="after")
    if first not in STOPWORDS and question.wanted not in ("date", "year", "reason"):
        return replace(question, verb=rest[0].stem, side="before")
    return question

