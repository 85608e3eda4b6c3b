"""The ways to find a field's value, from plain statements to a guess that is worth showing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from runner.jsonvalue import JSON
from runner.providers.local.corpus import Fact, Passage
from runner.providers.local.deduced import deduced
from runner.providers.local.evidence import Evidence
from runner.providers.local.facts import HEADING, LEAD
from runner.providers.local.fields import Field, year_asked
from runner.providers.local.kinds import STOPWORDS
from runner.providers.local.labels import terms
from runner.providers.local.matching import PLAIN, Candidate, is_below_heading, label_score, stated
from runner.providers.local.questions import Wanted
from runner.providers.local.sentences import sentences
from runner.providers.local.spans import Span, best_span
from runner.providers.local.statements import Statement, speaks_of, statements, states
from runner.providers.local.subjects import (
    first_mention,
    is_about,
    is_subject_of,
    mentions,
    speaks_about,
    title_parts,
)
from runner.providers.local.typed import read, read_items

_MENTIONED = 0.75
"""What a sentence of another document is worth, beside one of the subject's own."""

_UNNAMED = 0.65
"""What a sentence is worth that names neither the subject nor points back to it."""

_TOPICAL = 0.8
_SPAN_SCORE = 0.7
_SPAN_COVERAGE = 0.3
_SIBLINGS = 8
_SENTENCES = 3
_OPENING = 45
_FORMAL = frozenset(("legal", "full", "registered", "official"))
_SHORT = 250
_FEW = 4
_MOST_FINDINGS = 5
_ASKS = re.compile(r"(?:what|which|who|whom|whose|when|where|why|how)\b", re.IGNORECASE)
_KIND_WORDS = frozenset(("package", "company", "library", "market", "product", "what", "which"))
_LABELLED = re.compile(r"[^\W\d_][^:.!?]{0,50}:\s")
_BARE = re.compile(
    r"^[^.]{1,60}?\b(?:is|are|was)\s+(?:an?|the)\s+(?:[^\s.]+\s+){0,2}[^\s.]+\.\s+(?=\S)"
)
_WANTED: dict[str, Wanted] = {
    "person": "person", "place": "place", "date": "date", "year": "year", "number": "number",
    "money": "money", "percent": "percent",
}  # fmt: skip


def candidates(field: Field, evidence: Evidence, *, alone: bool = False) -> list[Candidate]:
    """Return the values found for a field; each further way is tried where those before fail.

    `alone` says that the field is the only one, so that the question itself may ask for it.
    """
    if alone and _is_open(field, evidence.question) and not _is_plain(field, evidence):
        return [*_of_question(field, evidence)]
    found: list[Candidate] = []
    if not evidence.is_empty:
        found += [*_labelled(field, evidence), *_said(field, evidence), *_headed(field, evidence)]
        if not any(c.score >= PLAIN for c in found):
            found += _none_listed(field, evidence)
    for way in (_mentioned, _spelt, _lead, _told, _guessed):
        if not found:
            found += way(field, evidence)
    return found


def _is_open(field: Field, question: str) -> bool:
    """Whether the question, and not the field's name, says what is asked: `{answer: string}`."""
    if field.kind not in ("string", "integer", "number") or field.shape == "text":
        return False
    asks = question.strip().endswith("?") or _ASKS.match(question.strip())
    return field.unnamed or (bool(asks) and not field.concept)


def _is_plain(field: Field, evidence: Evidence) -> bool:
    """Whether a question asks for a label of its subject and nothing else: `license of httpx`."""
    if not field.concept or not evidence.subject.documents:
        return False
    asked = set(terms(evidence.question)) - STOPWORDS - _KIND_WORDS
    about = set(terms(" ".join(evidence.subject.keys))) | set(terms(" ".join(field.nouns)))
    return len(asked - about) <= 1


def _of_question(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield the stretch of a sentence that answers the question best."""
    about = set(terms(" ".join(evidence.subject.keys)))
    if not set(terms(evidence.question)) - STOPWORDS - about:
        return  # A name alone asks nothing.
    wanted = _WANTED.get(field.shape, "any") if field.kind == "string" else "number"
    # Where the question names its subject, that leads to the right documents by itself.
    cited = evidence.cited if evidence.topical else ()
    span = _span_among(evidence, cited, wanted) if cited else None
    span = span or _span_among(evidence, None, wanted)
    if span is None:
        return
    parsed = read(span.text, replace(field, shape="any") if field.kind == "string" else field)
    if parsed is not None:
        score = min(span.score, PLAIN - 0.01)
        yield _candidate(
            span.passage, span.excerpt, parsed.value, score=score, how="the best sentence"
        )


def _span_among(evidence: Evidence, documents: Sequence[str] | None, wanted: Wanted) -> Span | None:
    """Return what answers the question best in some documents (None: in all)."""
    hits = evidence.index.search_passages(
        evidence.question, policy=evidence.policy, documents=documents
    )
    span = best_span(evidence.question, hits, wanted=wanted)
    return None if span is None or span.coverage < _SPAN_COVERAGE else span


def _labelled(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    year = year_asked(evidence.question) or year_asked(field.description)
    yield from stated(evidence.facts, field, year)
    yield from deduced(evidence.facts, field)


def _said(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    words = " ".join((*field.nouns, *field.verbs, *field.terms))
    weight = _TOPICAL if evidence.topical else 1.0
    for passage in evidence.own_passages(words):
        if not speaks_of(passage.text, field):
            continue
        for sentence in sentences(passage.text):
            yield from _of_sentence(
                field, evidence, passage, sentence.text, weight=weight, order=passage.id
            )


def _mentioned(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    for order, (passage, sentence) in enumerate(evidence.mentioning()):
        yield from _of_sentence(field, evidence, passage, sentence, weight=_MENTIONED, order=order)


def _of_sentence(
    field: Field,
    evidence: Evidence,
    passage: Passage,
    sentence: str,
    *,
    weight: float,
    order: int,
) -> Iterator[Candidate]:
    if field.kind == "boolean":
        said = states(sentence, field)
        if said is not None:
            how = "a sentence that says so" if said else "a sentence that denies it"
            yield _candidate(passage, sentence, said, score=0.9 * weight, how=how, order=order)
        return
    keys = evidence.subject.keys
    for statement in statements(sentence, field):
        parsed = read(statement.text, field)
        if parsed is not None and not _is_of_another(sentence, statement, keys):
            if keys and not statement.leads and not speaks_about(sentence, keys):
                weight *= _UNNAMED
            yield Candidate(
                value=parsed.value,
                # One item after a verb ("makes the machines that …") is hardly a list.
                score=statement.strength * weight * (0.68 if _is_single(parsed.value) else 1),
                clean=parsed.clean,
                how=f"a sentence ({statement.how})",
                document=passage.document,
                title=passage.title,
                excerpts=(sentence,),
                order=order,
            )
            return


def _is_of_another(sentence: str, statement: Statement, keys: frozenset[str]) -> bool:
    """Whether `Jane Doe, author of …` goes on to name another thing than the subject."""
    if statement.how != "'Name, …'":
        return False
    following = sentence[sentence.find(statement.text) + len(statement.text) :]
    of = re.search(r"\s(?:of|for|at)\s+(.{1,80})", following)
    return of is not None and bool(keys) and not mentions(of[1], keys)


def _is_single(value: JSON) -> bool:
    return isinstance(value, list) and len(value) == 1


def _headed(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield the version in a heading `Name 1.2`, and the name in a heading or a title."""
    if field.kind != "string" or field.concept not in ("version", "name"):
        return
    keys = evidence.subject.keys
    for order, fact in enumerate(evidence.facts):
        if fact.label != HEADING or fact.document not in evidence.documents:
            continue
        version = re.search(r"\sv?(\d+(?:\.\w+)+)$", fact.value.strip())
        if field.concept == "version" and version and is_about(fact.value[: version.start()], keys):
            yield _of_fact(fact, version[1], score=0.95, how="the main heading", order=order)
        elif field.concept == "name":
            whole = fact.value[: version.start()] if version else fact.value
            parts = [part for part in title_parts(whole) if is_about(part, keys)]
            if parts:
                name = min(parts, key=len)
                score = 0.8 if _FORMAL & set(field.terms) else PLAIN
                yield _of_fact(fact, name, score=score, how="the main heading", order=order)


def _spelt(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield the subject's name as its own document spells it first."""
    if field.concept != "name" or field.kind != "string" or not evidence.documents:
        return
    for passage in evidence.own_passages(evidence.subject.name):
        named = first_mention(passage.text, evidence.subject.keys)
        if named and named != named.lower():
            said = (one.text for one in sentences(passage.text) if named in one.text)
            how = "the document's own spelling"
            yield _candidate(passage, next(said, named), named, score=0.7, how=how)
            return


def _lead(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield what a document says first about its subject, for a field such as `summary`."""
    if field.concept != "summary" or field.kind != "string":
        return
    most = _SENTENCES if re.search(r"\bsentences\b|\bparagraph", field.description) else 1
    for order, fact in enumerate(sorted(evidence.facts, key=evidence.rank)):
        if fact.label == LEAD and fact.document in evidence.documents:
            # "X is a Python package." only names the kind; what it is for comes next.
            text = _BARE.sub("", fact.value, count=1)
            said = sentences(text) or sentences(fact.value)
            if evidence.topical and said[0].text.count(" ") < _FEW:
                text, said = text[said[0].start + len(said[0].text) :], said[1:]
            if not said:
                continue
            short = len(text) <= _SHORT and len(said) <= 2  # noqa: PLR2004 - a summary's length
            value = text.strip() if short else " ".join(one.text for one in said[:most])
            yield _of_fact(fact, value, score=0.7, how="the document's first words", order=order)


def _told(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield whole sentences: those with the signs of a field, or the findings on the question."""
    if field.shape == "sentences" and field.kind == "array":
        yield from _findings(field, evidence)
    elif field.shape == "text" and field.signs and field.kind == "string":
        signs = re.compile(rf"\b(?:{'|'.join(field.signs)})\b", re.IGNORECASE)
        keys = evidence.subject.keys
        words = " ".join((*field.signs, *field.nouns))
        told = [
            (not _opens_with(one.text, keys), order, passage, one.text)
            for order, passage in enumerate(evidence.own_passages(words))
            if signs.search(passage.text)
            for one in sentences(passage.text)
            if signs.search(one.text) and "?" not in one.text
        ]
        for other, order, passage, text in sorted(told, key=lambda t: t[:2])[:1]:
            score = 0.5 if other else 0.65
            how = "a sentence that describes it"
            yield _candidate(passage, text, text, score=score, how=how, order=order)


def _opens_with(sentence: str, keys: frozenset[str]) -> bool:
    """Whether a sentence is about the subject, or names it early: `By its own count Nokia is …`."""
    return is_subject_of(sentence, keys) or bool(first_mention(sentence[:_OPENING], keys))


def _findings(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield the sentences that hold most of the question's words, one a passage."""
    asked = set(terms(evidence.topic)) - STOPWORDS - set(terms(" ".join(field.nouns)))
    among = list(evidence.documents) or None
    chosen: dict[str, tuple[Passage, str]] = {}
    hits = evidence.index.search_passages(
        evidence.topic, limit=8, policy=evidence.policy, documents=among
    )
    for hit in hits:
        if hit.coverage < _SPAN_COVERAGE or not asked:
            continue
        said = [s.text for s in sentences(hit.passage.text) if s.text.count(" ") > _FEW]
        best = max(said, key=lambda text: len(asked & set(terms(text))), default="")
        if best and asked & set(terms(best)):
            chosen.setdefault(best, (hit.passage, best))
    found = list(chosen.values())[:_MOST_FINDINGS]
    parsed = read_items([text for _, text in found], field)
    if parsed is None:
        return
    for document in dict.fromkeys(passage.document for passage, _ in found):
        cited = [(p, text) for p, text in found if p.document == document]
        yield Candidate(
            value=parsed.value,
            score=0.63,
            clean=False,
            how="the sentences nearest to the question",
            document=document,
            title=cited[0][0].title,
            excerpts=tuple(text for _, text in cited),
        )


def _none_listed(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield 0 for a count where documents of the same make list each, and this one lists none."""
    if not field.counted or len(evidence.documents) != 1:
        return
    own = {fact.label for fact in evidence.facts if not is_below_heading(fact)}
    suffix = evidence.documents[0].rsplit(".", 1)[-1]
    others = sorted(path for path in evidence.dates if path.endswith(suffix))
    siblings: dict[str, set[str]] = {}
    others = [path for path in others if path not in evidence.documents]
    sample = others[:: max(1, len(others) // _SIBLINGS)][:_SIBLINGS]
    for fact in evidence.index.facts(sample):
        if not is_below_heading(fact):
            siblings.setdefault(fact.document, set()).add(fact.label)
    shared = Counter(label for labels in siblings.values() for label in labels)
    usual = {label for label, times in shared.items() if times > 0.5 * len(siblings)}
    if len(usual) < _FEW or len(usual & own) < 0.5 * len(usual):
        return
    for label in sorted(set(shared) - own):
        if shared[label] > 1 and label_score(label, field) >= PLAIN:
            how = f"documents like this one listing each under '{label}', and this one none"
            yield _of_fact(evidence.facts[0], 0, score=0.75, how=how, order=0)
            return


def _guessed(field: Field, evidence: Evidence) -> Iterator[Candidate]:
    """Yield the best answer to the field as a question, among the subject's own passages."""
    if field.kind != "string" or field.shape in ("url", "text") or field.members:
        return
    asked = f"{' '.join(field.nouns[:1]) or field.description} {evidence.subject.name}"
    hits = evidence.index.search_passages(asked, limit=8, documents=list(evidence.documents))
    label = set(terms(" ".join(field.nouns[:1]))) or set(field.terms)
    span = best_span(f"What is the {asked}?", hits, wanted=_WANTED.get(field.shape, "any"))
    if span is None or span.score < _SPAN_SCORE or span.coverage < _SPAN_COVERAGE:
        return
    if not label <= set(terms(span.excerpt)) or _LABELLED.match(span.excerpt):
        return  # What a label says has been judged by the label.
    parsed = read(span.text, field)
    if parsed is not None:
        yield _candidate(
            span.passage, span.excerpt, parsed.value, score=0.5, how="the best sentence"
        )


def _of_fact(fact: Fact, value: JSON, *, score: float, how: str, order: int) -> Candidate:
    return Candidate(
        value=value, score=score, clean=True, how=how, document=fact.document, title=fact.title,
        excerpts=(fact.excerpt,), order=order,
    )  # fmt: skip


def _candidate(
    passage: Passage, excerpt: str, value: JSON, *, score: float, how: str, order: int = 0
) -> Candidate:
    return Candidate(
        value=value, score=score, clean=True, how=how, document=passage.document,
        title=passage.title, excerpts=(excerpt,), order=order,
    )  # fmt: skip
