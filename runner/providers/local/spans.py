"""Answers to open questions: the stretch of a sentence that answers best, or none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from runner.frozen import frozen
from runner.providers.local.corpus import Hit, Passage
from runner.providers.local.kinds import STOPWORDS, kinds_of
from runner.providers.local.questions import Question, Wanted, ask
from runner.providers.local.sentences import Token, sentences, tokens
from runner.providers.local.signals import Line, candidates

PASSAGES: Final = 8
"""Passages that are read for an answer, best first."""

SENTENCES: Final = 6
"""Sentences of them that are searched for one, best first."""

# What makes a sentence a good one: the question's words and pairs of words, its passage's score.
COVERAGE_WEIGHT: Final = 6.5
PAIRS_WEIGHT: Final = 3.0
RANK_WEIGHT: Final = 4.0
TITLE_SHARE: Final = 0.8
PASSAGE_SHARE: Final = 0.4

NEARNESS: Final = 0.8
"""What a word of the question is worth one word further away; less across a comma."""

COMMA_NEARNESS: Final = 0.5
ABOUT_REPEATS: Final = 0.3
CLASS_REPEATS: Final = 0.4
"""How far a word of the title, or of the class asked for ("team"), counts as a repetition."""

# How sure: the passage's coverage of the question, the value of the answer's signals, and the names
# and numbers of the question that its passage lacks. At the border about one question in sixteen
# is answered whose topic no document treats.
VALUE_UNIT: Final = 30.0
MISSING_NAMES: Final = 0.33
BORDER: Final = 0.87
STEEPNESS: Final = 0.5
WEAKEST: Final = 0.5

_NOUNS: Final[dict[str, str]] = {
    "person": "name", "organization": "name", "place": "place", "date": "date", "year": "year",
    "number": "number", "money": "amount", "percent": "share", "duration": "duration",
}  # fmt: skip


@frozen
class Span:
    """An answer as a document words it.

    Attributes:
        text: The answer.
        excerpt: The sentence it stands in, verbatim.
        passage: Where that is.
        score: How sure that this answers the question: 0.5 (just enough) to 1.
        coverage: The share (0 to 1) of the question's words, weighted by rarity, that stand in the
            sentence, its document's title or its headings; half for those elsewhere in the passage.
        reasoning: One sentence on why.
    """

    text: str
    excerpt: str
    passage: Passage
    score: float
    coverage: float
    reasoning: str


@frozen
class _Sentence:
    """A sentence of a passage, as a place to look for the answer."""

    text: str
    words: tuple[Token, ...]
    hit: Hit
    about: frozenset[str]
    score: float
    coverage: float


@frozen
class _Rarity:
    """How rare words are among the sentences at hand."""

    counts: Counter[str]
    total: int

    def __call__(self, stem: str) -> float:
        return math.log(1 + (self.total + 1) / (self.counts[stem] + 0.5))


def best_span(question: str, hits: Sequence[Hit], *, wanted: Wanted = "any") -> Span | None:
    """Return the best answer that some passages hold, or None where all are too weak.

    Args:
        question: In words; a list of terms does too.
        hits: What a search for the question found, best first.
        wanted: The kind of answer, where it is known; else the question decides.
    """
    asked = ask(question)
    if wanted != "any":
        asked = replace(asked, wanted=wanted)
    found, rarity = _ranked(asked, hits[:PASSAGES])
    weights = _weights(asked, rarity)
    best: tuple[float, _Sentence, int, int] | None = None
    for sentence in found[:SENTENCES]:
        line = _line(asked, sentence, rarity, weights)
        for value, first, last in candidates(asked, line):
            if best is None or sentence.score + value > best[0]:
                best = sentence.score + value, sentence, first, last
    if best is None:
        return None
    value, sentence, first, last = best
    score = WEAKEST + STEEPNESS * (_certainty(asked, sentence, value) - BORDER)
    if score < WEAKEST:
        return None
    return Span(
        text=sentence.text[sentence.words[first].start : sentence.words[last].end],
        excerpt=sentence.text,
        passage=sentence.hit.passage,
        score=min(1.0, score),
        coverage=sentence.coverage,
        reasoning=_reasoning(asked, sentence),
    )


def _certainty(asked: Question, sentence: _Sentence, value: float) -> float:
    passage = sentence.hit.passage
    words = tokens(f"{passage.title}\n{passage.heading}\n{passage.text}")
    held = {part for word in words for part in word.parts}
    missing = sum(name not in held for name in asked.names) / max(1, len(asked.names))
    return sentence.hit.coverage + value / VALUE_UNIT - MISSING_NAMES * missing


def _reasoning(asked: Question, sentence: _Sentence) -> str:
    share = round(100 * min(1.0, sentence.coverage))
    kind = _NOUNS.get(asked.wanted)
    fitting = f"The {kind} that fits" if kind else "The words that fit"
    return f"{fitting} best in the sentence that holds most of the question ({share} %)."


def _weights(asked: Question, rarity: _Rarity) -> dict[str, float]:
    """Return the share of each of the question's terms, the rarer the larger."""
    weights = {term: weight * rarity(term) for term, weight in asked.terms.items()}
    total = sum(weights.values()) or 1.0
    return {term: weight / total for term, weight in weights.items()}


def _ranked(asked: Question, hits: Sequence[Hit]) -> tuple[list[_Sentence], _Rarity]:
    """Return all sentences, best first."""
    split = [
        (hit, [(sentence.text, tokens(sentence.text)) for sentence in sentences(hit.passage.text)])
        for hit in hits
    ]
    counts: Counter[str] = Counter()
    for _, lines in split:
        for _, words in lines:
            counts.update({part for word in words for part in word.parts})
    rarity = _Rarity(counts=counts, total=sum(len(lines) for _, lines in split))
    weights = _weights(asked, rarity)
    top = max((hit.score for hit in hits), default=0.0)
    found: list[_Sentence] = []
    for hit, lines in split:
        rank = hit.score / top if top > 0 else 1.0
        about = frozenset(w.stem for w in tokens(f"{hit.passage.title} {hit.passage.heading}"))
        everywhere = {part for _, words in lines for word in words for part in word.parts}
        for text, words in lines:
            own = {part for word in words for part in word.parts}
            held = sum(weight for term, weight in weights.items() if term in own)
            above = sum(w for t, w in weights.items() if t in about and t not in own)
            around = sum(
                w for t, w in weights.items() if t in everywhere and t not in own and t not in about
            )
            stems = (word.stem for word in words if not word.mark)
            pairs = len(asked.pairs.intersection(pairwise(stems)))
            score = (
                COVERAGE_WEIGHT * (held + TITLE_SHARE * above + PASSAGE_SHARE * around)
                + PAIRS_WEIGHT * pairs / max(1, len(asked.pairs))
                + RANK_WEIGHT * rank
            )
            found.append(
                _Sentence(
                    text=text,
                    words=words,
                    hit=hit,
                    about=about,
                    score=score,
                    coverage=held + above + around / 2,
                )
            )
    found.sort(key=lambda sentence: -sentence.score)
    return found, rarity


def _line(asked: Question, sentence: _Sentence, rarity: _Rarity, weights: dict[str, float]) -> Line:
    """Work out, word by word, what the question finds in a sentence."""
    words = sentence.words
    shares = [max((weights.get(part, 0.0) for part in word.parts), default=0.0) for word in words]
    fading = [COMMA_NEARNESS if word.text in ",;:()" else NEARNESS for word in words]
    before = [0.0]
    for share, fade in zip(shares, fading, strict=True):
        before.append((before[-1] + share) * fade)
    after = [0.0]
    for share, fade in zip(reversed(shares), reversed(fading), strict=True):
        after.append((after[-1] + share) * fade)
    repeats: list[float] = []
    rarities: list[float] = []
    rarest = rarity("")
    for word in words:
        plain = word.mark or word.lower in STOPWORDS
        rarities.append(0.0 if plain else rarity(word.stem) / rarest)
        if plain:
            repeats.append(0.0)
        elif word.stem in asked.terms:
            repeats.append(CLASS_REPEATS if word.stem in asked.focus else 1.0)
        else:
            repeats.append(ABOUT_REPEATS if word.stem in sentence.about else 0.0)
    return Line(
        words=words,
        kinds=kinds_of(words),
        before=before,
        after=after[::-1],
        repeats=repeats,
        rarities=rarities,
        weights=shares,
        verbs=[at for at, word in enumerate(words) if asked.verb and word.stem == asked.verb],
        heads=[at for at, word in enumerate(words) if asked.head and word.stem == asked.head],
    )
