"""Sentences worth quoting: which documents treat a subject, and what they say on a theme."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from runner.frozen import frozen
from runner.job.model import SourcePolicy
from runner.providers.local.corpus import Passage
from runner.providers.local.index import Index
from runner.providers.local.kinds import STOPWORDS
from runner.providers.local.lexicon import word_set
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
RELATED_HEADING: Final = 0.65
RELATED: Final = 0.5
LEAST_MATCH: Final = 0.27
LEAST_SHARE: Final = 0.5
RANK_SHARE: Final = 0.15
ROW_SHARE: Final = 0.7
SAME: Final = 0.6
_MIN_WORDS = 4
_MAX_CHARS = 600

_ROW = re.compile(r"^(?P<label>[^\W\d_][^:.!?]{0,40}):\s")
_ENDED = re.compile(r"[.!?…。！？][\"'”’)\]]*$")
FILE_LABELS = word_set("""
    title date source author authors url lang language tags keywords topic category updated
    published
    """)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")

_Kin: TypeAlias = Callable[[str], frozenset[str]]
"""From a stem to all that count as it."""


@frozen
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


@frozen
class Theme:
    """A heading of a report and what is quoted below it; nothing where nothing was found."""

    heading: str
    quotes: tuple[Quote, ...]


@frozen
class _Line:
    """A sentence that could be quoted."""

    text: str
    passage: Passage
    position: int
    own: frozenset[str]
    heading: frozenset[str]
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


@frozen
class Ground:
    """The documents that treat a subject, best first, and the weight of each of its stems."""

    subject: str
    documents: tuple[str, ...]
    weights: Mapping[str, float]


def survey(
    subject: str, index: Index, policy: SourcePolicy | None, cited: Sequence[str] = ()
) -> Ground:
    """Return the documents that treat a subject; none where none does.

    Those that an earlier answer cites come first, and need not cover as much.
    """
    hits = index.search_passages(subject, limit=2 * _POOL, policy=policy)
    best: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for hit in hits:
        passage = hit.passage
        best[passage.document] = max(best.get(passage.document, 0.0), hit.coverage)
        counts.update(_content(f"{passage.title}\n{passage.heading}\n{passage.text}"))
    least = max(DOCUMENT_COVERAGE, DOCUMENT_SHARE * max(best.values(), default=0.0))
    treating = [path for path, coverage in best.items() if coverage >= least]
    documents = list(dict.fromkeys([*(path for path in cited if path in best), *treating]))
    return Ground(
        subject=subject,
        documents=tuple(documents[:MAX_DOCUMENTS]),
        weights=_shares({term: _idf(counts[term], len(hits)) for term in _content(subject)}),
    )


def _idf(count: int, total: int) -> float:
    return math.log(1 + (total + 1) / (count + 0.5))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values()) or 1.0
    return {term: weight / total for term, weight in weights.items()}


def quotes_for(theme: str, ground: Ground, index: Index, used: set[str]) -> tuple[Quote, ...]:
    """Return what the documents say on a theme, in reading order; `used` grows by it."""
    terms = theme_terms(theme, ground.subject)
    lines = _lines(f"{theme} {ground.subject}", ground, ground.documents, index)
    weights = _weights(terms, lines, related)
    scored = [replace(line, score=_match(line, weights, related)) for line in lines]
    found = [line for line in scored if line.score >= LEAST_MATCH and line.text not in used]
    chosen = _choose(found, MAX_QUOTES)
    used.update(line.text for line in chosen)
    return tuple(line.quote for line in _in_order(chosen))


def quotes_by_place(ground: Ground, index: Index) -> tuple[Theme, ...]:
    """Return what the documents say on a subject that has no themes.

    The headings are the documents' titles, or one document's own headings.
    """
    lines = _lines(ground.subject, ground, ground.documents, index)
    scored = [replace(line, score=_match(line, ground.weights, _itself)) for line in lines]
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


def opening_quotes(ground: Ground, index: Index, limit: int) -> tuple[Quote, ...]:
    """Return the first sentences of the best document on a subject."""
    lines = _lines(ground.subject, ground, ground.documents[:1], index)
    said = sorted(
        (line for line in lines if not line.row),
        key=lambda line: (line.passage.ordinal, line.position),
    )
    first = [line for line in said if line.passage.ordinal == said[0].passage.ordinal]
    return tuple(line.quote for line in first[:limit])


def _lines(query: str, ground: Ground, documents: Sequence[str], index: Index) -> list[_Line]:
    """Return the sentences on a subject in the passages that a query finds in some documents."""
    hits = index.search_passages(query, limit=_POOL, documents=documents)
    top = max((hit.score for hit in hits), default=0.0)
    lines: list[_Line] = []
    for hit in hits:
        above = frozenset(_content(f"{hit.passage.title}\n{hit.passage.heading}"))
        about = _share(ground.weights, above) >= ABOUT_SHARE
        rank = hit.score / top if top > 0 else 1.0
        lines.extend(
            line
            for line in _of_passage(hit.passage, rank)
            if about or _share(ground.weights, line.own) >= ABOUT_SHARE
        )
    return lines


def _share(weights: Mapping[str, float], held: frozenset[str]) -> float:
    return sum(weight for term, weight in weights.items() if term in held)


def _of_passage(passage: Passage, rank: float) -> Iterator[_Line]:
    """Yield the sentences of a passage that can stand alone."""
    heading = frozenset(_content(passage.heading))
    for position, sentence in enumerate(sentences(passage.text)):
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
            passage=passage,
            position=position,
            own=own,
            heading=heading,
            rank=rank,
            row=bool(row) and not ended,
        )


def _content(text: str) -> tuple[str, ...]:
    """Return the stems of the words with meaning, each once."""
    found = (w.stem for w in tokens(text) if not w.mark and w.lower not in STOPWORDS)
    return tuple(dict.fromkeys(found))


def _itself(term: str) -> frozenset[str]:
    return frozenset([term])


def _weights(terms: Iterable[str], lines: Sequence[_Line], kin: _Kin) -> Mapping[str, float]:
    """Return the share of each term, the rarer among the sentences the larger."""
    held = {term: sum(bool(kin(term) & line.own) for line in lines) for term in terms}
    return _shares({term: _idf(count, len(lines)) for term, count in held.items()})


def _match(line: _Line, weights: Mapping[str, float], kin: _Kin) -> float:
    """Return how well a sentence fits weighted terms; 0 where it holds none of them."""
    value = 0.0
    for term, weight in weights.items():
        near = kin(term)
        if term in line.own:
            value += weight
        elif term in line.heading:
            value += weight * IN_HEADING
        elif near & line.heading:
            value += weight * RELATED_HEADING
        elif near & line.own:
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
    return sorted(lines, key=lambda x: (order[x.passage.document], x.passage.ordinal, x.position))
