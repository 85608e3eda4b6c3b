"""What is said of a run that the budget has no room for."""

from __future__ import annotations

from decimal import Decimal

from runner.course.words import dollars, plural
from runner.errors import BudgetError
from runner.execute.survey import Survey


def shortage(found: Survey, budget: Decimal | None) -> str:
    """Return what the run costs, and what it may cost."""
    price = dollars(found.total.cost_usd_max)
    return f"This run costs {price}, and the budget is {dollars(budget or Decimal(0))}"


def fitting(found: Survey) -> str:
    """Return which rows the budget has room for."""
    return f"the first {plural(found.fits or 0, 'row')}"


def refusal(found: Survey, budget: Decimal | None) -> BudgetError:
    """Return the error of a run that buys nothing; its hint says what would fit."""
    said = shortage(found, budget)
    if not found.fits:
        return BudgetError(
            f"{said}; it has no room for the first row",
            hint="Raise `budget` in the job, or --max-cost; nothing was bought",
        )
    part = fitting(found)
    return BudgetError(
        f"{said}; nothing was bought",
        hint=f"{part[:1].upper()}{part[1:]} would fit: --limit {found.fits}",
    )
