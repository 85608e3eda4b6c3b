"""Calls and outcomes counted as they pass: for a run's summary, its history and its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from runner.errors import ExitCode
from runner.execute.fates import Fate, Source
from runner.execute.outcomes import Outcome, Status


@dataclass(slots=True)
class Tally:
    """How many distinct calls came from where, and how many rows have each status.

    A row of a job of several steps counts once for each. `unaffordable` are rows that the budget,
    the credit or `--offline` left out.
    """

    sources: Counter[Source] = field(default_factory=Counter)
    rows: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    cost_usd: Decimal = field(default_factory=Decimal)
    unaffordable: int = 0
    _open: bytearray = field(default_factory=bytearray)

    def settle(self, fates: Iterable[Fate]) -> None:
        """Count distinct calls that were answered, or failed."""
        self.sources.update(fate.source for fate in fates if fate.status in ("ok", "failed"))

    def add(self, outcome: Outcome) -> None:
        """Count one row's outcome."""
        self.rows += 1
        self.statuses[outcome.status] += 1
        if (beyond := outcome.row + 1 - len(self._open)) > 0:
            self._open.extend(bytes(beyond))
        if outcome.status in ("pending", "skipped"):
            self._open[outcome.row] = 1
        self.unaffordable += outcome.status == "skipped" and not outcome.withheld
        if outcome.cost_usd:
            self.cost_usd += outcome.cost_usd

    @property
    def settled(self) -> int:
        """Distinct calls that were answered, or failed."""
        return self.sources.total()

    @property
    def done(self) -> int:
        """Rows of the data, each once, that wait for nothing and were not left out."""
        return len(self._open) - self._open.count(1)

    @property
    def failed(self) -> int:
        """Rows without a good answer."""
        return self.statuses["failed"] + self.statuses["invalid"]

    @property
    def has_answers(self) -> bool:
        """Whether any row has an answer to show."""
        return bool(self.statuses["ok"] + self.statuses["invalid"])

    def counts(self) -> dict[str, int]:
        """Return what the ledger keeps of a run."""
        return {
            "rows": self.rows,
            "done": self.done,
            "new": self.sources["new"],
            "cached": self.sources["cached"],
            "attached": self.sources["attached"],
            "failed": self.failed,
            "pending": self.statuses["pending"],
        }

    def exit_code(self, *, stopped_by_budget: bool) -> ExitCode:
        """Return what the outcomes mean for the command's exit code."""
        if stopped_by_budget:
            return ExitCode.BUDGET
        if self.statuses["pending"]:
            return ExitCode.STILL_RUNNING
        return ExitCode.FAILED_ROWS if self.failed else ExitCode.DONE
