"""Whether a run that the budget has no room for may buy what fits."""

from __future__ import annotations

import sys
from decimal import Decimal

import click

from runner.cli.messages import dollars, plural
from runner.errors import BudgetError
from runner.execute.survey import Survey


def confirm_partly(found: Survey, budget: Decimal | None) -> None:
    """Ask on a terminal whether to buy the part that fits; refuse elsewhere.

    Raises:
        BudgetError: nothing is to be bought; the hint says what would fit.
    """
    price, fits = found.total.cost_usd_max, found.fits or 0
    said = f"This run costs {dollars(price)}, and the budget is {dollars(budget or Decimal(0))}"
    if not fits:
        raise BudgetError(
            f"{said}; it has no room for the first row",
            hint="Raise `budget` in the job, or --max-cost; nothing was bought",
        )
    part = f"the first {plural(fits, 'row')}"
    if sys.stdin.isatty() and sys.stderr.isatty():
        if click.confirm(f"{said}. Buy what fits, {part}?", err=True):
            return
        raise BudgetError(f"{said}; nothing was bought", hint=f"{_capital(part)}: --limit {fits}")
    raise BudgetError(
        f"{said}; nothing was bought", hint=f"{_capital(part)} would fit: --limit {fits}"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
