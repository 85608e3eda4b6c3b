"""What a run says on the command line, and what it asks there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import click

from runner.cli.messages import show_warnings
from runner.cli.watching import shown
from runner.course.budget import fitting, refusal, shortage
from runner.course.summary import plan_line
from runner.course.voice import Voice
from runner.errors import BudgetError
from runner.execute.survey import Survey
from runner.frozen import frozen
from runner.job.model import Job


@frozen
class Terminal(Voice):
    """Speaks on stderr, unless it is to be quiet, and asks where somebody sits at a terminal."""

    quiet: bool

    def say(self, line: str) -> None:
        """Print a line."""
        if not self.quiet:
            click.echo(line, err=True)

    def warn(self, warnings: Sequence[str]) -> None:
        """Print warnings."""
        show_warnings(warnings, quiet=self.quiet)

    def planned(self, job: Job, found: Survey) -> None:
        """Print what is about to be asked."""
        self.say(plan_line(job, found))

    def allow(self, found: Survey, budget: Decimal | None) -> None:
        """Ask on a terminal whether to buy the part that fits; refuse elsewhere.

        Raises:
            BudgetError: nothing is to be bought.
        """
        if not found.fits or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise refusal(found, budget)
        said, part = shortage(found, budget), fitting(found)
        if not click.confirm(f"{said}. Buy what fits, {part}?", err=True):
            hint = f"{part[:1].upper()}{part[1:]}: --limit {found.fits}"
            raise BudgetError(f"{said}; nothing was bought", hint=hint)

    @contextmanager
    def progress(self, name: str, total: int) -> Iterator[Callable[[str, int], None]]:
        """Yield what shows a line and how many calls are done."""
        with shown(name, total, quiet=self.quiet) as show:
            yield show
