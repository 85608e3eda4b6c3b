"""Text to terms: folding, splitting and stemming, the same for documents and for questions."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from runner.providers.local.lexicon import word_set

STOPWORDS: Final = word_set("""
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further had has
    have having he her here hers him his how however i if in into is it its itself just like many
    may me might more most much must my no nor not of off on once one only or other our ours out
    over own per please same shall she should so some such than that the their theirs them then
    there these they this those through to too under until up upon us very was we were what whats
    when where whether which while who whom whose why will with within without would you your yours
    """)
"""English words that carry no topic; a question made of nothing else keeps them."""

_MARKS = r"\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_SPACELESS = (
    r"\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(r"[^\W_]+")
_WORD_MARKED = re.compile(rf"(?:[^\W_]|[{_MARKS}{_SPACELESS}])+")
_SPACELESS_RUN = re.compile(rf"[{_SPACELESS}]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")


def fold(text: str) -> str:
    """Return text as it is indexed: in lower case and without accents.

    Where a script writes no spaces between words (Chinese, Japanese, Thai and their like), each
    pair of neighbouring characters becomes a word; Korean, too, is found better so.
    """
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return _SPACELESS_RUN.sub(_pairs, unicodedata.normalize("NFC", plain).casefold())


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    folded = fold(text)
    return (_WORD if folded.isascii() else _WORD_MARKED).findall(folded)


def terms(text: str) -> list[str]:
    """Return the stems of the words of a text, in order, stopwords included."""
    return [stem(word) for word in words(text)]


def content_words(text: str) -> list[str]:
    """Return the folded words that carry the topic, in order; all words where none does."""
    found = words(text)
    return [word for word in found if word not in STOPWORDS and len(word) > 1] or found


def _pairs(run: re.Match[str]) -> str:
    text = run.group()
    if len(text) == 1:
        return f" {text} "
    return f" {' '.join(text[at : at + 2] for at in range(len(text) - 1))} "


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return Porter's stem of a folded word (the algorithm that SQLite's `porter` uses)."""
    if not (3 <= len(word) <= 64 and word.isascii() and word.isalpha()):  # noqa: PLR2004
        return word
    return _step_5(_steps_2_to_4(_step_1(word)))


_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize",
    "bli": "ble", "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize",
    "ation": "ate", "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful",
    "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_STEP_3 = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous",
    "ive", "ize", "ion", "al", "er", "ic", "ou",
)  # fmt: skip


def _measure(part: str) -> int:
    """Return how many times a vowel run is followed by a consonant run."""
    shape = "".join("v" if _is_vowel(part, at) else "c" for at in range(len(part)))
    return len(re.findall("v+c+", shape))


def _is_vowel(part: str, at: int) -> bool:
    letter = part[at]
    return letter in "aeiou" or (letter == "y" and at > 0 and not _is_vowel(part, at - 1))


def _has_vowel(part: str) -> bool:
    return any(_is_vowel(part, at) for at in range(len(part)))


def _ends_cvc(part: str) -> bool:
    return (
        len(part) >= 3  # noqa: PLR2004 - consonant, vowel, consonant
        and not _is_vowel(part, len(part) - 1)
        and _is_vowel(part, len(part) - 2)
        and not _is_vowel(part, len(part) - 3)
        and part[-1] not in "wxy"
    )


def _step_1(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        if _measure(word[:-3]) > 0:
            word = word[:-1]
    else:
        for ending in ("ed", "ing"):
            if word.endswith(ending) and _has_vowel(word[: -len(ending)]):
                word = _mended(word[: -len(ending)])
                break
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = f"{word[:-1]}i"
    return word


def _mended(part: str) -> str:
    if part.endswith(("at", "bl", "iz")):
        return f"{part}e"
    if len(part) > 1 and part[-1] == part[-2] and part[-1] not in "aeioulsz":
        return part[:-1]
    if _measure(part) == 1 and _ends_cvc(part):
        return f"{part}e"
    return part


def _steps_2_to_4(word: str) -> str:
    for table in (_STEP_2, _STEP_3):
        for length in range(7, 2, -1):
            ending = word[-length:]
            if ending in table and len(ending) == length:
                part = word[:-length]
                if _measure(part) > 0:
                    word = part + table[ending]
                break
    for ending in _STEP_4:
        if word.endswith(ending):
            part = word[: -len(ending)]
            if _measure(part) > 1 and (ending != "ion" or part.endswith(("s", "t"))):
                word = part
            break
    return word


def _step_5(word: str) -> str:
    if word.endswith("e"):
        part = word[:-1]
        measure = _measure(part)
        if measure > 1 or (measure == 1 and not _ends_cvc(part)):
            word = part
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word
