"""Sentences worth quoting: which documents treat a subject, and what they say on a theme."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from runner.job.model import SourcePolicy
from runner.providers.local.corpus import Hit, Passage
from runner.providers.local.index import Index
from runner.providers.local.kinds import STOPWORDS
from runner.providers.local.sentences import sentences, tokens
from runner.providers.local.themes import related, theme_terms

MAX_DOCUMENTS: Final = 8
MAX_QUOTES: Final = 4
MAX_PLACES: Final = 6
_POOL: Final = 30

DOCUMENT_COVERAGE: Final = 0.5
DOCUMENT_SHARE: Final = 0.75
"""A document is used if its best passage covers half of the subject, and three quarters of what the
best document covers."""

ABOUT_SHARE: Final = 0.4
"""A passage is about the subject if its title and headings name that much of it; of others only
the sentences that name it themselves are quoted."""

IN_HEADING: Final = 0.8
RELATED: Final = 0.5
LEAST_MATCH: Final = 0.3
LEAST_SHARE: Final = 0.5
RANK_SHARE: Final = 0.15
ROW_SHARE: Final = 0.6
SAME: Final = 0.6
_MIN_WORDS = 4
_MAX_CHARS = 600

_ROW = re.compile(r"^(?P<label>[^\W\d_][^:.!?]{0,40}):\s")
_ENDED = re.compile(r"[.!?…。！？][\"'”’)\]]*$")
FILE_LABELS = frozenset(
    ["title", "date", "source", "author", "authors", "url", "lang", "tags", "updated", "published"]
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")

_Kin: TypeAlias = Callable[[str], frozenset[str]]
"""From a stem to all that count as it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words of a document.

    Attributes:
        text: On one line, without a list marker.
        excerpt: Verbatim.
        document: The document's path.
        title: The document's title.
    """

    text: str
    excerpt: str
    document: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A heading of a report and what is quoted below it; nothing where nothing was found."""

    heading: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A sentence that could be quoted."""

    text: str
    passage: Passage
    position: int
    own: frozenset[str]
    heading: frozenset[str]
    title: frozenset[str]
    rank: float
    row: bool
    score: float = 0.0

    @property
    def quote(self) -> Quote:
        return Quote(
            text=" ".join(_BULLET.sub("", self.text).split()),
            excerpt=self.text,
            document=self.passage.document,
            title=self.passage.title,
        )


def pick_documents(subject: str, index: Index, policy: SourcePolicy | None) -> tuple[str, ...]:
    """Return the paths of the documents that treat a subject, best first; none where none does."""
    best: dict[str, float] = {}
    for hit in index.search_passages(subject, limit=2 * _POOL, policy=policy):
        path = hit.passage.document
        best[path] = max(best.get(path, 0.0), hit.coverage)
    least = max(DOCUMENT_COVERAGE, DOCUMENT_SHARE * max(best.values(), default=0.0))
    return tuple(path for path, coverage in best.items() if coverage >= least)[:MAX_DOCUMENTS]


def quotes_for(
    theme: str, subject: str, documents: Sequence[str], index: Index, used: set[str]
) -> tuple[Quote, ...]:
    """Return what some documents say on a theme, in reading order; `used` grows by it."""
    terms = theme_terms(theme, subject)
    lines = _lines(f"{theme} {subject}", subject, documents, index)
    weights = _weights(terms, lines, related)
    scored = [replace(line, score=_match(line, weights, related)) for line in lines]
    found = [line for line in scored if line.score >= LEAST_MATCH and line.text not in used]
    chosen = _choose(found, MAX_QUOTES)
    used.update(line.text for line in chosen)
    return tuple(line.quote for line in _in_order(chosen))


def quotes_by_place(subject: str, documents: Sequence[str], index: Index) -> tuple[Theme, ...]:
    """Return what some documents say on a subject that has no themes.

    The headings are the documents' titles, or one document's own headings.
    """
    lines = _lines(subject, subject, documents, index)
    terms = _content(subject)
    weights = _weights(terms, lines, _itself)
    scored = [replace(line, score=_match(line, weights, _itself)) for line in lines]
    found = [line for line in scored if line.score > 0]
    chosen = _in_order(_choose(found, MAX_PLACES * MAX_QUOTES // 2))
    several = len({line.passage.document for line in chosen}) > 1
    places: dict[str, list[_Line]] = {}
    for line in chosen:
        heading = line.passage.heading.rsplit(" > ", 1)[-1]
        places.setdefault((not several and heading) or line.passage.title, []).append(line)
    return tuple(
        Theme(heading=heading, quotes=tuple(line.quote for line in held[:MAX_QUOTES]))
        for heading, held in list(places.items())[:MAX_PLACES]
    )


def opening_quotes(
    subject: str, documents: Sequence[str], index: Index, limit: int
) -> tuple[Quote, ...]:
    """Return the first sentences of the best document on a subject."""
    lines = [line for line in _lines(subject, subject, documents[:1], index) if not line.row]
    lines.sort(key=lambda line: (line.passage.ordinal, line.position))
    first = [line for line in lines if line.passage.ordinal == lines[0].passage.ordinal]
    return tuple(line.quote for line in first[:limit])


def _lines(query: str, subject: str, documents: Sequence[str], index: Index) -> list[_Line]:
    """Return the sentences on a subject in the passages that a query finds."""
    hits = index.search_passages(query, limit=_POOL, documents=documents)
    wanted = _content(subject)
    counts = Counter(term for hit in hits for term in set(_content(hit.passage.text)))
    weights = {term: math.log(1 + (len(hits) + 1) / (counts[term] + 0.5)) for term in wanted}
    total = sum(weights.values()) or 1.0
    top = max((hit.score for hit in hits), default=0.0)
    lines: list[_Line] = []
    for hit in hits:
        title = frozenset(_content(hit.passage.title))
        heading = frozenset(_content(hit.passage.heading))
        above = sum(w for term, w in weights.items() if term in title or term in heading)
        about = above >= ABOUT_SHARE * total
        for line in _of_hit(hit, title, heading, top):
            held = sum(w for term, w in weights.items() if term in line.own)
            if about or held >= ABOUT_SHARE * total:
                lines.append(line)
    return lines


def _of_hit(
    hit: Hit, title: frozenset[str], heading: frozenset[str], top: float
) -> Iterator[_Line]:
    for position, sentence in enumerate(sentences(hit.passage.text)):
        text = sentence.text
        row = _ROW.match(text)
        if text.startswith("#") or len(text) > _MAX_CHARS:
            continue
        if row and row["label"].strip().lower() in FILE_LABELS:
            continue
        own = frozenset(_content(text))
        ended = bool(_ENDED.search(text))
        if len(own) < _MIN_WORDS - ended:
            continue
        yield _Line(
            text=text,
            passage=hit.passage,
            position=position,
            own=own,
            heading=heading,
            title=title,
            rank=hit.score / top if top > 0 else 1.0,
            row=bool(row) and not ended,
        )


def _content(text: str) -> tuple[str, ...]:
    """Return the stems of the words with meaning, each once."""
    found = (w.stem for w in tokens(text) if not w.mark and w.lower not in STOPWORDS)
    return tuple(dict.fromkeys(found))


def _itself(term: str) -> frozenset[str]:
    return frozenset([term])


def _weights(
    terms: Iterable[str], lines: Sequence[_Line], kin: _Kin
) -> Mapping[str, float]:
    """Return the share of each term, the rarer among the sentences the larger."""
    weights = {
        term: math.log(1 + (len(lines) + 1) / (sum(bool(kin(term) & x.own) for x in lines) + 0.5))
        for term in terms
    }
    total = sum(weights.values()) or 1.0
    return {term: weight / total for term, weight in weights.items()}


def _match(line: _Line, weights: Mapping[str, float], kin: _Kin) -> float:
    """Return how well a sentence fits weighted terms; 0 where it holds none of them."""
    value = 0.0
    for term, weight in weights.items():
        near = kin(term)
        if term in line.own:
            value += weight
        elif term in line.heading:
            value += weight * IN_HEADING
        elif near & (line.own | line.heading):
            value += weight * RELATED
    if not value:
        return 0.0
    return (value + RANK_SHARE * line.rank) * (ROW_SHARE if line.row else 1.0)


def _choose(lines: Sequence[_Line], limit: int) -> list[_Line]:
    """Return the best sentences that do not say the same."""
    chosen: list[_Line] = []
    for line in sorted(lines, key=lambda line: -line.score):
        if len(chosen) == limit or (chosen and line.score < LEAST_SHARE * chosen[0].score):
            break
        if not any(_alike(line, other) for other in chosen):
            chosen.append(line)
    return chosen


def _alike(one: _Line, other: _Line) -> bool:
    return len(one.own & other.own) >= SAME * len(one.own | other.own)


def _in_order(lines: Sequence[_Line]) -> list[_Line]:
    """Return sentences document by document (the best sentence's first), as they are read there."""
    order = {line.passage.document: place for place, line in reversed(list(enumerate(lines)))}
    return sorted(
        lines, key=lambda x: (order[x.passage.document], x.passage.ordinal, x.position)
    )
