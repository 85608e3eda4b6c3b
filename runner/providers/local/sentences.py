"""Sentences and words of running text, with their places."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from runner.providers.local.lexicon import word_set

ABBREVIATIONS = word_set("""
    al approx bros capt cf co col corp dept dr ed eds e.g etc fig gen gov hon i.e inc jr lt ltd maj
    messrs mr mrs ms mt no nos p.m a.m ph.d pp prof rep rev sec sen sgt sr st u.k u.s vol vs
    jan feb mar apr jun jul aug sep sept oct nov dec
    """)
"""Words, without their last full stop, after which a full stop ends no sentence."""

_BORDER = re.compile(r"((?<![.!?…])[.!?…]++[\"'”’)\]]*+|[。！？])(\s+|$)|\n")
_WORD = re.compile(
    r"(?P<number>[$€£¥]?\d+(?:[.,:]\d+){0,8}(?:st|nd|rd|th|s|m|bn|k)?(?![^\W_])%?)"
    r"|(?P<initials>(?:[^\W\d_]\.){2,})"
    r"|(?P<possessive>['’]s\b)"
    r"|(?P<word>[^\W_]+(?:(?:[-‐‑./&]|['’](?!s\b))[^\W_]+)*)"
    r"|(?P<mark>\S)"
)

_BEFORE_WORD = re.compile(r"[\s(\[\"'“]")
_LONGEST_ABBREVIATION = 12

_SUFFIXES = (
    ("ization", ""), ("isation", ""), ("ational", ""), ("ations", ""), ("ation", ""),
    ("ically", ""), ("ements", ""), ("ement", ""), ("ments", ""), ("ment", ""),
    ("nesses", ""), ("ness", ""), ("ities", ""), ("ity", ""), ("tions", "t"), ("tion", "t"),
    ("ssions", "ss"), ("ssion", "ss"), ("sions", "d"), ("sion", "d"), ("ances", ""), ("ance", ""),
    ("ences", ""), ("ence", ""),
    ("ings", ""), ("ing", ""), ("edly", ""), ("ally", ""), ("ives", ""), ("ive", ""),
    ("ism", ""), ("ists", ""), ("ist", ""), ("ers", ""), ("ors", ""), ("er", ""), ("or", ""),
    ("ies", ""), ("ied", ""), ("als", ""), ("al", ""), ("ed", ""), ("es", ""), ("ly", ""),
    ("s", ""), ("e", ""), ("y", ""),
)  # fmt: skip
_SHORTEST_STEM = 3

_FAMILIES = """
    be am is are was were been being / have has had having / do does did done doing
    become became / begin began begun / bring brought / build built / buy bought
    choose chose chosen choice choices / come came / die died death deaths dead / draw drew drawn
    drive drove driven / fall fell fallen / fight fought / find found / flee fled
    get got gotten / give gave given / go went gone / grow grew grown growth / hear heard
    hold held / know knew known knowledge / lead led / leave left / lose lost loss losses
    make made / mean meant / meet met / pay paid / lay laid / rise rose risen / run ran / say said
    see saw seen / sell sold sale sales / send sent / speak spoke spoken speech / spend spent
    stand stood / take took taken / teach taught / tell told / think thought / win won winner
    write wrote written / born birth / man men / woman women / child children / person people
    live life lives / marry marriage married / destroy destruction / believe belief beliefs
    oppose opposition / receive reception / describe description
"""
_IRREGULAR = {
    form: family.split()[0] for family in re.split(r"/|\n", _FAMILIES) for form in family.split()
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or punctuation mark; `start` and `end` are offsets in its text.

    Attributes:
        lower: The text in lower case without accents.
        stem: What equal words of different endings share.
        parts: The stems of a hyphenated word's parts; else the stem alone.
    """

    text: str
    start: int
    end: int
    lower: str
    stem: str
    parts: tuple[str, ...]
    mark: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a longer text, verbatim; `start` is its offset there."""

    text: str
    start: int


def fold(word: str) -> str:
    """Return the word in lower case, without accents, with straight apostrophes."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


@lru_cache(maxsize=1 << 16)
def stem(lower: str) -> str:
    """Return the stem of a word in lower case; endings go, irregular forms meet."""
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if not lower.isalpha():
        return lower.rstrip(".")
    for suffix, kept in _SUFFIXES:
        if lower.endswith(suffix) and len(lower) - len(suffix) + len(kept) >= _SHORTEST_STEM:
            lower = lower[: len(lower) - len(suffix)] + kept
            break
    if lower in _IRREGULAR and lower != "found":  # "founded" is no form of "find"
        return _IRREGULAR[lower]
    if len(lower) > _SHORTEST_STEM:
        lower = lower.removesuffix("e")
        if lower[-1] in "iy" or (lower[-1] == lower[-2] and lower[-1] not in "aeiou"):
            lower = lower[:-1]
    return lower


@lru_cache(maxsize=1 << 13)
def tokens(text: str) -> tuple[Token, ...]:
    """Return the words, numbers and marks of a text, in order."""
    found: list[Token] = []
    for match in _WORD.finditer(text):
        word = match.group()
        lower = fold(word) or word
        mark = match.lastgroup in ("mark", "possessive")
        root = lower if mark else stem(lower)
        parts: tuple[str, ...] = (root,)
        if not mark and "-" in lower:
            parts = (root, *(stem(part) for part in lower.split("-") if part))
        found.append(Token(word, match.start(), match.end(), lower, root, parts, mark))
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a text into sentences; headings, list items and table lines count as sentences."""
    found: list[Sentence] = []
    start = 0
    for match in _BORDER.finditer(text):
        if not _is_border(text, start, match):
            continue
        _add(found, text, start, match.end(1) if match.group(1) else match.start())
        start = match.end()
    _add(found, text, start, len(text))
    return tuple(found)


def _add(found: list[Sentence], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        found.append(Sentence(stripped, start + piece.index(stripped[0])))


def _is_border(text: str, start: int, match: re.Match[str]) -> bool:
    following = text[match.end() : match.end() + 1]
    if not match.group(1) or "\n" in match.group(2) or not following:
        return True
    if match.group(1)[0] in "。！？":
        return True
    if following.islower():
        return False
    if match.group(1)[0] != ".":
        return True
    before = text[max(start, match.start() - _LONGEST_ABBREVIATION) : match.start()]
    word = _BEFORE_WORD.split(before)[-1].lower()
    initial = len(word) == 1 and word.isalpha() and word != "i"
    return not initial and word not in ABBREVIATIONS
