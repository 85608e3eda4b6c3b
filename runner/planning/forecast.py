"""What steps may cost that read answers which are not there yet: a range."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from runner.frozen import frozen
from runner.job.draft import BUILT_IN
from runner.job.foreseen import MOST_MATCHES, Asked, foreseen, most_entries
from runner.job.model import Extract, FindAll, FoundItems, Job, Output, Search, Step, Task
from runner.planning.choosing import choose
from runner.planning.prices import SEARCH_RESULTS_INCLUDED, price, prices_of
from runner.templating import understood
from runner.templating.shapes import Shape, record_of, shape_of


@frozen
class Forecast:
    """What one row of a step may come to; `most` and `most_usd` are None where nobody can know."""

    least: int
    most: int | None
    least_usd: Decimal
    most_usd: Decimal | None


def forecast(job: Job, step: Step) -> Forecast:
    """Return how many calls a row of a step makes, and what they cost, before it is rendered."""
    seen = _seen(job)
    low, high = _price(job, step, seen)
    if step.foreach is None:
        return Forecast(least=1, most=1, least_usd=low, most_usd=high)
    most = understood(step.foreach, seen).value.most
    dear = Decimal(0) if most == 0 else None
    return Forecast(
        least=0,
        most=most,
        least_usd=Decimal(0),
        most_usd=dear if most is None or high is None else most * high,
    )


def most_found(job: Job, items: FoundItems) -> int:
    """Return how many rows a FindAll run finds for a job at most."""
    most = _entries(items.step, _seen(job))
    known = [each for each in (most, job.selection.limit) if each is not None]
    return min(known, default=MOST_MATCHES)


def of_found_rows(job: Job, rows: int, step: Step) -> Forecast:
    """Return what all rows of a step may come to; of `rows`, the most, none may be found."""
    each = forecast(job, step)
    return Forecast(
        least=0,
        most=None if each.most is None else rows * each.most,
        least_usd=Decimal(0),
        most_usd=None if each.most_usd is None else rows * each.most_usd,
    )


def _price(job: Job, step: Step, seen: Mapping[str, Shape]) -> tuple[Decimal, Decimal | None]:
    """Return the least and the most that one call of a step costs."""
    prices = prices_of(job)
    match step.action:
        case Task() as task:
            return price(job.provider, "task", {"processor": choose(task).processor}, prices)
        case Search():
            most = _entries(step, seen)
            settings = {"max_results": most or SEARCH_RESULTS_INCLUDED}
            least, dear = price(job.provider, "search", {"advanced_settings": settings}, prices)
            return least, dear if most is not None or not dear else None
        case Extract(urls=urls):
            most = _entries(step, seen)
            one = price(job.provider, "extract", {"urls": [""]}, prices)[1]
            least = Decimal(0) if isinstance(urls, str) else len(urls) * one
            return least, None if most is None else most * one
        case FindAll() as findall:
            body = {"generator": findall.generator, "match_limit": _entries(step, seen)}
            return price(job.provider, "findall", body, prices)


def _entries(step: Step, seen: Mapping[str, Shape]) -> int | None:
    """Return how many results one call of a step has at most; None where nobody can know."""
    return most_entries(_asked(step), seen)


def _seen(job: Job) -> Mapping[str, Shape]:
    """Return what is known of what templates see before a run."""
    names = {"vars": shape_of(dict(job.vars))}
    is_known = job.provider in BUILT_IN
    steps = foreseen(map(_asked, job.steps), names, is_known=is_known)
    return {**names, "steps": record_of(steps, is_open=True)}


def _asked(step: Step) -> Asked:
    output: Output | None = None
    entries: int | str | None = None
    match step.action:
        case Task() as task:
            output = task.output
        case Search() as search:
            entries = SEARCH_RESULTS_INCLUDED if search.max_results is None else search.max_results
        case Extract(urls=urls):
            entries = urls if isinstance(urls, str) else len(urls)
        case FindAll() as findall:
            entries = findall.match_limit
    return Asked(id=step.id, kind=step.kind, output=output, entries=entries, foreach=step.foreach)
