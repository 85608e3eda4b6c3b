"""The answer of a task with a JSON Schema: a value, its reasons and its sources for each field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.evidence import Evidence, gather
from runner.providers.local.fields import Field, field_of, leaves, with_question
from runner.providers.local.finding import candidates
from runner.providers.local.followups import left_by
from runner.providers.local.interaction import cited
from runner.providers.local.labels import terms
from runner.providers.local.matching import PLAIN, Candidate
from runner.providers.local.subjects import name_key
from runner.providers.local.tasks import Asked, Told

if TYPE_CHECKING:
    from runner.job.model import SourcePolicy
    from runner.providers.local.index import Index

Confidence: TypeAlias = Literal["high", "medium", "low"]

_MEDIUM = 0.62
"""The score from which a value is given with medium confidence."""

_NEAR = 0.06
"""Values whose scores differ by no more than this are weighed against each other."""

_MOST_CITED = 4
_MOST_ITEMS = 10
_TOPICAL = 0.84


@frozen
class Finding:
    """What was found for one field; `sources` is empty where nothing was."""

    value: JSON
    confidence: Confidence
    reasoning: str
    sources: tuple[Candidate, ...] = ()


def answer_json(
    *,
    asked: Asked,
    schema: Mapping[str, JSON],
    index: Index,
    policy: SourcePolicy | None,
) -> Told:
    """Return a value for every field of the schema, each from a document, or null.

    What is not found is null (a list is empty), with confidence low and no citation, whether or
    not the schema allows null.

    Args:
        asked: What is asked; the names in a structured input say what it is about.
        schema: A JSON Schema whose root is an object.
        index: Where to look.
        policy: Which documents may be used.
    """
    # Not the canonical text: the order of the fields is the order of the answer.
    fields = [with_question(field, asked.question) for field in _fields(json.dumps(schema))]
    evidence, findings = _findings(fields, asked, index, policy)
    if evidence.topical and asked.documents and not any(f.sources for f in findings.values()):
        evidence, findings = _findings(fields, replace(asked, documents=()), index, policy)
    warnings: tuple[str, ...] = ()
    if not fields:
        warnings = ("The output schema names no field, so that nothing could be looked for",)
    elif evidence.is_empty and not any(finding.sources for finding in findings.values()):
        about = evidence.subject.name or asked.question
        warnings = (f"No document is about '{about}'",)
    content: dict[str, JSON] = {}
    for path, finding in findings.items():
        _put(content, path, finding.value)
    basis = [
        _basis(name, [(p, f) for p, f in findings.items() if p[0] == name]) for name in content
    ]
    left = left_by(asked, evidence.subject, evidence.topic, cited(basis))
    return Told(content=content, basis=basis, left=left, warnings=warnings)


def _findings(
    fields: Sequence[Field], asked: Asked, index: Index, policy: SourcePolicy | None
) -> tuple[Evidence, dict[tuple[str, ...], Finding]]:
    """Return what the documents hold on a question, and what was found there for each field."""
    own_words = frozenset(term for f in fields for term in terms(" ".join((*f.path, *f.nouns))))
    evidence = gather(asked, index, policy, own_words)
    return evidence, {f.path: _find(f, evidence, alone=len(fields) == 1) for f in fields}


@lru_cache(maxsize=64)
def _fields(schema_text: str) -> tuple[Field, ...]:
    return tuple(field_of(path, part) for path, part in leaves(json.loads(schema_text)))


def _find(field: Field, evidence: Evidence, *, alone: bool) -> Finding:
    ranked = sorted(
        candidates(field, evidence, alone=alone),
        key=lambda c: (
            -round(c.score, 4),
            _reversed_date(evidence.date_of(c)),
            c.document,
            c.order,
        ),
    )
    described = field.shape in ("text", "sentences")
    if evidence.topical and not described:
        # What the topic's documents state of something may not be of what is asked.
        ranked = [replace(c, score=c.score * _TOPICAL) for c in ranked]
    if evidence.topical and field.kind == "array" and ranked:
        ranked = _joined(ranked)
    if not ranked:
        return Finding(
            value=[] if field.kind == "array" else None,
            confidence="low",
            reasoning=_nothing(evidence),
        )
    best = ranked[0]
    rivals = [
        c
        for c in ranked
        if best.score - c.score <= _NEAR and (c.period == best.period or not best.period)
    ]
    agreeing = _one_each([c for c in rivals if same(c.value, best.value)])
    differing = _one_each([c for c in rivals if not same(c.value, best.value)])
    elsewhere = [c for c in differing if c.document != best.document]
    if described:
        differing = elsewhere = []  # Two descriptions of a thing do not contradict each other.
    if elsewhere:
        return Finding(
            value=best.value,
            confidence="medium" if best.score >= _MEDIUM else "low",
            reasoning=_disagreement(best, agreeing, elsewhere),
            sources=(*agreeing, *elsewhere)[:_MOST_CITED],
        )
    reasoning = f"Found by {best.how} in {best.document}"
    others = [c.document for c in agreeing if c.document != best.document]
    if others:
        verb = "add" if evidence.topical and field.kind == "array" else "agree"
        reasoning += f"; {', '.join(others)} {verb}{'s' if len(others) == 1 else ''}"
    if differing:
        reasoning += f"; the document also states {_shown(differing[0].value)}"
    return Finding(
        value=best.value,
        confidence=_confidence(
            best, agreed=bool(others), disputed=bool(differing), topical=evidence.topical
        ),
        reasoning=reasoning + ".",
        sources=tuple(agreeing[:_MOST_CITED]),
    )


def _joined(ranked: list[Candidate]) -> list[Candidate]:
    """Return the lists that several documents of a topic give as one list, cited from each."""
    alike = [c for c in ranked if ranked[0].score - c.score <= _NEAR]
    items = [item for c in alike for item in c.value]
    value = [item for n, item in enumerate(items) if item not in items[:n]][:_MOST_ITEMS]
    return [replace(c, value=value) for c in alike if any(item in value for item in c.value)]


def _confidence(best: Candidate, *, agreed: bool, disputed: bool, topical: bool) -> Confidence:
    """Return how far to trust a value: how plainly it is stated, and who else states it.

    What documents on a topic state may not be of what was asked: it is never quite sure.
    """
    plain = best.score >= PLAIN or (best.score >= _MEDIUM and agreed)
    if plain and best.clean and not disputed and not topical:
        return "high"
    if best.score >= _MEDIUM:
        return "medium"
    return "medium" if agreed and best.clean and not topical else "low"


def _disagreement(
    best: Candidate, agreeing: Sequence[Candidate], differing: Sequence[Candidate]
) -> str:
    first = f"{_shown(best.value)} ({', '.join(c.document for c in agreeing)})"
    rest = " / ".join(f"{_shown(c.value)} ({c.document})" for c in differing)
    return f"Sources disagree: {first} / {rest}. Found by {best.how} in {best.document}."


def _nothing(evidence: Evidence) -> str:
    if evidence.is_empty:
        asked = evidence.subject.name
        return f"No document is about '{asked}'." if asked else "No document matches the question."
    return "No confident match in the documents."


def _shown(value: JSON) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    longest = 60
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _reversed_date(date: str | None) -> tuple[int, ...]:
    """Return a key that sorts newer documents first and undated ones last."""
    return tuple(-int(part) for part in (date or "0").split("-"))


def _one_each(found: Sequence[Candidate]) -> list[Candidate]:
    return list({c.document: c for c in reversed(found)}.values())[::-1]


def same(one: JSON, other: JSON) -> bool:
    """Whether two values say the same: equal, nearly equal, or one text within the other."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 0.005 * max(abs(one), abs(other)) and (
            not _is_year(one) or one == other
        )
    if isinstance(one, list) and isinstance(other, list):
        left, right = ({name_key(str(item)) for item in side} for side in (one, other))
        return left <= right or right <= left
    first, second = f" {name_key(str(one))} ", f" {name_key(str(other))} "
    return first in second or second in first


def _is_year(value: float) -> bool:
    return 1000 <= value <= 2100  # noqa: PLR2004 - the years that documents speak of


def _put(content: dict[str, JSON], path: tuple[str, ...], value: JSON) -> None:
    for name in path[:-1]:
        content = content.setdefault(name, {})
    content[path[-1]] = value


_ORDER: tuple[Confidence, ...] = ("low", "medium", "high")


def _basis(name: str, findings: Sequence[tuple[tuple[str, ...], Finding]]) -> dict[str, JSON]:
    """Return the basis of a top-level field; a nested one is as sure as its least sure value."""
    found = [finding for _, finding in findings if finding.sources]
    if len(findings) == 1:
        reasoning = findings[0][1].reasoning
    else:
        reasoning = " ".join(f"{'.'.join(path[1:])}: {f.reasoning}" for path, f in findings)
    cited: dict[str, dict[str, JSON]] = {}
    for finding in found:
        for source in finding.sources:
            entry = cited.setdefault(
                source.document, {"url": source.document, "title": source.title, "excerpts": []}
            )
            entry["excerpts"].extend(e for e in source.excerpts if e not in entry["excerpts"])
    return {
        "field": name,
        "reasoning": reasoning,
        "citations": list(cited.values()),
        "confidence": min((f.confidence for f in found), key=_ORDER.index, default="low"),
    }
