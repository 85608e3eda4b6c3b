"""Which pieces of a document to show: whole passages first, then what fits of the next ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runner.frozen import frozen
from runner.providers.local.corpus import Hit
from runner.providers.local.ranking import Question, best_sentence
from runner.providers.local.sentences import sentences

MAX_CHARS_PER_RESULT: Final = 1500
_WORTH_ADDING_CHARS: Final = 120
_WORTH_SHOWING: Final = 0.3


@frozen
class Found:
    """A document that a search found.

    Attributes:
        document: Its path.
        date: `YYYY-MM-DD` that the document states, or None.
        excerpts: Exact pieces of it, in the order they stand there.
        score: Higher is better.
    """

    document: str
    title: str
    date: str | None
    excerpts: tuple[str, ...]
    score: float


def trim(question: Question, text: str, limit: int) -> str:
    """Return at most `limit` characters of a text: whole sentences around its best one."""
    if len(text) <= limit:
        return text
    found = sentences(text)
    if not found or limit <= 0:
        return ""
    best, _ = best_sentence(question, text)
    first = last = best
    start, end = found[best].start, found[best].start + len(found[best].text)
    if end - start > limit:
        return _cut(text[start:end], limit)
    while True:
        after = found[last + 1] if last + 1 < len(found) else None
        before = found[first - 1] if first else None
        if after and after.start + len(after.text) - start <= limit:
            last, end = last + 1, after.start + len(after.text)
        elif before and end - before.start <= limit:
            first, start = first - 1, before.start
        else:
            return text[start:end]


def _cut(text: str, limit: int) -> str:
    """Return the beginning of an endless sentence, cut between words where it can be."""
    space = text.rfind(" ", 0, limit + 1)
    return text[:space] if space > limit // 2 else text[:limit]


def allot(
    question: Question,
    hits: Mapping[str, Sequence[Hit]],
    *,
    per_document: int,
    total: int | None,
) -> dict[str, tuple[str, ...]]:
    """Return the excerpts of each document, in the order they stand there.

    Passages are taken by score over all documents. What is left of a limit is filled with the
    sentences around a passage's best one.

    Args:
        question: What is asked.
        hits: The documents' passages; documents in the order of their rank.
        per_document: Most characters for one document.
        total: Most characters for all; None: no limit.
    """
    left_each = dict.fromkeys(hits, per_document)
    left = total if total is not None else per_document * len(hits)
    taken: dict[str, list[tuple[int, str]]] = {document: [] for document in hits}
    rank = {document: at for at, document in enumerate(hits)}
    firsts = [(document, found[0]) for document, found in hits.items() if found]
    reserve = _reserve(len(firsts), left) if total is not None else 0
    waiting = len(firsts)
    ordered = sorted(
        ((document, hit) for document, found in hits.items() for hit in found),
        key=lambda pair: (-pair[1].score, rank[pair[0]], pair[1].passage.ordinal),
    )
    floor = {document: found[0].score * _WORTH_SHOWING for document, found in hits.items() if found}
    for document, hit in ordered:
        first = not taken[document]
        if not first and hit.score < floor[document]:
            continue
        waiting -= first
        room = min(left_each[document], left - reserve * waiting)
        if room < _WORTH_ADDING_CHARS and not first:
            continue
        piece = trim(question, hit.passage.text, room)
        if not piece or (len(piece) < _WORTH_ADDING_CHARS <= len(hit.passage.text) and not first):
            continue
        taken[document].append((hit.passage.ordinal, piece))
        left_each[document] -= len(piece)
        left -= len(piece)
    return {
        document: tuple(piece for _, piece in sorted(found)) for document, found in taken.items()
    }


def _reserve(documents: int, total: int) -> int:
    """Return how many characters to keep for each document that has none yet."""
    return min(_WORTH_ADDING_CHARS, total // (4 * documents)) if documents else 0
