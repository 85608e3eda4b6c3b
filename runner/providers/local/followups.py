"""A question that follows another: put so that it can be answered without it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.providers.local.evidence import subject_in
from runner.providers.local.interaction import Interaction
from runner.providers.local.kinds import MONTHS
from runner.providers.local.lexicon import word_set
from runner.providers.local.subjects import Subject, is_named
from runner.providers.local.tasks import Asked

if TYPE_CHECKING:
    from runner.job.model import SourcePolicy
    from runner.providers.local.index import Index

_KIND = (
    r"(?:company|firm|business|corporation|group|organi[sz]ation|agency|association|institution"
    r"|maker|manufacturer|supplier|vendor|brand|start-?up|package|library|framework|project|product"
    r"|tool|software|market|industry|sector|country|city|university|person)"
)
_BACK: Final = re.compile(
    rf"\b(?P<of>[Ii]ts|[Tt]heir|[Hh]is|[Tt]h(?:e|is|at|ese|ose)\s+{_KIND}['’]s)\b"
    rf"|\b(?:[Ii]t|[Tt]hey|[Tt]hem|[Hh]e|[Ss]he|[Hh]im|[Tt]h(?:e|is|at)\s+{_KIND})\b"
    r"(?![-'’]\w)"
)
"""Words that point back to what was asked about before; `of`: to something of it."""

_END: Final = re.compile(r"[\s?!.]*$")
_BEFORE_NO_SUBJECT: Final = word_set(
    "in at from since during by between until till to with through into"
)
_NO_NAMES: Final = MONTHS | word_set("""
    ceo cfo cto coo cio chair ebit ebitda roi ipo hq esg fy q1 q2 q3 q4 h1 h2 usd eur gbp us usa uk
    eu monday tuesday wednesday thursday friday saturday sunday who what which when where how why
    and so then also
    """)


def follow_up(
    asked: Asked, earlier: Interaction, index: Index, policy: SourcePolicy | None
) -> Asked | None:
    """Return a question with the subject of an earlier one; None where it names its own.

    Args:
        asked: The question as it stands.
        earlier: What the earlier question was about, and what its answer cites.
        index: The documents.
        policy: Which of them may be used.
    """
    given = asked.given if is_named(asked.given) else None
    known = index.documents(policy)
    own = subject_in(replace(asked, given=given), index, known)
    if _is_new(own, asked.question):
        return None
    held = {path for path, *_ in known}
    return Asked(
        question=_put(asked.question, earlier),
        given={"subject": earlier.subject} if earlier.is_named else None,
        documents=tuple(path for path in earlier.documents if path in held),
    )


def left_by(asked: Asked, subject: Subject, topic: str, documents: tuple[str, ...]) -> Interaction:
    """Return what an answer leaves for the questions that follow it.

    Args:
        asked: What was asked.
        subject: What it was found to be about.
        topic: The words that were searched for.
        documents: Those that the answer cites.
    """
    is_name = bool(subject.documents) or (
        not _is_plain(subject.name) and (asked.given is None or is_named(asked.given))
    )
    return Interaction(
        subject=subject.name if is_name else topic, is_named=is_name, documents=documents
    )


def _is_new(own: Subject, question: str) -> bool:
    """Whether a question is about what it names, not about what an earlier one named.

    A name that stands behind "its" or "in" is not what the question is about, unless a document
    is called so; a word in small letters is no name beside "it".
    """
    if not own.name:
        return False
    place = question.find(own.name)
    before = question[: max(place, 0)]
    back = _BACK.search(before)
    is_plain = _is_plain(own.name)
    if own.documents:
        return not (is_plain and _BACK.search(question))
    aside = before.split()[-1:]
    is_aside = bool(aside) and aside[0].lower() in _BEFORE_NO_SUBJECT
    return not (is_plain or back or is_aside)


def _is_plain(name: str) -> bool:
    """Whether a name is none: words in small letters, and such as "CEO" and "May"."""
    return all(word.islower() or word.lower() in _NO_NAMES for word in name.split())


def _put(question: str, earlier: Interaction) -> str:
    """Return a question with the subject in the place of what points back, or at its end."""
    subject = earlier.subject
    if not subject:
        return question
    if earlier.is_named and (back := _BACK.search(question)):
        owner = f"{subject}'s" if back["of"] else subject
        return f"{question[: back.start()]}{owner}{question[back.end() :]}"
    end = _END.search(question)
    place = end.start() if end else len(question)
    return f"{question[:place]} ({subject}){question[place:]}"
