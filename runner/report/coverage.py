"""How much of what was asked is there, and how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.evidence.basis import (
    LEVELS,
    basis_of,
    citations_of,
    is_empty,
    results_of,
    support_of,
    values_of,
)
from runner.evidence.text import plural
from runner.execute.outcomes import Outcome, Status
from runner.report.rows import STATUS_WORDS


@dataclass(slots=True, kw_only=True)
class Coverage:
    """How much of what was asked is there, and how sure it is; counts one outcome after another.

    Attributes:
        names: The fields that are asked for. A row without an answer has them all empty.
        without: Answered rows in which nothing was found; `statuses` counts them as `ok`.
        filled: Fields of rows with a value; `cited` and `levels` count among them.
        found: What searches found; `urls` are the sources that texts cite.
    """

    names: Sequence[str] = ()
    rows: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    without: int = 0
    filled: int = 0
    cited: int = 0
    levels: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*LEVELS, ""), 0))
    found: int = 0
    urls: set[str] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.rows += 1
        self.statuses[outcome.status] += 1
        basis, values = basis_of(outcome), values_of(outcome)
        if not self.names:
            self.urls.update(c["url"] for entry in basis.values() for c in citations_of(entry))
            self.found += len(results_of(outcome.output))
        filled, cited, levels = 0, 0, self.levels
        for name in self.names:
            if is_empty(values.get(name)):
                continue
            filled += 1
            if (support := support_of(basis, name)) is not None:
                level, is_cited = support
                levels[level] += 1
                cited += is_cited
        self.filled += filled
        self.cited += cited
        if not filled and outcome.status == "ok" and all(map(is_empty, values.values())):
            self.without += 1

    @property
    def fields(self) -> int:
        """Fields times rows."""
        return self.rows * len(self.names)

    @property
    def sources(self) -> int:
        """What searches found, or else the sources that texts cite."""
        return self.found or len(self.urls)

    def __str__(self) -> str:
        parts = [self._rows()]
        if self.fields:
            parts.append(f"{self.filled:,} of {self.fields:,} fields filled, {self.cited:,} cited")
            counts = [(self.levels[level], level) for level in LEVELS]
            sure = ", ".join(f"{count:,} {level}" for count, level in counts if count)
            if sure:
                parts.append(f"confidence {sure}")
        if self.sources or not self.fields:
            parts.append(plural(self.sources, "source"))
        return "; ".join(parts)

    def _rows(self) -> str:
        answered = self.statuses["ok"] - self.without
        if self.rows == answered == 1:
            return "1 answer"
        states = {STATUS_WORDS["ok"]: answered, "with nothing found": self.without}
        states |= {
            words: self.statuses[status] for status, words in STATUS_WORDS.items() if status != "ok"
        }
        said = [f"{count:,} {words}" for words, count in states.items() if count]
        return f"{plural(self.rows, 'row')}: {', '.join(said) or 'nothing asked'}"
