"""Answers to open questions: the stretch of a sentence that answers best, or none.

Candidates are all short stretches of the best sentences whose borders could be those of a phrase.
They are ranked by signals that a reader can check: how much of the question its sentence repeats,
how near the question's words stand, whether the stretch has the shape the question wants, how it
is bordered. The weights below were set by hand, one at a time, and measured on half of the articles
of a set of reading questions (SQuAD).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from runner.providers.local.corpus import Hit, Passage
from runner.providers.local.questions import (
    AUXILIARIES,
    COPULAS,
    STOPWORDS,
    Question,
    Wanted,
    ask,
    is_year,
    kinds_of,
    MONTHS,
)
from runner.providers.local.sentences import Token, sentences, stem, tokens

PASSAGES = 8
SENTENCES = 6
LONGEST = 10
DECAY = 0.8
COMMA_DECAY = 0.6
ABOUT_SHARE = 0.3
FOCUS_SHARE = 0.4
TITLE_SHARE = 0.6
PASSAGE_SHARE = 0.5

WEIGHTS = {
    "coverage": 6.5, "pairs": 3.5, "rank": 4.0,
    "near": 5.5, "adjacent": 0.3, "repeat": -2.5, "rarity": 0.4,
    "length": -0.12, "single": -0.5, "participle": -2.0, "caps": 0.8, "quoted": 1.3,
    "in:P": -1.0, "in:of": 0.0, "in:C": -0.7, "in:,": -0.9, "in:V": -1.0, "in:R": -0.8,
    "list": 1.0,
    "class before": 0.3, "class before name": 2.0, "class earlier": 0.6,
    "class after": 1.0, "class inside": 1.7, "class start": 0.0,
    "copula": 0.6, "side": 0.3, "hinge": 1.8, "naming": 1.7, "lead": 1.2, "agent": 1.5, "object": 0.5,
    "unit after": 2.2, "unit inside": 0.0,
}  # fmt: skip
START = {
    "A": 0.7, "P": 0.8, "V": 0.2, ".": 0.4, "^": 0.6, "C": 0.4, "E": 0.4, "N": 0.1, "'": 0.1,
    "R": 0.0, "G": 0.2, "L": -0.3, "U": -1.3, "D": -0.9, "class": 0.8,
}  # fmt: skip
END = {
    ".": 1.0, "$": 0.8, "P": 0.3, "V": 0.7, "C": 0.4, "E": 0.6, "N": -1.0, "R": 0.2, "A": -0.8,
    "'": 0.0, "G": 0.1, "L": -0.7, "U": -1.8, "D": -1.2, "class": 0.5,
}  # fmt: skip
_NAME = {"name": 2.8, "mixed": 0.3, "number": -2, "year": -2, "date": -2, "money": -2, "percent": -2}
_COUNT = {"number": 2.8, "money": 2.8, "percent": 2.8, "year": -1.5, "date": -1.5, "measure": 0.5, "duration": 0.5,
          "name": -2, "mixed": -2, "lower": -2}
FIT: dict[str, dict[str, float]] = {
    "person": _NAME, "organization": _NAME, "place": _NAME,
    "date": {"date": 3.0, "year": 3.0, "number": 0.5, "measure": 0, "duration": 0, "name": -2, "mixed": -2, "lower": -2},
    "year": {"year": 3.0, "date": 0, "name": -2, "mixed": -2, "lower": -2, "number": -2},
    "number": _COUNT,
    "money": _COUNT | {"money": 4.0},
    "percent": _COUNT | {"percent": 4.0},
    "duration": _COUNT | {"duration": 2.3, "number": 1.0},
    "reason": {}, "manner": {},
    "any": {"year": -0.3},
}  # fmt: skip
LEADS: dict[str, frozenset[str]] = {
    "place": frozenset(["in", "at", "near", "from", "to", "on"]),
    "date": frozenset(["in", "on", "since", "from", "by", "until", "during"]),
    "year": frozenset(["in", "since", "from"]),
    "person": frozenset(["by"]),
    "organization": frozenset(["by"]),
    "reason": frozenset(["because", "to", "for"]),
    "manner": frozenset(["by", "through", "with", "using", "via"]),
}
NAMERS = frozenset("called named known termed titled entitled dubbed nicknamed labeled as".split())
NAME_STEMS = frozenset(stem(x) for x in "call name know term title nickname refer label".split())
DURATIONS = frozenset("second minute hour day week month year decade century centuries".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An answer as a document words it.

    Attributes:
        excerpt: The sentence it stands in, verbatim.
        score: How sure, 0 to 1.
        coverage: The share of the question's terms, weighted by rarity, that the sentence holds, with
            its document's title and heading, and half of what only its passage holds.
        reasoning: One sentence on why.
    """

    text: str
    excerpt: str
    passage: Passage
    score: float
    coverage: float
    reasoning: str


@dataclass(slots=True)
class Line:
    """A sentence with what the question finds in it."""

    text: str
    words: tuple[Token, ...]
    passage: Passage
    weight: list[float]
    about: frozenset[str]
    counts: Counter[str]
    total: int
    signals: dict[str, float]
    coverage: float = 0.0
    score: float = 0.0


def best_span(question: str, hits: Sequence[Hit], *, wanted: Wanted = "any") -> Span | None:
    asked = ask(question)
    if wanted != "any":
        asked = replace(asked, wanted=wanted)
    lines = rank_lines(asked, hits)
    best = None
    for line in lines[:SENTENCES]:
        for signals, first, last in candidates(asked, line):
            value = line.score + sum(WEIGHTS[k] * v for k, v in signals.items())
            if best is None or value > best[0]:
                best = (value, first, last, line)
    if best is None:
        return None
    value, first, last, line = best
    text = line.text[line.words[first].start : line.words[last].end]
    return Span(
        text=text,
        excerpt=line.text,
        passage=line.passage,
        score=value,
        coverage=line.coverage,
        reasoning="",
    )


def rank_lines(asked: Question, hits: Sequence[Hit]) -> list[Line]:
    found: list[Line] = []
    counts: Counter[str] = Counter()
    total = 0
    raw = []
    for hit in hits[:PASSAGES]:
        about = frozenset(t.stem for t in tokens(hit.passage.title)) | frozenset(
            t.stem for t in tokens(hit.passage.heading)
        )
        whole = set()
        mine = []
        for sentence in sentences(hit.passage.text):
            words = tokens(sentence.text)
            here = frozenset(part for w in words for part in w.parts)
            counts.update(here)
            total += 1
            whole |= here
            mine.append((sentence, words, here))
        for m in mine:
            raw.append((hit, about, whole, *m))
    idf = {
        term: weight * math.log(1 + (total + 1) / (counts[term] + 0.5))
        for term, weight in asked.terms.items()
    }
    everything = sum(idf.values()) or 1.0
    top = max((hit.score for hit in hits), default=1.0) or 1.0
    for hit, about, whole, sentence, words, here in raw:
        held = sum(v for t, v in idf.items() if t in here)
        near = sum(v for t, v in idf.items() if t not in here and (t in about))
        near2 = sum(v for t, v in idf.items() if t not in here and t not in about and t in whole)
        coverage = (held + TITLE_SHARE * near + PASSAGE_SHARE * near2) / everything
        stems = [w.stem for w in words if not w.mark]
        pairs = len(asked.pairs.intersection(zip(stems, stems[1:]))) / max(1, len(asked.pairs))
        signals = {"coverage": coverage, "pairs": pairs, "rank": hit.score / top}
        line = Line(
            text=sentence.text,
            words=words,
            passage=hit.passage,
            about=about,
            counts=counts,
            total=total,
            weight=[max((idf.get(p, 0.0) for p in w.parts), default=0.0) / everything for w in words],
            coverage=(held + near + 0.5 * near2) / everything,
            signals=signals,
            score=sum(WEIGHTS[k] * v for k, v in signals.items()),
        )
        found.append(line)
    found.sort(key=lambda line: -line.score)
    return found


def candidates(asked: Question, line: Line) -> Iterator[tuple[dict[str, float], int, int]]:
    words = line.words
    n = len(words)
    kinds = kinds_of(words)
    weight = line.weight
    left = [0.0] * (n + 1)
    for i in range(n):
        drop = DECAY * (COMMA_DECAY if kinds[i] == "." and words[i].text in ",;:()" else 1)
        left[i + 1] = (left[i] + weight[i]) * drop
    right = [0.0] * (n + 1)
    for i in range(n - 1, -1, -1):
        drop = DECAY * (COMMA_DECAY if kinds[i] == "." and words[i].text in ",;:()" else 1)
        right[i] = (right[i + 1] + weight[i]) * drop
    focus_set = set(asked.focus)
    head = asked.focus[-1] if asked.focus else ""
    plural = bool(head) and asked.plural
    rep = []
    rare = []
    log_total = math.log(1 + (line.total + 1) / 0.5)
    for w in words:
        if w.mark or w.lower in STOPWORDS:
            rep.append(0.0)
            rare.append(0.0)
            continue
        r = 0.0
        if w.stem in asked.terms:
            r = FOCUS_SHARE if w.stem in focus_set else 1.0
        elif w.stem in line.about:
            r = ABOUT_SHARE
        rep.append(r)
        rare.append(math.log(1 + (line.total + 1) / (line.counts[w.stem] + 0.5)) / log_total)
    verb_at = [i for i, w in enumerate(words) if asked.verb and w.stem == asked.verb]
    naming = bool(NAME_STEMS.intersection(asked.terms))
    head_at = [i for i, w in enumerate(words) if head and w.stem == head]
    fit = FIT[asked.wanted]
    leads = LEADS.get(asked.wanted, frozenset())
    for i in range(n):
        k = kinds[i]
        if k in "AVCN'.P" or (k == "R" and words[i].lower not in ("about", "over")):
            continue
        before = "^" if i == 0 else kinds[i - 1]
        b = i - 1
        while b >= 0 and (kinds[b] in "A" or words[b].text in '"“'):
            b -= 1
        lead = words[b].lower if b >= 0 else ""
        quoted = i > 0 and words[i - 1].text in '"“'
        name_like = k in "UD" or quoted
        base: dict[str, float] = {}
        if before in "LU" and words[i - 1].stem == head:
            before = "class"
        base["start:" + before] = 1.0
        if asked.hinge and lead == asked.hinge:
            base["hinge"] = 1.0
        if lead in leads:
            base["lead"] = 1.0
        if naming and lead in NAMERS:
            base["naming"] = 1.0
        if b >= 0 and words[b].stem == head:
            base["class before name" if name_like else "class before"] = 1.0
        elif head_at and any(0 < i - h <= 4 for h in head_at):
            base["class earlier"] = 1.0
        if verb_at:
            if asked.side == "after" and b in verb_at:
                base["object"] = 1.0
            if asked.side == "before" and lead == "by" and b - 1 in verb_at:
                base["agent"] = 1.0
        counts = dict.fromkeys("UDLEGRAVCNP.'", 0)
        commas = ofs = 0
        repeat = 0.0
        rarity = 0.0
        content = 0
        for j in range(i, min(n, i + LONGEST)):
            kj = kinds[j]
            word = words[j]
            if kj == "." and word.text in ";:!?()":
                break
            counts[kj] += 1
            commas += word.text == ","
            ofs += word.lower == "of"
            repeat += rep[j]
            rarity += rare[j]
            content += kj in "UDLEG"
            if kj in "AVCNP.'R":
                continue
            share = repeat / max(1, content)
            if share >= 1:
                continue
            behind = "$" if j + 1 == n else kinds[j + 1]
            follower = words[j + 1].stem if j + 1 < n else ""
            after_head = follower == head != ""
            signals = dict(base)
            if after_head or (follower and follower in asked.unit):
                behind = "class"
            signals["end:" + behind] = 1.0
            signals["near"] = left[i] + right[j + 1]
            signals["repeat"] = share
            signals["rarity"] = rarity / max(1, content)
            signals["length"] = j - i
            if counts["P"] > ofs:
                signals["in:P"] = counts["P"] - ofs
            if ofs:
                signals["in:of"] = ofs
            if counts["C"]:
                signals["in:C"] = counts["C"]
                if plural:
                    signals["list"] = 1.0
            if commas:
                signals["in:,"] = commas
            if counts["V"] + counts["N"]:
                signals["in:V"] = counts["V"] + counts["N"]
            if counts["R"]:
                signals["in:R"] = counts["R"]
            if after_head:
                signals["class after"] = 1.0
            if word.stem == head and j > i:
                signals["class inside"] = 1.0
            elif words[i].stem == head and j > i:
                signals["class start"] = 1.0
            if quoted and j + 1 < n and words[j + 1].text in '"”':
                signals["quoted"] = 1.0
            if counts["E"] + counts["G"] == content:
                signals["participle"] = 1.0
            elif content == 1 and k == "L":
                signals["single"] = 1.0
            if counts["U"] and not counts["L"]:
                signals["caps"] = 1.0
            s = shape(words, kinds, i, j, counts)
            if s in fit:
                signals[f"fit:{asked.wanted}:{s}"] = 1.0
            if asked.unit:
                after = [w.stem for w in words[j + 1 : j + 4]]
                if s in ("number", "year", "money", "percent") and asked.unit[-1] in after:
                    signals["unit after"] = 1.0
                elif counts["D"] and asked.unit[-1] == word.stem:
                    signals["unit inside"] = 1.0
            if head_at and (
                (behind == "V" and words[j + 1].lower in COPULAS and head_at[-1] > j)
                or (b >= 0 and kinds[b] == "V" and words[b].lower in COPULAS and head_at[0] < b)
            ):
                signals["copula"] = 1.0
            if verb_at:
                if asked.side == "before" and j + 1 in verb_at:
                    signals["agent"] = 1.0
                ok = any((j < v) if asked.side == "before" else (i > v) for v in verb_at)
                signals["side"] = 1.0 if ok else -1.0
            if (i and weight[i - 1] > 0) or (j + 1 < n and weight[j + 1] > 0):
                signals["adjacent"] = 1.0
            yield signals, i, j


def shape(words: Sequence[Token], kinds: Sequence[str], i: int, j: int, counts) -> str:
    """Name the shape of a stretch."""
    caps = counts["U"]
    lows = counts["L"] + counts["E"] + counts["G"]
    digits = counts["D"]
    if digits:
        first = words[i]
        if is_year(first) and i == j:
            return "year"
        inner = words[i : j + 1]
        months = any(w.lower in MONTHS for w in inner)
        years = any(is_year(w) for w in inner)
        last = words[j].lower
        if (months or (years and not lows)) and caps <= 1:
            return "date"
        if last in ("century", "centuries") or (first.text[-1] == "s" and first.text[0] in "12" and i == j):
            return "date"
        if first.text[0] in "$€£¥" and not caps and lows == 0:
            return "money"
        if words[j].text[-1] == "%" or last == "percent":
            return "percent"
        if not caps and not lows and not counts["C"] and not counts["P"]:
            return "number"
        if kinds[i] == "D" and last.rstrip("s") in DURATIONS and lows == 1:
            return "duration"
        if not caps and kinds[i] == "D":
            return "measure"
    if caps and not lows:
        return "name"
    return "mixed" if caps else "lower"


WEIGHTS |= {f"start:{k}": v for k, v in START.items()}
WEIGHTS |= {f"end:{k}": v for k, v in END.items()}
WEIGHTS |= {f"fit:{w}:{s}": v for w, table in FIT.items() for s, v in table.items()}
