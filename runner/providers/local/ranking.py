"""A question to its terms, and a passage to its score: bm25 first, then a closer look."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from runner.frozen import frozen
from runner.providers.local.corpus import Hit
from runner.providers.local.sentences import sentences
from runner.providers.local.sentences import stem as root
from runner.providers.local.words import STOPWORDS, content_words, stem, words

# Found by trial on 24 articles of SQuAD 1.1 and on the metadata of 29 Python packages.
TITLE_WEIGHT: Final = 2.0
HEADING_WEIGHT: Final = 1.0
BODY_WEIGHT: Final = 1.0
SENTENCE_WEIGHT: Final = 0.7
BIGRAM_WEIGHT: Final = 0.7
PASSAGE_WEIGHT: Final = 0.5
NAME_WEIGHT: Final = 1.0
RERANKED: Final = 30
NAMED: Final = 10
COMMON_SHARE: Final = 0.1
COMMON_FROM: Final = 1000
BEST_WORDING_SHARE: Final = 0.5
NEXT_PASSAGE_SHARES: Final = (0.05, 0.03)
_SEPARATORS = re.compile(r"\s+[·|•–—:-]+\s+")


@frozen
class Question:
    """A search text as the ranking sees it.

    Words are looked up by the stem that SQLite knows, and compared by their root, which joins
    more forms of a word (`won` and `win`).

    Attributes:
        words: The folded words to look up, each once; only the rarer ones where there are many
            passages.
        lookup_total: The idf of all its stems, to bring bm25 to a common scale.
        idf: The weight of each root.
        pairs: Roots that stand next to each other in the question.
    """

    words: tuple[str, ...]
    lookup_total: float
    idf: dict[str, float]
    total: float
    pairs: frozenset[tuple[str, str]]

    @property
    def match(self) -> str:
        """The FTS5 expression: every word quoted, any of them enough."""
        return " OR ".join(f'"{word}"' for word in self.words)

    def coverage(self, roots: AbstractSet[str]) -> float:
        """Return the share (0 to 1) of the question's weight that some roots hold."""
        return sum(self.idf[found] for found in self.idf.keys() & roots) / self.total


def ask(text: str, passages: int, frequency: Callable[[str], int]) -> Question | None:
    """Return the question a text asks, or None where it holds no word at all.

    Args:
        text: What the user wrote.
        passages: How many passages there are.
        frequency: From a stem to the number of passages that hold it.
    """
    sequence = content_words(text)
    if not sequence:
        return None
    counts = {word: frequency(stem(word)) for word in sequence}
    weights = {word: _idf(count, passages) for word, count in counts.items()}
    idf: dict[str, float] = {}
    for word, weight in weights.items():
        idf[root(word)] = max(weight, idf.get(root(word), 0.0))
    rare = [word for word, count in counts.items() if count <= COMMON_SHARE * passages]
    enough = passages >= COMMON_FROM and any(counts[word] for word in rare)
    roots = [root(word) for word in sequence]
    return Question(
        words=tuple(rare if enough else counts),
        lookup_total=sum({stem(word): weight for word, weight in weights.items()}.values()),
        idf=idf,
        total=sum(idf.values()),
        pairs=frozenset(pairwise(roots)),
    )


def _idf(count: int, passages: int) -> float:
    return math.log(1 + (max(passages - count, 0) + 0.5) / (count + 0.5))


@lru_cache(maxsize=4096)
def sentence_roots(text: str) -> tuple[frozenset[str], ...]:
    """Return the roots of each sentence of a text."""
    return tuple(frozenset(map(root, words(sentence.text))) for sentence in sentences(text))


@lru_cache(maxsize=4096)
def root_pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the neighbouring roots of a text, stopwords passed over."""
    return frozenset(pairwise(root(word) for word in words(text) if word not in STOPWORDS))


@lru_cache(maxsize=4096)
def names_of(title: str, path: str) -> tuple[frozenset[str], ...]:
    """Return what a document may be called: its file's name, its title, the title's parts."""
    file = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    found = [file, title, *_SEPARATORS.split(title)]
    return tuple(dict.fromkeys(frozenset(map(root, content_words(name))) for name in found))


def best_sentence(question: Question, text: str) -> tuple[int, float]:
    """Return the place and coverage of the sentence that holds most of the question."""
    found = [question.coverage(roots) for roots in sentence_roots(text)]
    best = max(found, default=0.0)
    return (found.index(best), best) if found else (0, 0.0)


def name_match(question: Question, title: str, path: str) -> float:
    """Return how much (0 to 1) of a name of the document the question spells out.

    The share is squared: a word that the question and a long title happen to share says little.
    """
    asked = question.idf.keys()
    shares = (len(name & asked) / len(name) for name in names_of(title, path) if name)
    return max(shares, default=0.0) ** 2


def score(
    question: Question, *, text: str, heading: str, title: str, path: str, bm25: float
) -> tuple[float, float]:
    """Return a passage's score and its coverage (see `Hit`).

    Args:
        question: What is asked.
        text: The passage.
        heading: The headings above it.
        title: Its document's title.
        path: Its document's path.
        bm25: As SQLite gives it: the more negative, the better.
    """
    found = sentence_roots(text)
    above = frozenset(map(root, words(f"{title} {heading}")))
    sentence = max(map(question.coverage, found), default=0.0)
    held = max((question.coverage(roots | above) for roots in found), default=0.0)
    whole = question.coverage(frozenset().union(*found))
    pairs = len(question.pairs & root_pairs(text)) / max(len(question.pairs), 1)
    value = (
        -bm25 / question.lookup_total
        + SENTENCE_WEIGHT * sentence
        + BIGRAM_WEIGHT * pairs
        + PASSAGE_WEIGHT * whole
        + NAME_WEIGHT * name_match(question, title, path)
    )
    return value, held


def by_rank(hit: Hit) -> tuple[float, str, int]:
    """Return what hits are sorted by: score, then path and place, so that ties never waver."""
    return -hit.score, hit.passage.document, hit.passage.ordinal


def combined(found: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Return the hits of several wordings as one list, best first.

    A passage's score is half its best one and half the mean over all wordings.
    """
    if len(found) == 1:
        return list(found[0])
    sums: dict[int, float] = {}
    best: dict[int, Hit] = {}
    for hits in found:
        for hit in hits:
            id_ = hit.passage.id
            sums[id_] = sums.get(id_, 0.0) + hit.score
            if id_ not in best or hit.score > best[id_].score:
                best[id_] = hit
    mean_share = (1 - BEST_WORDING_SHARE) / max(len(found), 1)
    merged = [
        replace(hit, score=BEST_WORDING_SHARE * hit.score + mean_share * sums[id_])
        for id_, hit in best.items()
    ]
    return sorted(merged, key=by_rank)


def document_score(hits: Sequence[Hit]) -> float:
    """Return a document's score: its best passage's and a small share of the next ones'."""
    shares = (1.0, *NEXT_PASSAGE_SHARES)
    return sum(share * hit.score for share, hit in zip(shares, hits, strict=False))
