"""Yes-or-no fields about a version, which follow from lists and ranges of versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runner.providers.local.corpus import Fact
from runner.providers.local.fields import Field
from runner.providers.local.labels import terms
from runner.providers.local.lexicon import word_set
from runner.providers.local.matching import Candidate
from runner.providers.local.versions import allows

_DOTTED = re.compile(r"\d+(?:\.\d+)+$")
_DIGIT = re.compile(r"\d")
_LONGEST = 120
_NAMED = re.compile(r"[^\W\d_]{2,}")
_AROUND = word_set("and or later newer higher above up version versions")
_SUPPORT = word_set("support supported run work compatible on under with can")


def deduced(facts: Sequence[Fact], field: Field) -> Iterator[Candidate]:
    """Yield what a yes-or-no field such as `supports_python_3_11` follows from.

    A value that names all of it (`Python :: 3.11`); else a range of versions (`>=3.8`); else the
    other versions listed, without this one.
    """
    asked = next(
        (t for t in (field.terms, terms(field.description)) if any(_DOTTED.match(w) for w in t)), ()
    )
    version = next((word for word in asked if _DOTTED.match(word)), None)
    if field.kind != "boolean" or version is None:
        return
    thing = set(field.terms) - _SUPPORT - {version}
    thing = {word for word in thing if not word.isdigit()} or set(asked) - _SUPPORT - {version}
    others: list[tuple[int, Fact]] = []
    for order, fact in enumerate(facts):
        if len(fact.value) > _LONGEST or not _DIGIT.search(fact.value):
            continue
        text = f"{fact.label} {fact.value}"
        lower = text.lower()
        if not all(word in lower for word in thing) or not thing <= set(terms(text)):
            continue
        if fact.value.split(" ")[-1] == version:
            yield _deduction(fact, value=True, score=0.95, how=f"'{fact.value}' listed", at=order)
            continue
        permitted = allows(fact.value, version) if _is_range(fact.value, thing) else None
        if permitted is not None and set(terms(fact.label)) & (thing | {"require"}):
            score, how = 0.8 if permitted else 0.93, f"the range '{fact.value}'"
            yield _deduction(fact, value=permitted, score=score, how=how, at=order)
        elif re.search(rf"::\s*{version.split('.')[0]}\.\d+$", fact.value):
            others.append((order, fact))
    if others:
        order, fact = others[0]
        how = f"other versions being listed, and not {version}"
        yield _deduction(fact, value=False, score=0.7, how=how, at=order)


def _is_range(text: str, thing: set[str]) -> bool:
    """Whether a text is a range of versions, with no word but the thing's name: `Python >=3.8`."""
    return set(_NAMED.findall(text.lower())) <= thing | _AROUND


def _deduction(fact: Fact, *, value: bool, score: float, how: str, at: int) -> Candidate:
    return Candidate(
        value=value,
        score=score,
        clean=True,
        how=how,
        document=fact.document,
        title=fact.title,
        excerpts=(fact.excerpt,),
        order=at,
    )
