"""What a run says to people while it goes, and what it asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from runner.course.budget import refusal
from runner.execute.survey import Survey
from runner.job.model import Job


class Voice:
    """Says nothing, and refuses what would have to be asked: how a run goes where nobody looks."""

    def say(self, line: str) -> None:
        """Say a line."""

    def warn(self, warnings: Sequence[str]) -> None:
        """Say warnings of the provider."""

    def planned(self, job: Job, found: Survey) -> None:
        """Say what is about to be asked."""

    def allow(self, found: Survey, budget: Decimal | None) -> None:
        """Return where only what fits the budget is to be bought.

        Raises:
            BudgetError: nothing is to be bought.
        """
        raise refusal(found, budget)

    @contextmanager
    def progress(self, name: str, total: int) -> Iterator[Callable[[str, int], None]]:
        """Yield what shows a line, and how many of all calls are done."""
        del name, total
        yield lambda _line, _done: None
