"""What speaks for a stretch of a sentence being the answer to a question, and how much.

Every signal is something a reader can check in the sentence. The weights were set by hand, looking
at which signals right answers had more or less of than wrong ones, on half of the articles of
a set of reading questions (SQuAD 1.1), and rounded; the other half gave the same gain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.providers.local.kinds import (
    CLOSING_QUOTES,
    COPULAS,
    CURRENCIES,
    MONTHS,
    OPENING_QUOTES,
    Kind,
    is_acronym,
    is_year,
)
from runner.providers.local.questions import Question
from runner.providers.local.sentences import Token, stem

LONGEST: Final = 10
"""Words in a candidate, at most."""

WEIGHTS: Final[Mapping[str, float]] = {
    # The question's words around the stretch, and inside it.
    "near": 5.5, "adjacent": 0.3, "repeat": -2.5, "rarity": 0.4,
    # Its make.
    "length": -0.12, "single": -0.5, "participle": -2.0, "caps": 0.8, "quoted": 1.3, "list": 1.0,
    "holds of": 0.0, "holds preposition": -1.0, "holds conjunction": -0.7, "holds comma": -0.9,
    "holds verb": -1.0, "holds adverb": -0.8, "cut date": -2.0, "cut range": -1.5, "cut name": -1.2,
    "letter": -1.5, "other unit": -1.0,
    # The class the question names ("which team"), and the unit it counts ("how many goals").
    "class before": 0.3, "class before name": 2.0, "class earlier": 0.6, "class after": 1.0,
    "class inside": 1.7, "unit after": 2.2,
    # The words that lead to it.
    "copula": 0.6, "side": 0.3, "hinge": 1.8, "naming": 1.7, "lead": 1.2, "agent": 1.5,
    "object": 0.5,
    # Its borders.
    "start article": 0.7, "start preposition": 0.8, "start auxiliary": 0.2, "start mark": 0.4,
    "start conjunction": 0.4, "start past": 0.4, "start pronoun": 0.1, "start possessive": 0.1,
    "start gerund": 0.2, "start adverb": 0.0, "start word": -0.3, "start name": -1.3,
    "start number": -0.9, "start class": 0.8, "start sentence": 0.6,
    "end mark": 1.0, "end preposition": 0.3, "end auxiliary": 0.7, "end conjunction": 0.4,
    "end past": 0.6, "end pronoun": -1.0, "end possessive": 0.0, "end gerund": 0.1,
    "end adverb": 0.2, "end article": -0.8, "end word": -0.7, "end name": -1.8, "end number": -1.2,
    "end class": 0.5, "end sentence": 0.8,
}  # fmt: skip

_NO_NUMBER = {"number": -2.0, "year": -2.0, "date": -2.0, "money": -2.0, "percent": -2.0}
_NAME = {"name": 2.8, "mixed": 0.3, **_NO_NUMBER}
_NO_WORDS = {"name": -2.0, "acronym": -2.0, "mixed": -2.0, "lower": -2.0}
_COUNT = {
    "number": 2.8, "money": 2.8, "percent": 2.8, "measure": 0.5, "duration": 0.5, "year": -1.5,
    "date": -1.5, **_NO_WORDS,
}  # fmt: skip
FIT: Final[Mapping[str, Mapping[str, float]]] = {
    "person": {**_NAME, "acronym": 0.8},
    "organization": {**_NAME, "acronym": 2.8},
    "place": {**_NAME, "acronym": 1.5},
    "date": {"date": 3.0, "year": 3.0, "number": 0.5, **_NO_WORDS},
    "year": {"year": 3.0, **_NO_WORDS, "number": -2.0, "duration": -2.0, "measure": -2.0},
    "number": _COUNT,
    "money": {**_COUNT, "money": 4.0},
    "percent": {**_COUNT, "percent": 4.0},
    "duration": {**_COUNT, "duration": 2.3, "number": 1.0},
    "any": {"year": -0.3},
}  # fmt: skip
"""What a stretch of a shape (see `shape`) is worth where an answer of a kind is wanted."""

LEADS: Final[Mapping[str, frozenset[str]]] = {
    "place": frozenset(["in", "at", "near", "from", "to", "on"]),
    "date": frozenset(["in", "on", "since", "from", "by", "until", "during"]),
    "year": frozenset(["in", "since", "from"]),
    "person": frozenset(["by"]),
    "organization": frozenset(["by"]),
    "reason": frozenset(["because", "to", "for"]),
    "manner": frozenset(["by", "through", "with", "using", "via"]),
}
"""The words that answers of a kind like to follow."""

_NAMING = frozenset(
    ["called", "named", "known", "termed", "titled", "entitled", "dubbed", "nicknamed", "as"]
)
_NAME_STEMS = frozenset(
    stem(word) for word in ("call", "name", "know", "term", "title", "nickname", "refer", "label")
)
_DURATIONS = frozenset(
    ["second", "minute", "hour", "day", "week", "month", "year", "decade", "century", "centurie"]
)
_NEVER_AT_A_BORDER = frozenset(
    [
        "article", "auxiliary", "conjunction", "pronoun", "possessive", "mark", "preposition",
        "adverb",
    ]
)  # fmt: skip
_BREAKS = frozenset(";:!?()")
_TO = frozenset(["to", "–", "-", "—", "through", "until"])
_CLASS_REACH = 4
_UNIT_REACH = 3
_COUNTED_SHAPES = frozenset(["number", "year", "money", "percent"])


@dataclass(slots=True)
class Line:
    """A sentence and, word by word, what the question finds in it.

    Attributes:
        before: For each place between words, how much of the question stands before it, the nearer
            the more; `after` likewise. Both have one entry more than there are words.
        repeats: For each word, how far (0 to 1) it only repeats the question.
        rarities: For each word, how rare (0 to 1) it is among the sentences at hand.
        weights: For each word, its share of the question's weight.
    """

    words: tuple[Token, ...]
    kinds: list[Kind]
    before: list[float]
    after: list[float]
    repeats: list[float]
    rarities: list[float]
    weights: list[float]
    verbs: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    """What a growing stretch holds so far."""

    names: int = 0
    numbers: int = 0
    plain: int = 0
    verbs: int = 0
    ofs: int = 0
    prepositions: int = 0
    conjunctions: int = 0
    adverbs: int = 0
    commas: int = 0
    auxiliaries: int = 0
    repeat: float = 0.0
    rarity: float = 0.0

    @property
    def count(self) -> int:
        return self.names + self.numbers + self.plain + self.verbs

    def add(self, word: Token, kind: Kind) -> None:
        if kind == "name":
            self.names += 1
        elif kind == "number":
            self.numbers += 1
        elif kind == "word":
            self.plain += 1
        elif kind in ("past", "gerund"):
            self.verbs += 1
        elif kind == "preposition":
            self.prepositions += word.lower != "of"
            self.ofs += word.lower == "of"
        elif kind == "conjunction":
            self.conjunctions += 1
        elif kind == "adverb":
            self.adverbs += 1
        elif kind in ("auxiliary", "pronoun"):
            self.auxiliaries += 1
        elif word.text == ",":
            self.commas += 1


def candidates(asked: Question, line: Line) -> Iterator[tuple[float, int, int]]:
    """Yield (value, first word, last word) of every stretch that could be a phrase."""
    words, kinds = line.words, line.kinds
    for first, kind in enumerate(kinds):
        if kind in _NEVER_AT_A_BORDER:
            continue
        lead = _lead(line, first)
        opening = _opening(asked, line, first, lead)
        content = _Content()
        for last in range(first, min(len(words), first + LONGEST)):
            word = words[last]
            if word.text in _BREAKS:
                break
            content.add(word, kinds[last])
            content.repeat += line.repeats[last]
            content.rarity += line.rarities[last]
            if kinds[last] in _NEVER_AT_A_BORDER or content.repeat >= content.count:
                continue
            value = opening + _make(asked, line, first, last, content)
            value += _closing(asked, line, first, last, lead)
            yield value, first, last


def _lead(line: Line, first: int) -> int:
    """Return the place of the word before a stretch, articles and quotation marks passed over."""
    at = first - 1
    while at >= 0 and (line.kinds[at] == "article" or line.words[at].text in OPENING_QUOTES):
        at -= 1
    return at


def _opening(asked: Question, line: Line, first: int, lead: int) -> float:
    """Return the weight of what stands before a stretch."""
    words, kinds = line.words, line.kinds
    head = asked.head
    border: str = "sentence" if first == 0 else kinds[first - 1]
    if border in ("word", "name") and words[first - 1].stem == head:
        border = "class"
    value = WEIGHTS[f"start {border}"]
    if lead >= 0:
        word = words[lead].lower
        value += WEIGHTS["hinge"] * (word == asked.hinge)
        value += WEIGHTS["lead"] * (word in LEADS.get(asked.wanted, ()))
        value += WEIGHTS["naming"] * (word in _NAMING and not _NAME_STEMS.isdisjoint(asked.terms))
        value += WEIGHTS["object"] * (asked.side == "after" and lead in line.verbs)
        if asked.side == "before" and word == "by" and lead - 1 in line.verbs:
            value += WEIGHTS["agent"]
    if lead >= 0 and words[lead].stem == head:
        named = kinds[first] in ("name", "number") or words[first - 1].text in OPENING_QUOTES
        value += WEIGHTS["class before name" if named else "class before"]
    elif any(0 < first - at <= _CLASS_REACH for at in line.heads):
        value += WEIGHTS["class earlier"]
    return value


def _closing(asked: Question, line: Line, first: int, last: int, lead: int) -> float:
    """Return the weight of what stands behind a stretch, and on both sides of it."""
    words, behind = line.words, last + 1
    border: str = line.kinds[behind] if behind < len(words) else "sentence"
    follower = words[behind].stem if behind < len(words) else ""
    value = 0.0
    if follower and follower == asked.head:
        value += WEIGHTS["class after"]
        border = "class"
    elif follower in asked.unit:
        border = "class"
    value += WEIGHTS[f"end {border}"]
    value += WEIGHTS["near"] * (line.before[first] + line.after[behind])
    if (first and line.weights[first - 1]) or (follower and line.weights[behind]):
        value += WEIGHTS["adjacent"]
    if first and follower and words[first - 1].text in OPENING_QUOTES:
        value += WEIGHTS["quoted"] * (words[behind].text in CLOSING_QUOTES)
    if line.heads and (
        (follower and words[behind].lower in COPULAS and line.heads[-1] > last)
        or (lead >= 0 and words[lead].lower in COPULAS and line.heads[0] < lead)
    ):
        value += WEIGHTS["copula"]
    if line.verbs:
        before = asked.side == "before"
        right = line.verbs[-1] > last if before else line.verbs[0] < first
        value += WEIGHTS["side"] * (1 if right else -1)
        value += WEIGHTS["agent"] * (before and behind in line.verbs)
    return value


def _make(asked: Question, line: Line, first: int, last: int, content: _Content) -> float:
    """Return the weight of a stretch's own words."""
    words = line.words
    value = (
        WEIGHTS["repeat"] * content.repeat / content.count
        + WEIGHTS["rarity"] * content.rarity / content.count
        + WEIGHTS["length"] * (last - first)
        + WEIGHTS["holds of"] * content.ofs
        + WEIGHTS["holds preposition"] * content.prepositions
        + WEIGHTS["holds conjunction"] * content.conjunctions
        + WEIGHTS["holds comma"] * content.commas
        + WEIGHTS["holds verb"] * content.auxiliaries
        + WEIGHTS["holds adverb"] * content.adverbs
    )
    if content.conjunctions and asked.plural:
        value += WEIGHTS["list"]
    if last > first and words[last].stem == asked.head:
        value += WEIGHTS["class inside"]
    if content.verbs == content.count:
        value += WEIGHTS["participle"]
    elif content.count == 1 and content.plain:
        value += WEIGHTS["single"]
    if content.names and not content.plain:
        value += WEIGHTS["caps"]
    return value + _fitness(asked, line, first, last, content)


def _fitness(asked: Question, line: Line, first: int, last: int, content: _Content) -> float:
    """Return the weight of a stretch's shape: how it suits the question, and what it cuts off."""
    words = line.words
    found = _shape(line, first, last, content)
    value = 0.0
    if last == first and len(words[first].text) == 1 and content.names:
        value += WEIGHTS["letter"]
    if _cuts_name(line, last):
        value += WEIGHTS["cut name"]
    value += FIT.get(asked.wanted, {}).get(found, 0.0)
    if found in ("date", "number") and _cuts_date(words, first, last):
        value += WEIGHTS["cut date"]
    if found in ("date", "year", "number") and _cuts_range(words, first, last):
        value += WEIGHTS["cut range"]
    if asked.unit and found in _COUNTED_SHAPES:
        reach = words[last + 1 : last + 1 + _UNIT_REACH]
        if any(word.stem == asked.unit[-1] for word in reach):
            value += WEIGHTS["unit after"]
        elif reach and line.kinds[last + 1] == "word":
            value += WEIGHTS["other unit"]
    return value


def _shape(line: Line, first: int, last: int, content: _Content) -> str:
    """Name the shape of a stretch: a year, a date, an amount, a name, words."""
    words = line.words
    plain = content.plain + content.verbs
    if content.numbers:
        found = _shape_of_number(words[first : last + 1], line.kinds[first], content)
        if found:
            return found
    if content.names and not plain:
        return "acronym" if first == last and is_acronym(words[first]) else "name"
    return "mixed" if content.names else "lower"


def _shape_of_number(words: tuple[Token, ...], kind: Kind, content: _Content) -> str:
    opens, closes = words[0], words[-1]
    plain = content.plain + content.verbs
    found = ""
    if len(words) == 1 and is_year(opens):
        found = "year"
    elif _is_dated(words, content):
        found = "date"
    elif content.names:
        found = ""
    elif opens.text[0] in CURRENCIES and not plain:
        found = "money"
    elif closes.text[-1] == "%" or closes.lower == "percent":
        found = "percent"
    elif not plain and not content.conjunctions and not content.prepositions:
        found = "number"
    elif kind == "number":
        lasts = plain == 1 and closes.lower.rstrip("s") in _DURATIONS
        found = "duration" if lasts else "measure"
    return found


def _is_dated(words: tuple[Token, ...], content: _Content) -> bool:
    if content.names > 1:
        return False
    opens, closes = words[0], words[-1]
    decade = len(words) == 1 and opens.lower.endswith("0s") and len(opens.text) == len("1990s")
    if decade or closes.stem == stem("century") or any(word.lower in MONTHS for word in words):
        return True
    return not content.plain and not content.verbs and any(is_year(word) for word in words)


def _cuts_name(line: Line, last: int) -> bool:
    """Tell whether a name goes on behind `of` ("Bureau" of "Bureau of Tibetan Affairs")."""
    kinds, rest = line.kinds, line.words[last + 1 : last + 2]
    goes_on = bool(rest) and rest[0].lower == "of" and kinds[last + 2 : last + 3] == ["name"]
    return kinds[last] == "name" and goes_on


def _cuts_range(words: tuple[Token, ...], first: int, last: int) -> bool:
    """Tell whether a year is one end of a range ("1562 to 1598", "between 1268 and 1273")."""
    before, behind = words[max(0, first - 2) : first], words[last + 1 : last + 3]
    joins = len(behind) > 1 and behind[0].lower in _TO and behind[1].text[0].isdigit()
    ends = len(before) > 1 and before[1].lower in _TO and before[0].text[-1].isdigit()
    between = bool(before) and before[-1].lower in ("between", "from")
    if len(behind) > 1 and behind[0].lower == "and":
        return between and behind[1].text[0].isdigit()
    return joins or ends


def _cuts_date(words: tuple[Token, ...], first: int, last: int) -> bool:
    """Tell whether a stretch stops short of the rest of its date ("May 21" of "May 21, 2013")."""
    if first and words[first - 1].lower in MONTHS:
        return True
    rest = words[last + 1 : last + 3]
    if not any(word.lower in MONTHS for word in words[first : last + 1]):
        return bool(rest) and rest[0].lower in MONTHS
    if len(rest) > 1 and rest[0].text == ",":
        return is_year(rest[1])
    return bool(rest) and is_year(rest[0])
