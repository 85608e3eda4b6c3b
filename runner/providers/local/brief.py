"""Extractive reports: the best sentences of the documents, verbatim, as text or as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from runner.frozen import frozen
from runner.job.model import SourcePolicy
from runner.jsonvalue import JSON
from runner.providers.local.corpus import Fact
from runner.providers.local.evidence import subject_in
from runner.providers.local.followups import left_by
from runner.providers.local.index import Index
from runner.providers.local.interaction import Interaction, cited
from runner.providers.local.quotes import (
    FILE_LABELS,
    Ground,
    Quote,
    Theme,
    opening_quotes,
    quotes_by_place,
    quotes_for,
    survey,
)
from runner.providers.local.sentences import tokens
from runner.providers.local.tasks import Asked, Told
from runner.providers.local.themes import Outline, outline, related, theme_terms

MAX_FACTS: Final = 16
MAX_FACT_CHARS: Final = 160
SUMMARY_QUOTES: Final = 3
NO_MATCH: Final = "No confident match in the documents."

_SPECIAL = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)|&(?=[#\w]))")
_LEADING = re.compile(r"^([#+\-=]|\d{1,9}[.)])")
_SHOWN_LABEL = re.compile(r"^[^()]{2,60}$")
_PERIOD = re.compile(r"^(?:fiscal |financial )?(?:year|period|currency)\b|\bas of$", re.IGNORECASE)
_URL = re.compile(r"^(?:https?://|www\.|mailto:)", re.IGNORECASE)


@frozen
class _Findings:
    """All that the documents have to say on an outline."""

    plan: Outline
    ground: Ground
    themes: tuple[Theme, ...]

    @property
    def quotes(self) -> list[Quote]:
        return [quote for theme in self.themes for quote in theme.quotes]

    @property
    def unanswered(self) -> list[str]:
        return [theme.heading for theme in self.themes if not theme.quotes]


def write_text(
    *, asked: Asked, description: str | None, index: Index, policy: SourcePolicy | None
) -> Told:
    """Return a report in markdown: themes with quoted sentences, numbered citations, sources.

    Args:
        asked: What was asked; the themes are its bullet points, where it has some.
        description: What the output is to contain; its bullet points count too.
        index: The documents.
        policy: Which of them may be used.
    """
    found = _find(outline(asked.question, description), asked.documents, index, policy)
    if not found.quotes:
        nothing = "The documents hold no confident match for this question."
        text = f"# {plain(found.plan.title)}\n\n{nothing}\n"
        basis = _basis("output", nothing, [], "low")
        left = _left(asked, found.plan, [basis], index, policy)
        return Told(content=text, basis=[basis], left=left)
    numbers: dict[str, int] = {}
    parts: list[str] = []
    for theme in found.themes:
        lines = []
        for quote in theme.quotes:
            number = numbers.setdefault(quote.document, len(numbers) + 1)
            lines.append(f"- {plain(quote.text)} \\[{number}\\]")
        parts.append(f"## {plain(theme.heading)}\n\n" + ("\n".join(lines) or NO_MATCH))
    titles = {quote.document: quote.title for quote in found.quotes}
    sources = [f"{n}. {plain(titles[path])} ({plain(path)})" for path, n in numbers.items()]
    count = "1 document" if len(numbers) == 1 else f"{len(numbers)} documents"
    text = "\n\n".join(
        (
            f"# {plain(found.plan.title)}",
            f"Compiled from {count}; every sentence is quoted from its source.",
            *parts,
            "## Sources\n\n" + "\n".join(sources),
        )
    )
    basis = _basis("output", _reasoning(found), found.quotes, _confidence(found))
    left = _left(asked, found.plan, [basis], index, policy)
    return Told(content=text + "\n", basis=[basis], left=left, warnings=_warnings(found))


def write_auto(*, asked: Asked, index: Index, policy: SourcePolicy | None) -> Told:
    """Return a report as JSON (title, summary, sections, key facts, sources) with its schema.

    Args:
        asked: What was asked; the sections are the points it lists, where it lists some.
        index: The documents.
        policy: Which of them may be used.
    """
    found = _find(outline(asked.question), asked.documents, index, policy)
    summary: Sequence[Quote] = ()
    if found.quotes:
        summary = opening_quotes(found.ground, index, SUMMARY_QUOTES)
    facts = _key_facts(found, index) if found.quotes else []
    subject = _stems(found.plan.subject)
    used = {quote.document: quote.title for quote in (*summary, *found.quotes)}
    used |= {fact.document: fact.title for fact in facts if fact.document not in used}
    content = {
        "title": found.plan.title,
        "summary": " ".join(quote.text for quote in summary) or NO_MATCH,
        "sections": [
            {
                "heading": theme.heading,
                "passages": [
                    {"text": quote.text, "source": quote.document} for quote in theme.quotes
                ],
            }
            for theme in found.themes
        ],
        "key_facts": [
            {"label": _label(fact, subject), "value": fact.value, "source": fact.document}
            for fact in facts
        ],
        "sources": [{"title": title, "path": path} for path, title in used.items()],
    }
    sure = _confidence(found)
    said = "Quoted word for word from the documents that treat the subject." if used else NO_MATCH
    stated = [
        Quote(text=fact.value, excerpt=fact.excerpt, document=fact.document, title=fact.title)
        for fact in facts
    ]
    basis = [
        _basis("title", "Taken from the question.", [], sure),
        _basis("summary", said, summary, sure if summary else "low"),
        _basis("sections", _reasoning(found) if used else NO_MATCH, found.quotes, sure),
        _basis(
            "key_facts",
            "Labels and values that the documents state outright." if facts else NO_MATCH,
            stated,
            "high" if facts else "low",
        ),
        _basis("sources", "The documents quoted above." if used else NO_MATCH, [], sure),
    ]
    return Told(
        content=content,
        basis=basis,
        left=_left(asked, found.plan, basis, index, policy),
        warnings=_warnings(found),
        output_schema=AUTO_SCHEMA,
    )


def plain(text: str) -> str:
    """Return text so that markdown shows it as it is: no structure, no link, no HTML."""
    line = " ".join(text.split())
    return _LEADING.sub(_guarded, _SPECIAL.sub(r"\\\1", line))


def _guarded(match: re.Match[str]) -> str:
    marker = match.group()
    return f"{marker[:-1]}\\{marker[-1]}"


def _find(
    plan: Outline, cited: Sequence[str], index: Index, policy: SourcePolicy | None
) -> _Findings:
    ground = survey(plan.subject, index, policy, cited)
    themes: tuple[Theme, ...] = ()
    if ground.documents and plan.themes:
        used: set[str] = set()
        themes = tuple(
            Theme(heading=theme, quotes=quotes_for(theme, ground, index, used))
            for theme in plan.themes
        )
    elif ground.documents:
        themes = quotes_by_place(ground, index)
    return _Findings(plan=plan, ground=ground, themes=themes)


def _left(
    asked: Asked,
    plan: Outline,
    basis: Sequence[Mapping[str, JSON]],
    index: Index,
    policy: SourcePolicy | None,
) -> Interaction:
    subject = subject_in(asked, index, index.documents(policy))
    return left_by(asked, subject, plan.subject, cited(basis))


def _confidence(found: _Findings) -> str:
    """Return high where every theme has a quote, medium where at least half of them have."""
    if not found.quotes:
        return "low"
    if not found.unanswered:
        return "high" if found.plan.themes else "medium"
    return "medium" if 2 * len(found.unanswered) <= len(found.themes) else "low"


def _reasoning(found: _Findings) -> str:
    count = len(found.quotes)
    said = f"{count} {'sentence is' if count == 1 else 'sentences are'} quoted"
    if not found.plan.themes:
        return f"{said}, those that hold most of the question's words."
    answered = len(found.themes) - len(found.unanswered)
    return f"{said} on {answered} of {len(found.themes)} themes, matched by words and headings."


def _warnings(found: _Findings) -> tuple[str, ...]:
    if not found.quotes or not found.unanswered:
        return ()
    return (f"No confident match in the documents for: {'; '.join(found.unanswered)}.",)


def _basis(field: str, reasoning: str, quotes: Sequence[Quote], confidence: str) -> dict[str, JSON]:
    cited: dict[str, dict[str, JSON]] = {}
    for quote in quotes:
        entry = cited.setdefault(
            quote.document, {"url": quote.document, "title": quote.title, "excerpts": []}
        )
        if quote.excerpt not in entry["excerpts"]:
            entry["excerpts"].append(quote.excerpt)
    return {
        "field": field,
        "reasoning": reasoning,
        "citations": list(cited.values()),
        "confidence": confidence,
    }


def _key_facts(found: _Findings, index: Index) -> list[Fact]:
    """Return the labelled values about the subject: those on the themes and with figures first."""
    subject = _stems(found.plan.subject)
    near = {
        kin
        for theme in found.plan.themes
        for term in theme_terms(theme, found.plan.subject)
        for kin in related(term)
    }
    ranked: list[tuple[float, Fact]] = []
    seen: set[tuple[str, str]] = set()
    for fact in index.facts(found.ground.documents):
        label = _label(fact, subject)
        key = (label.lower(), fact.value.lower())
        if key in seen or not _is_worth_showing(fact, subject):
            continue
        seen.add(key)
        labelled = _stems(label)
        figures = any(letter.isdigit() for letter in fact.value)
        ranked.append((bool(labelled & near) + figures / 2, fact))
    ranked.sort(key=lambda entry: -entry[0])
    return [fact for _, fact in ranked[:MAX_FACTS]]


def _is_worth_showing(fact: Fact, subject: set[str]) -> bool:
    return (
        not _stems(fact.entity or fact.title).isdisjoint(subject)
        and bool(_SHOWN_LABEL.match(fact.label))
        and fact.label.lower() not in FILE_LABELS
        and not _PERIOD.search(fact.label)
        and 0 < len(fact.value) <= MAX_FACT_CHARS
        and fact.value != fact.entity
        and not _URL.match(fact.value)
    )


def _label(fact: Fact, subject: set[str]) -> str:
    """Return a fact's label, with what it is about where that is more than the subject."""
    plain_label = fact.entity in fact.title or _stems(fact.entity) <= subject
    return fact.label if plain_label else f"{fact.entity}: {fact.label}"


def _stems(text: str) -> set[str]:
    return {word.stem for word in tokens(text) if not word.mark}


_TEXT: Final[Mapping[str, JSON]] = {"type": "string"}


def _object(properties: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(item: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"type": "array", "items": dict(item)}


AUTO_SCHEMA: Final[Mapping[str, JSON]] = _object(
    {
        "title": _TEXT,
        "summary": _TEXT,
        "sections": _list(
            _object(
                {
                    "heading": _TEXT,
                    "passages": _list(_object({"text": _TEXT, "source": _TEXT})),
                }
            )
        ),
        "key_facts": _list(_object({"label": _TEXT, "value": _TEXT, "source": _TEXT})),
        "sources": _list(_object({"title": _TEXT, "path": _TEXT})),
    }
)
