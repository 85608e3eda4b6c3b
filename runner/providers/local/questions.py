"""What a question asks for: the words to look for, the kind of answer, and where it stands."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from runner.frozen import frozen
from runner.providers.local.kinds import (
    ARTICLES,
    AUXILIARIES,
    COPULAS,
    PAST_FORMS,
    PREPOSITIONS,
    STOPWORDS,
    WH_WORDS,
)
from runner.providers.local.lexicon import word_set
from runner.providers.local.sentences import Token, tokens

Wanted: TypeAlias = Literal[
    "any", "person", "organization", "place", "date", "year", "number", "money", "percent",
    "duration", "reason", "manner",
]  # fmt: skip
"""The kind of answer a question wants; `any`: nothing is known."""

Side: TypeAlias = Literal["before", "after", ""]

CLASS_WEIGHT: Final = 0.4
"""What the word for the answer's class counts ("team"): a text seldom repeats it."""

GENERIC_WEIGHT: Final = 0.2
"""What words such as "name" and "kind" count."""

_GENERIC: Final = word_set("""
    name names kind kinds type types sort sorts term word title example form part number amount
    thing two other group class specific
    """)
_CLASSES: Final[tuple[tuple[Wanted, frozenset[str]], ...]] = (
    ("year", frozenset(["year"])),
    (
        "person",
        word_set("""
            person people man woman king queen emperor president leader general commander author
            writer poet artist actor actress singer musician player quarterback coach founder
            inventor scientist mathematician physicist chemist philosopher director producer
            composer minister governor mayor bishop pope monk reformer theologian politician judge
            owner manager chairman ceo chief executive architect engineer designer explorer
            historian professor scholar doctor companion character astronaut wife husband son
            daughter father mother brother sister
            """),
    ),
    (
        "organization",
        word_set("""
            company organization organisation corporation firm agency team club network university
            college school church party band group institution association committee bank publisher
            manufacturer brand newspaper station studio channel department supplier vendor
            """),
    ),
    (
        "place",
        word_set("""
            place location country city state town village county province region continent area
            district river lake sea ocean mountain island valley street road address venue stadium
            building site headquarters capital nation territory airport
            """),
    ),
    ("percent", frozenset(["percent", "percentage", "proportion", "share", "fraction", "rate"])),
    (
        "money",
        frozenset(["cost", "price", "revenue", "salary", "income", "budget", "fee", "turnover"]),
    ),
    (
        "number",
        word_set("""
            number population score total count quantity temperature age weight height length speed
            distance size capacity employees
            """),
    ),
    (
        "date",
        frozenset(["date", "day", "month", "century", "decade", "era", "period", "time", "season"]),
    ),
)
_DURATIONS: Final = frozenset(
    ["seconds", "minutes", "hours", "days", "weeks", "months", "years", "decades", "centuries"]
)
_MEASURES: Final[dict[str, Wanted]] = {
    "many": "number", "much": "number", "few": "number", "long": "duration", "old": "number",
    "far": "number", "large": "number", "big": "number", "tall": "number", "high": "number",
    "fast": "number", "wide": "number", "deep": "number", "heavy": "number", "often": "any",
}  # fmt: skip
_COUNTING: Final = frozenset(["many", "much", "few"])
_BY_WORD: Final[dict[str, Wanted]] = {
    "who": "person", "whom": "person", "whose": "person", "who's": "person", "when": "date",
    "where": "place", "why": "reason",
}  # fmt: skip
_PARTICIPLES: Final = frozenset(
    ["called", "known", "named", "considered", "referred", "located", "termed", "used"]
)
_VERBS: Final = PAST_FORMS | frozenset(
    ["caused", "use", "means", "mean", "makes", "make", "plays", "play"]
)
_NOT_VERBS: Final = frozenset(["need", "speed", "seed"])
_DO: Final = frozenset(["do", "does", "did"])
_HEADING_WORDS: Final = frozenset(["what", "which", "who", "whom", "how"])


@frozen
class Question:
    """A question, taken apart.

    Attributes:
        text: As asked.
        terms: Stems of its content words with a weight each (1, less for words such as "name").
        pairs: Pairs of neighbouring stems, stop words included.
        names: Stems of its names and numbers.
        wanted: The kind of answer.
        focus: Stems of the phrase that names the answer's class ("NFL team"), main word last.
        plural: Whether that phrase is in the plural.
        unit: Of "how many X" the stems of X.
        verb: The stem of the main verb where it can be told, else "".
        side: On which side of that verb the answer stands in a plain sentence.
        hinge: The preposition that leads to the answer ("by" in "by whom"), else "".
    """

    text: str
    terms: dict[str, float]
    pairs: frozenset[tuple[str, str]]
    names: tuple[str, ...] = ()
    wanted: Wanted = "any"
    focus: tuple[str, ...] = ()
    plural: bool = False
    unit: tuple[str, ...] = ()
    verb: str = ""
    side: Side = ""
    hinge: str = ""

    @property
    def head(self) -> str:
        """The stem of the class's main word ("team"), or ""."""
        return self.focus[-1] if self.focus else ""


def ask(text: str) -> Question:
    """Take a question apart; a text without a question word is a list of terms."""
    words = [token for token in tokens(text) if not token.mark]
    question = Question(
        text=text,
        terms={word.stem: 1.0 for word in words if word.lower not in STOPWORDS},
        pairs=frozenset(pairwise(word.stem for word in words)),
        names=tuple(word.stem for word in words[1:] if not word.text[0].islower()),
    )
    at = _question_word(words)
    if at is not None:
        return _asked(question, words, at)
    content = [word for word in words if word.lower not in STOPWORDS]
    return replace(question, wanted=_class_among(content))


def _question_word(words: list[Token]) -> int | None:
    """Return the place of the word that asks: the first, if it can; else the last."""
    places = [at for at, word in enumerate(words) if word.lower in WH_WORDS]
    for at in places:
        if at == 0 or words[at - 1].lower in PREPOSITIONS:
            return at
    heading = [at for at in places if words[at].lower in _HEADING_WORDS]
    last = heading or places
    return last[-1] if last else None


def _asked(question: Question, words: list[Token], at: int) -> Question:
    asked = words[at].lower
    following = words[at + 1 :]
    if at and words[at - 1].lower in PREPOSITIONS:
        question = replace(question, hinge=words[at - 1].lower)
    elif following and words[-1].lower in PREPOSITIONS:
        question = replace(question, hinge=words[-1].lower)
    if asked == "how":
        return _how(question, following)
    if asked in _BY_WORD:
        return _with_verb(replace(question, wanted=_BY_WORD[asked]), following)
    return _what(question, following)


def _how(question: Question, following: list[Token]) -> Question:
    measure = following[0].lower if following else ""
    if measure not in _MEASURES:
        wanted: Wanted = "manner" if measure in AUXILIARIES else "any"
        return _with_verb(replace(question, wanted=wanted), following)
    wanted = _MEASURES[measure]
    unit = _noun_phrase(following[1:]) if measure in _COUNTING else []
    counted = unit[-1].lower if unit else ""
    if counted == "money" or (measure == "much" and not unit):
        wanted = "money"
    elif counted in _DURATIONS:
        wanted = "duration"
    elif unit and _class_among(unit[-1:]) == "percent":
        wanted = "percent"
    question = replace(question, wanted=wanted, unit=tuple(word.stem for word in unit))
    return _with_verb(question, following[1 + len(unit) :])


def _what(question: Question, following: list[Token]) -> Question:
    phrase, after = _class_phrase(following)
    if not phrase and after and after[0].lower in COPULAS:
        # "What is the name of the scheme": the class is behind the copula. "What is X called"
        # names none.
        behind, rest = _class_phrase(after[1:])
        if behind and not (rest and rest[0].lower in _PARTICIPLES):
            phrase, after = behind, rest
    focus = [word for word in phrase if word.lower not in STOPWORDS]
    if focus:
        generic = {word.stem for word in following if word.lower in _GENERIC}
        terms = {
            term: GENERIC_WEIGHT if term in generic else weight
            for term, weight in (question.terms | {focus[-1].stem: CLASS_WEIGHT}).items()
        }
        last = focus[-1].lower
        question = replace(
            question,
            terms=terms,
            wanted=_class_among(focus[::-1]),
            focus=tuple(word.stem for word in focus),
            plural=last.endswith("s") and not last.endswith("ss"),
        )
    return _with_verb(question, after)


def _class_phrase(words: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the noun phrase that names a class ("kind of influence": influence), and the rest."""
    phrase = _noun_phrase(words)
    rest = words[len(phrase) :]
    while phrase and phrase[-1].lower in _GENERIC and rest and rest[0].lower == "of":
        phrase = _noun_phrase(rest[1:])
        rest = rest[1 + len(phrase) :]
    return phrase, rest


def _class_among(words: list[Token]) -> Wanted:
    """Return the kind of answer that the first telling word names."""
    for word in words:
        for wanted, members in _CLASSES:
            if word.lower in members or word.lower.removesuffix("s") in members:
                return wanted
    return "any"


def _noun_phrase(words: list[Token]) -> list[Token]:
    """Return the words up to the first one that no noun phrase holds."""
    phrase: list[Token] = []
    for word in words:
        lower = word.lower
        held = lower in ARTICLES or lower not in STOPWORDS or lower in ("other", "most")
        if not held or (phrase and _is_verb(lower)):
            break
        phrase.append(word)
    return phrase


def _is_verb(lower: str) -> bool:
    ended = lower.endswith("ed") and lower not in _NOT_VERBS
    return ended or lower in _VERBS or lower in _PARTICIPLES


def _with_verb(question: Question, rest: list[Token]) -> Question:
    """Find the main verb and on which side of it the answer stands."""
    first = rest[0].lower if rest else ""
    if first in _DO:
        content = [at for at, word in enumerate(rest) if word.lower not in STOPWORDS]
        if not content:
            return question
        # "What did X win in 2015": the verb stands before the closing preposition phrase.
        closing = (
            at for at in content[1:] if at + 1 < len(rest) and rest[at + 1].lower in PREPOSITIONS
        )
        return replace(question, verb=rest[next(closing, content[-1])].stem, side="after")
    if first and first not in STOPWORDS and question.wanted not in ("date", "year", "reason"):
        return replace(question, verb=rest[0].stem, side="before")
    return question
