"""Whether an excerpt stands in a page, and a value in an excerpt.

White space, typography, letter case and markup are folded; words and numbers are not: an excerpt
without a "not" that the page has, or with another digit, does not stand there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from runner.evidence.basis import is_empty, is_scalar
from runner.evidence.facts import facts_of, folded, is_falling, measures_of
from runner.evidence.rewording import difference
from runner.jsonvalue import JSON

LONG: Final = 200
"""A text longer than this is written from its sources, not read off them."""

# Where a link leads is not what a page says.
_TARGET = re.compile(
    r"(?<=\])\(\s*<?[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*>?(?:\s+\"[^\"]*\")?\s*\)"
)
# Only what is markup for sure: nothing that says something may go.
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|br|p|div|span|t[dhr]|table|thead|tbody|su[bp]|li|ul|ol|h[1-6]|code|img"
    r"|hr)(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_AMPERSAND = re.compile(r"&amp;", re.IGNORECASE)
_CUT = re.compile(r"\[?\s*\.{3,}\s*\]?")
# A sign counts where it belongs to a number: elsewhere it may be markup or punctuation.
_TOKEN = re.compile(
    r"(?<![\w.])[-+](?=[\d.$€£])|[<>](?=\s?\d)|[$€£¥%°§&@≠≤≥±~]|\d+(?:[.,:/]\d+)*"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
)


class Page:
    """A page or document, ready to be searched for excerpts."""

    def __init__(self, content: str) -> None:
        self._text = _joined(_tokens(content))

    def holds(self, excerpt: str) -> bool:
        """Return whether an excerpt stands in the page; of one with gaps, its parts in order.

        An excerpt without any word or number stands nowhere.
        """
        place = 0
        found = False
        for part in _CUT.split(folded(excerpt)):
            tokens = _tokens(part)
            if not tokens:
                continue
            wanted = _joined(tokens)
            place = self._text.find(wanted, place)
            if place < 0:
                return False
            found = True
            place += len(wanted) - 1
        return found


def _tokens(text: str) -> list[str]:
    if "](" in text:
        text = _TARGET.sub(" ", text)
    if "&" in text:
        text = _AMPERSAND.sub("&", _ENTITY.sub(" ", text))
    if "<" in text:
        text = _TAG.sub(" ", text)
    return _TOKEN.findall(folded(text).casefold())


def _joined(tokens: Sequence[str]) -> str:
    return f" {' '.join(tokens)} "


def is_stated(value: JSON, excerpts: Sequence[str]) -> bool | None:
    """Return whether a value itself occurs in one of the excerpts that it cites.

    Numbers and dates are compared whatever their spelling; of a list every element must occur.
    None where that cannot be asked: of long texts, mappings, truth values, and what is empty.
    """
    return _is_stated(value, [_Quote(excerpt) for excerpt in excerpts])


def _is_stated(value: JSON, quotes: Sequence[_Quote]) -> bool | None:
    if is_empty(value) or isinstance(value, bool | Mapping):
        return None
    if isinstance(value, list | tuple):
        if not all(map(is_scalar, value)):
            return None
        found = [_is_stated(each, quotes) for each in value]
        asked = [each for each in found if each is not None]
        return all(asked) if asked else None
    text = value if isinstance(value, str) else format(value)
    if len(text) > LONG:
        return None
    return any(quote.states(value, text) for quote in quotes)


class _Quote:
    """An excerpt, searched for the values that cite it; what is costly is worked out once."""

    def __init__(self, excerpt: str) -> None:
        self._excerpt = excerpt
        tokens = _tokens(excerpt)
        self._words = frozenset(tokens)
        self._text = _joined(tokens)

    def states(self, value: JSON, text: str) -> bool:
        tokens = _tokens(text)
        if tokens and _joined(tokens) in self._text:
            return True
        if not isinstance(value, str):
            return self._states_number(value)
        # All of its words, in whatever order, or else nothing but numbers and dates that are there.
        return set(tokens) - {"&"} <= self._words or self._states_measures(text)

    def _states_measures(self, text: str) -> bool:
        if not any(map(str.isdigit, text)):
            return False
        facts = facts_of(text)
        if facts.words or facts.names:
            return False
        dates, numbers = self._measures
        return set(facts.dates) <= set(dates) and set(facts.numbers) <= set(numbers)

    def _states_number(self, value: float) -> bool:
        dates, measured = self._measures
        if value in {int(date[:4]) for date in dates}:
            return True
        numbers = [number for number, _ in measured]
        numbers += [number / 100 for number, unit in measured if unit == "%"]
        if is_falling(self._excerpt):
            numbers += [-number for number in numbers]  # "declined by 11 percent" is -11
        return any(difference(value, str(number)) != "changed" for number in numbers)

    @functools.cached_property
    def _measures(self) -> tuple[tuple[str, ...], tuple[tuple[Decimal, str], ...]]:
        return measures_of(self._excerpt)
