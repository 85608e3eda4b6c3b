"""How much of what was asked is there, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.execute.outcomes import Status
from runner.report.citations import citations_of
from runner.report.fields import Field
from runner.report.rows import LEVELS, STATUS_WORDS, Row, confidence_of
from runner.report.values import is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what was asked is there, and how sure it is.

    Attributes:
        without: Answered rows in which nothing was found; `statuses` counts them as `ok`.
        fields: Fields times rows; `filled`, `cited`, `high`, `medium` and `low` count among them.
        sources: What searches found, or the sources that texts cite.
    """

    rows: int
    statuses: Mapping[Status, int] = field(default_factory=dict)
    without: int = 0
    fields: int = 0
    filled: int = 0
    cited: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    sources: int = 0

    def __str__(self) -> str:
        parts = [self._rows()]
        if self.fields:
            parts.append(f"{self.filled:,} of {self.fields:,} fields filled, {self.cited:,} cited")
            levels = [(self.high, "high"), (self.medium, "medium"), (self.low, "low")]
            sure = ", ".join(f"{count:,} {name}" for count, name in levels if count)
            if sure:
                parts.append(f"confidence {sure}")
        if self.sources or not self.fields:
            parts.append(counted(self.sources, "source"))
        return "; ".join(parts)

    def _rows(self) -> str:
        answered = self.statuses.get("ok", 0) - self.without
        if self.rows == answered == 1:
            return "1 answer"
        states = {STATUS_WORDS["ok"]: answered, "with nothing found": self.without}
        states |= {
            STATUS_WORDS[status]: count for status, count in self.statuses.items() if status != "ok"
        }
        said = [f"{count:,} {words}" for words, count in states.items() if count]
        return f"{counted(self.rows, 'row')}: {', '.join(said) or 'nothing asked'}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `2 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def coverage_of(rows: Sequence[Row], fields: Sequence[Field]) -> Coverage:
    """Count what rows hold. A row without an answer counts as one with all its fields empty."""
    statuses: dict[Status, int] = dict.fromkeys(STATUS_WORDS, 0)
    levels = dict.fromkeys((*LEVELS, ""), 0)
    filled = cited = without = 0
    sources: set[str] = set()
    found = 0
    names = [each.name for each in fields]
    for row in rows:
        statuses[row.status] += 1
        if not fields:
            sources.update(c["url"] for e in row.basis.values() for c in citations_of(e))
            found += len(row.results)
        before = filled
        for name in names:
            if is_empty(row.values.get(name)):
                continue
            filled += 1
            entry = row.basis.get(name)
            if entry is None:
                continue
            levels[confidence_of(entry)] += 1
            if entry.get("citations"):
                cited += 1
        if row.status == "ok" and filled == before and not row.found:
            without += 1
    return Coverage(
        rows=len(rows),
        statuses=statuses,
        without=without,
        fields=len(rows) * len(fields),
        filled=filled,
        cited=cited,
        high=levels["high"],
        medium=levels["medium"],
        low=levels["low"],
        sources=found or len(sources),
    )
