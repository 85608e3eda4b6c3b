"""What the documents hold on the subject of a question: statements and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.providers.local.corpus import Fact, Hit, Passage
from runner.providers.local.labels import terms
from runner.providers.local.sentences import sentences
from runner.providers.local.subjects import (
    Subject,
    find_subject,
    is_about,
    is_subject_of,
    mentions,
)
from runner.providers.local.tasks import Asked
from runner.providers.local.themes import outline

if TYPE_CHECKING:
    from runner.job.model import SourcePolicy
    from runner.providers.local.index import Index

_OTHERS = 20
_NEAREST = 20
_ENOUGH_COVERED = 0.5
_TOPICAL = 3
_WHOLE = 400
"""Documents of up to so many passages are read whole; of longer ones the passages that match."""


@frozen
class Evidence:
    """What may be used to answer.

    Attributes:
        documents: Those about the subject.
        facts: Statements about the subject: all of its documents that are about nothing else, and
            the rows and sections about it in other documents.
        hits: What a search for the question finds among the allowed documents, best first.
        topical: The documents were chosen by their words, since the question names nothing.
        topic: What was searched for: the subject's name, or the words of the topic.
        cited: Those that the answer to an earlier question cites, where this one follows it.
    """

    question: str
    subject: Subject
    documents: tuple[str, ...]
    facts: tuple[Fact, ...]
    hits: tuple[Hit, ...]
    dates: Mapping[str, str | None]
    index: Index
    policy: SourcePolicy | None
    topical: bool = False
    topic: str = ""
    cited: tuple[str, ...] = ()
    _own: list[list[Passage]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether no document speaks of the subject."""
        if self.documents or self.facts:
            return False
        return not any(self.mentioning())

    def date_of(self, source: object) -> str | None:
        """Return the date of a candidate's document."""
        return self.dates.get(getattr(source, "document", ""))

    def rank(self, source: Fact) -> int:
        """Return the place of a statement's document among the subject's, the best first."""
        held = source.document in self.documents
        return self.documents.index(source.document) if held else len(self.documents)

    def own_passages(self, words: str) -> Sequence[Passage]:
        """Return the passages of the subject's documents; of very long ones those near `words`."""
        if not self._own:
            self._own.extend(self.index.passages(document) for document in self.documents)
        found: list[Passage] = []
        for document, passages in zip(self.documents, self._own, strict=True):
            if len(passages) <= _WHOLE:
                found.extend(passages)
                continue
            hits = self.index.search_passages(words, limit=_NEAREST, documents=[document])
            chosen = {hit.passage.ordinal for hit in hits} | {0, 1}
            found.extend(passage for passage in passages if passage.ordinal in chosen)
        return found

    def mentioning(self) -> Iterator[tuple[Passage, str]]:
        """Yield the sentences of other documents whose subject is the subject."""
        for hit in self.hits:
            if hit.passage.document in self.documents or not self.subject.keys:
                continue
            if not mentions(hit.passage.text, self.subject.keys):
                continue
            for sentence in sentences(hit.passage.text):
                if is_subject_of(sentence.text, self.subject.keys):
                    yield hit.passage, sentence.text


def gather(
    asked: Asked,
    index: Index,
    policy: SourcePolicy | None,
    fields: frozenset[str] = frozenset(),
) -> Evidence:
    """Return what the documents hold on the subject of a question.

    Where it names nothing, the documents are those of its topic: its words but for `fields`, the
    words of the fields themselves; those that an earlier answer cites, if there are any.
    """
    known = index.documents(policy)
    subject = subject_in(asked, index, known)
    topic = subject.name or _topic(asked.question, fields)
    hits = tuple(index.search_passages(topic, limit=_OTHERS, policy=policy))
    documents = subject.documents
    topical = False
    if not subject.name and not documents:
        good = [hit.passage.document for hit in hits if hit.coverage >= _ENOUGH_COVERED]
        documents = asked.documents or tuple(dict.fromkeys(good))[:_TOPICAL]
        topical = True
    elif asked.documents:
        documents = tuple(sorted(documents, key=lambda path: path not in asked.documents))
    others = tuple(
        dict.fromkeys(
            passage.document
            for passage in (hit.passage for hit in hits)
            if passage.document not in documents
            and subject.keys
            and mentions(f"{passage.heading}\n{passage.text}", subject.keys)
        )
    )
    facts = [f for f in index.facts(documents) if _own(f, subject)] if documents else []
    if others:
        facts.extend(_about(index.facts(others), subject))
    return Evidence(
        question=asked.question,
        subject=subject,
        documents=documents,
        facts=tuple(_turned(fact, subject) for fact in facts),
        hits=hits,
        dates={path: date for path, _, date in known},
        index=index,
        policy=policy,
        topical=topical,
        topic=topic,
        cited=asked.documents,
    )


def subject_in(asked: Asked, index: Index, known: Sequence[tuple[str, str, str | None]]) -> Subject:
    """Return what a question or a structured input is about; see `find_subject`.

    Args:
        asked: The question.
        index: The documents.
        known: Path, title and date of those that may be used.
    """

    def text_of(path: str) -> str:
        held = index.document(path)
        return held[2] if held else ""

    documents = [(path, title) for path, title, _ in known]
    return find_subject(asked.question, asked.given, documents, text_of)


def _topic(question: str, asked: frozenset[str]) -> str:
    """Return the words of a question that say what it is about, or all where none does."""
    subject = outline(question).subject
    words = [word for word in subject.split() if not set(terms(word)) <= asked]
    return " ".join(words) or question


def _own(fact: Fact, subject: Subject) -> bool:
    """Whether a statement of the subject's document is about it, not about a part of it."""
    if not subject.keys or not fact.entity:
        return True
    return is_about(fact.entity, subject.keys) or is_about(fact.label, subject.keys)


def _about(facts: Sequence[Fact], subject: Subject) -> Iterator[Fact]:
    """Yield the statements of other documents whose row, column or section is the subject."""
    for fact in facts:
        if fact.entity:
            if is_about(fact.entity, subject.keys) or is_about(fact.label, subject.keys):
                yield fact
        elif fact.section and any(
            is_about(heading, subject.keys) for heading in fact.section.split(" > ")
        ):
            yield fact


def _turned(fact: Fact, subject: Subject) -> Fact:
    """Return a fact of a table whose columns are the things, not the rows, the other way round."""
    if (
        fact.entity
        and is_about(fact.label, subject.keys)
        and not is_about(fact.entity, subject.keys)
    ):
        return replace(fact, entity=fact.label, label=fact.entity)
    return fact
