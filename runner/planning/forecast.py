"""What steps may cost that read answers which are not there yet: a range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from runner.frozen import frozen
from runner.job.model import Extract, FindAll, FoundItems, Job, Search, Step, Task
from runner.planning.choosing import choose
from runner.planning.prices import SEARCH_RESULTS_INCLUDED, price, prices_of

_LIST = re.compile(
    r"\s*\{\{\s*steps\.(?P<step>\w+)\.(?:results|urls)\s*(?:\[\s*:\s*(?P<most>\d+)\s*\])?\s*\}\}\s*"
)


@frozen
class Forecast:
    """What one row of a step may come to; `most` and `most_usd` are None where nobody can know."""

    least: int
    most: int | None
    least_usd: Decimal
    most_usd: Decimal | None


def forecast(job: Job, step: Step) -> Forecast:
    """Return how many calls a row of a step makes, and what they cost, before it is rendered."""
    steps = {each.id: each for each in job.steps}
    low, high = _price(job, step, steps)
    if step.foreach is None:
        return Forecast(least=1, most=1, least_usd=low, most_usd=high)
    most = _bound(step.foreach, steps)
    return Forecast(
        least=0,
        most=most,
        least_usd=Decimal(0),
        most_usd=None if most is None or high is None else most * high,
    )


def of_found_rows(job: Job, items: FoundItems, step: Step) -> Forecast:
    """Return what all rows of a step may come to that a FindAll run is yet to find."""
    action = items.step.action
    limit = action.match_limit if isinstance(action, FindAll) else None
    rows = _number(limit, _MOST_MATCHES)
    if job.selection.limit is not None:
        rows = min(rows, job.selection.limit)
    each = forecast(job, step)
    return Forecast(
        least=0,
        most=None if each.most is None else rows * each.most,
        least_usd=Decimal(0),
        most_usd=None if each.most_usd is None else rows * each.most_usd,
    )


def _price(job: Job, step: Step, steps: Mapping[str, Step]) -> tuple[Decimal, Decimal | None]:
    """Return the least and the most that one call of a step costs."""
    prices = prices_of(job)
    match step.action:
        case Task() as task:
            return price(job.provider, "task", {"processor": choose(task).processor}, prices)
        case Search() as search:
            settings = {"max_results": _number(search.max_results, SEARCH_RESULTS_INCLUDED)}
            return price(job.provider, "search", {"advanced_settings": settings}, prices)
        case Extract() as extract:
            most = len(extract.urls)
            if isinstance(extract.urls, str):
                bound = _bound(extract.urls, steps)
                one = price(job.provider, "extract", {"urls": [""]}, prices)[1]
                return Decimal(0), None if bound is None else bound * one
            return price(job.provider, "extract", {"urls": [""] * most}, prices)
        case FindAll() as findall:
            body = {
                "generator": findall.generator,
                "match_limit": _number(findall.match_limit, _MOST_MATCHES),
            }
            return price(job.provider, "findall", body, prices)


_MOST_MATCHES = 1_000


def _bound(expression: str, steps: Mapping[str, Step]) -> int | None:
    """Return how long a list of an earlier step's results can be; None where it is not known."""
    found = _LIST.fullmatch(expression)
    step = steps.get(found["step"]) if found else None
    if found is None or step is None:
        return None
    most = _entries(step, steps)
    if step.foreach is not None:
        rounds = _bound(step.foreach, steps)
        most = None if most is None or rounds is None else most * rounds
    cut = found["most"]
    if cut is None:
        return most
    return int(cut) if most is None else min(most, int(cut))


def _entries(step: Step, steps: Mapping[str, Step]) -> int | None:
    """Return how many results one call of a step has at most."""
    match step.action:
        case Search() as search:
            return _number(search.max_results, SEARCH_RESULTS_INCLUDED)
        case Extract(urls=str() as urls):
            return _bound(urls, steps)
        case Extract() as extract:
            return len(extract.urls)
        case FindAll() as findall:
            return _number(findall.match_limit, _MOST_MATCHES)
        case Task():
            return None


def _number(value: int | str | None, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
