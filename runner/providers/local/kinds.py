"""Kinds of English words, told from closed lists and endings; no dictionary, no grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from runner.providers.local.lexicon import word_set
from runner.providers.local.sentences import Token

Kind: TypeAlias = Literal[
    "article", "preposition", "conjunction", "auxiliary", "pronoun", "adverb", "number", "name",
    "past", "gerund", "word", "mark", "possessive",
]  # fmt: skip
"""`past`: a form that may be a verb's past or participle; `word`: any other word with meaning."""

ARTICLES: Final = frozenset(["a", "an", "the"])
PREPOSITIONS: Final = word_set("""
    about above across after against along among amid around as at before behind below beneath
    beside besides between beyond by despite down during except for from in inside into like near of
    off on onto out outside over past per since through throughout till to toward towards under
    until up upon via versus with within without
    """)
AUXILIARIES: Final = word_set("""
    is are was were be been being am do does did done has have had having can could may might must
    shall should will would cannot
    """)
COPULAS: Final = frozenset(["is", "are", "was", "were"])
WH_WORDS: Final = frozenset(
    ["what", "which", "who", "whom", "whose", "when", "where", "why", "how", "what's", "who's"]
)
CONJUNCTIONS: Final = WH_WORDS | word_set("""
    and or but nor yet so because although though while whereas if unless that than whether
    """)
PRONOUNS: Final = word_set("""
    i me my we us our you your he him his she her hers it its they them their theirs this these
    those there here itself himself herself themselves one such
    """)
ADVERBS: Final = word_set("""
    not also only just even still already often usually generally primarily mainly mostly now then
    later again ever never once very more most much many less least too well however therefore thus
    instead rather almost approximately roughly nearly soon
    """)
STOPWORDS: Final = (
    ARTICLES | PREPOSITIONS | AUXILIARIES | WH_WORDS | CONJUNCTIONS | PRONOUNS | ADVERBS
    | frozenset(
        ["some", "any", "all", "both", "each", "every", "other", "another", "same", "own", "no"]
    )
)  # fmt: skip
PAST_FORMS: Final = word_set("""
    became began brought built bought came chose drew fell fought found gave got grew held kept knew
    known led left lost made met paid ran rose said saw seen sold sent spoke stood took taken taught
    told given thought went won wrote written
    """)
MONTHS: Final = word_set("""
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    """)
NUMBER_WORDS: Final = word_set("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand million billion trillion dozen half hundreds thousands millions billions
    """)
CURRENCIES: Final = "$€£¥"
OPENING_QUOTES: Final = '"“'
CLOSING_QUOTES: Final = '"”'
_FIRST_YEAR, _LAST_YEAR = "1000", "2100"
_SHORTEST_ENDED = 5

_LISTED: Final[tuple[tuple[frozenset[str], Kind], ...]] = (
    (ARTICLES, "article"), (NUMBER_WORDS, "number"), (AUXILIARIES, "auxiliary"),
    (CONJUNCTIONS, "conjunction"), (PREPOSITIONS, "preposition"), (PRONOUNS, "pronoun"),
    (ADVERBS, "adverb"),
)  # fmt: skip
_KIND_OF: Final[dict[str, Kind]] = {
    word: kind for words, kind in reversed(_LISTED) for word in words
}


def kinds_of(words: Sequence[Token]) -> list[Kind]:
    """Return the kind of each word of a sentence."""
    kinds: list[Kind] = []
    for at, word in enumerate(words):
        opens = at == 0 or words[at - 1].text in OPENING_QUOTES
        kind = _kind_of(word, opens=opens)
        if kind in ("past", "gerund") and kinds and kinds[-1] in ("article", "possessive"):
            kind = "word"  # "the united", "Luther's printed": it describes a noun
        kinds.append(kind)
    leads_name = len(kinds) > 1 and kinds[1] in ("name", "possessive")
    if leads_name and words[0].text[0].isupper() and kinds[0] in ("word", "past", "gerund"):
        kinds[0] = "name"
    return kinds


def _kind_of(word: Token, *, opens: bool) -> Kind:
    lower, text = word.lower, word.text
    if word.mark:
        return "possessive" if lower == "'s" else "mark"
    if lower[0].isdigit() or lower[0] in CURRENCIES:
        return "number"
    listed = _KIND_OF.get(lower)
    titled = text[0].isupper() and not opens
    if listed and not (titled and listed not in ("article", "number", "pronoun")):
        return listed
    if titled or (text[0].isupper() and not text[1:].islower()):
        return "name"
    return _kind_by_ending(lower)


def _kind_by_ending(lower: str) -> Kind:
    if lower in PAST_FORMS:
        return "past"
    if len(lower) >= _SHORTEST_ENDED:
        if lower.endswith("ly"):
            return "adverb"
        if lower.endswith("ed"):
            return "past"
        if lower.endswith("ing") and len(lower) > _SHORTEST_ENDED:
            return "gerund"
    return "word"


def is_year(word: Token) -> bool:
    """Tell whether a word is a year of four digits."""
    text = word.text
    return len(text) == 4 and text.isdigit() and _FIRST_YEAR <= text <= _LAST_YEAR  # noqa: PLR2004


def is_acronym(word: Token) -> bool:
    """Tell whether a word is written in capitals throughout, such as NFL or XXIV."""
    letters = word.text.replace(".", "")
    return len(letters) > 1 and letters.isupper()
