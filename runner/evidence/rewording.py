"""Whether a value changed, or is only put in other words; what cannot be told is a change.

Other words are weighed in English only. In other languages a text is reworded where its typography,
its numbers' and dates' spelling or the order of an enumeration differs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from runner.evidence.basis import is_empty, is_scalar
from runner.evidence.facts import Facts, facts_of, folded
from runner.evidence.numbers import number_of
from runner.jsonvalue import JSON

Difference: TypeAlias = Literal["same", "reworded", "changed"]

SHORT: Final = 3
"""A text of so few words is a label: every word of it counts."""

ALIKE: Final = 0.3
"""Longer texts of the same facts are rewordings where this share of the shorter's words recurs."""

MOST_ELEMENTS: Final = 200
"""Lists longer than this are compared in their order."""

_WORDS_OF_AN_ENTRY: Final = 4
_PARTED: Final = re.compile(r"\s*[,;\n]\s*(?:and |or |& )?|\s+(?:and|or|&)\s+")
_MARKS: Final = ".,;:!?\"'()"
_URL: Final = re.compile(r"https?://(?:www\.)?(\S+?)/?", re.IGNORECASE)


def difference(old: JSON, new: JSON) -> Difference:  # noqa: PLR0911 - one case a kind of value
    """Return how a new value differs from an old one.

    Numbers, dates, names and polarity are compared after normalising; lists whatever their order.
    """
    if old == new and type(old) is type(new) and is_scalar(old):
        return "same"
    if is_empty(old) or is_empty(new):
        return "same" if is_empty(old) and is_empty(new) else "changed"
    match old, new:
        case Mapping(), Mapping():
            return _worst([difference(old.get(key), new.get(key)) for key in {**old, **new}])
        case list() | tuple(), list() | tuple():
            return _lists(old, new)
        case str(), str():
            return _texts(old, new)
        case (bool(), _) | (_, bool()):
            return "changed"
        case (int() | float() | str(), int() | float() | str()):
            return _numbers(old, new)
        case _:
            return "changed"


def _worst(found: Sequence[Difference]) -> Difference:
    return "changed" if "changed" in found else "reworded" if "reworded" in found else "same"


def _numbers(old: JSON, new: JSON) -> Difference:
    """Compare two numbers, or a number and a text that may be one."""
    # Huge numbers are no amounts that people write in two ways.
    before, after = number_of(old), number_of(new)
    if (old != new) if before is None or after is None else (before != after):
        return "changed"
    return "reworded" if isinstance(old, str) or isinstance(new, str) else "same"


def _lists(old: Sequence[JSON], new: Sequence[JSON]) -> Difference:
    if len(old) != len(new):
        return "changed"
    pairwise = _worst([difference(a, b) for a, b in zip(old, new, strict=True)])
    if pairwise != "changed" or len(old) > MOST_ELEMENTS:
        return pairwise
    rest = list(new)
    for each in old:
        match = next(
            (n for n, other in enumerate(rest) if difference(each, other) != "changed"), -1
        )
        if match < 0:
            return "changed"
        del rest[match]
    return "reworded"


def _texts(old: str, new: str) -> Difference:
    before, after = folded(old).casefold(), folded(new).casefold()
    if before.rstrip(".") == after.rstrip("."):
        return "reworded" if old != new else "same"
    urls = _URL.fullmatch(before), _URL.fullmatch(after)
    if urls[0] and urls[1]:
        return "reworded" if urls[0][1] == urls[1][1] else "changed"
    entries = _entries(old), _entries(new)
    if len(entries[0]) > 1 and sorted(entries[0]) == sorted(entries[1]):
        return "reworded"
    if _are_exchanged(before.split(), after.split()):
        return "changed"
    return "reworded" if _say_the_same(facts_of(old, new), facts_of(new, old)) else "changed"


def _are_exchanged(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether two words have changed places, and nothing else: who did what to whom."""
    if len(old) != len(new):
        return False
    pairs = [(a.strip(_MARKS), b.strip(_MARKS)) for a, b in zip(old, new, strict=True)]
    moved = [pair for pair in pairs if pair[0] != pair[1]]
    return len(moved) == 2 and moved[0] == moved[1][::-1]  # noqa: PLR2004 - two words


def _entries(text: str) -> list[str]:
    """Return the entries of a text that is a mere enumeration; else []."""
    entries = [entry.strip(" .").casefold() for entry in _PARTED.split(folded(text))]
    short = all(0 < len(entry.split()) <= _WORDS_OF_AN_ENTRY for entry in entries)
    return entries if short else []


def _say_the_same(old: Facts, new: Facts) -> bool:
    if (old.dates, old.numbers, old.names, old.polarity) != (
        new.dates,
        new.numbers,
        new.names,
        new.polarity,
    ):
        return False
    # A "not" of another language is a word like any other here.
    return old.words == new.words or (old.is_english and new.is_english and _are_alike(old, new))


def _are_alike(old: Facts, new: Facts) -> bool:
    """Return whether two texts of the same facts share enough of their words."""
    before, after = set(old.words), set(new.words)
    if before == after:
        return True
    fewest = min(len(before) + len(old.names), len(after) + len(new.names))
    if fewest <= SHORT and not (old.numbers or old.dates):
        return False
    if _is_swap(old.words, new.words):
        return False
    shared, least = len(before & after), min(len(before), len(after))
    return least == 0 or shared >= ALIKE * least


def _is_swap(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether one word stands in the place of another, and nothing else differs."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        len(old) == len(new) > 1
        and len(codes) == 1
        and codes[0][0] == "replace"
        and (codes[0][2] - codes[0][1] == 1)
    )
