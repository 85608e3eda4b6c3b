"""What a misspelt word was meant to be."""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 60
_FEW = 12
_MOST = 500
"""So many words are compared."""


def same(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that differs only in case, spaces, `-` and `_`, or None."""
    form = _form(word[:_LONGEST])
    return next((name for name in known if _form(name) == form), None)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a word most resembles, or None where none is near."""
    by_form = {_form(name): name for name in islice(known, _MOST)}
    form = _form(word[:_LONGEST])
    if form in by_form:
        return by_form[form]
    from difflib import get_close_matches

    matches = get_close_matches(form, list(by_form), n=1, cutoff=0.65)
    return by_form[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str], *, noun: str = "known") -> str | None:
    """Return a hint: the nearest known word, else all of them where they are few."""
    names = list(known)
    if (near := closest(word, names)) is not None:
        return f"did you mean {near}?{strange(word)}"
    if 0 < len(names) <= _FEW:
        return f"{noun}: {', '.join(names)}"
    return None


def strange(word: str) -> str:
    """Return a note on the first character that is invisible, or only looks like a letter."""
    for character in word:
        if not " " < character <= "~" and character not in " \t":
            name = unicodedata.name(character, "a control character").lower()
            return f" It holds U+{ord(character):04X}, {name}"
    return ""


def _form(word: str) -> str:
    return "".join(word.lower().replace("-", "").replace("_", "").split())
