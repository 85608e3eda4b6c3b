"""Labels and names of fields, word by word, in one spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from runner.providers.local.lexicon import word_set

NEUTRAL = word_set(
    """
    about current currently latest total overall main key primary official full approximate approx
    annual number of count value usd eur gbp euro dollar million billion mn bn percent date year
    fy fiscal financial full text string list location city name range estimated global worldwide
    required level expression today now rate most best known
    """
)
"""Words beside a label that do not change what it names."""

OTHERWISE = word_set(
    """
    former formerly previous previously old past planned future target expected optional extra
    file url link email mail id code type note notes status history content metadata key template
    policy fee cost agreement classifier not no without deprecated minimum maximum per average
    """
)
"""Words beside a label that make it another thing: `License-File` is not the license."""

_STOP = word_set(
    """
    the a an and or its it is are was were be to for their this that whether if which with s has
    have does do
    """
)
_CANONICAL = {
    "licence": "license", "licences": "license", "organisation": "organization",
    "mails": "email", "mail": "email", "docs": "documentation",
    "headcounts": "headcount", "capitalisation": "capitalization", "colour": "color",
}  # fmt: skip
_JOINED = {("home", "page"): "homepage", ("web", "site"): "website", ("e", "mail"): "email"}
_WORD = re.compile(r"\d+(?:\.\d+)+|\d+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=1 << 13)
def terms(text: str) -> tuple[str, ...]:
    """Return the words of a label, a field's name or a sentence in one spelling.

    Lower case, singular, British spellings and `home page` joined; `3_11` reads `3.11`.
    """
    apart = _CAMEL.sub(" ", re.sub(r"(?<=\d)_(?=\d)", ".", text)).replace("_", " ")
    words = [_CANONICAL.get(word, word) for word in _WORD.findall(apart.lower())]
    found: list[str] = []
    for word in words:
        if found and (found[-1], word) in _JOINED:
            found[-1] = _JOINED[found[-1], word]
        elif word not in _STOP:
            found.append(_singular(word))
    return tuple(found)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties" stays
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):  # noqa: PLR2004
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return word[:-1]
    return _CANONICAL.get(word, word)


def spaced(name: str) -> str:
    """Return the words of a field's name as they stand in a sentence: `founded year`."""
    return " ".join(_WORD.findall(_CAMEL.sub(" ", name).replace("_", " ")))
