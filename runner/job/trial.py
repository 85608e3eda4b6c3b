"""A job's templates tried on its first rows: what a run would refuse is told before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.rows.items import Choice, read_selection
from runner.job.rules.reading import templates
from runner.job.rules.references import template_problem
from runner.templating import is_plain, names_read, render_value

if TYPE_CHECKING:
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.rows.items import ReadItems
    from runner.job.rows.rowfaults import Row
    from runner.jsonvalue import JSON

_FEW = 3
"""On so many rows each template is tried."""


def trial_problems(
    draft: Draft, rows: ReadItems, values: Mapping[str, JSON], missing: Sequence[str]
) -> Iterator[Problem]:
    """Yield what fails on the first rows.

    Args:
        draft: The job, without errors.
        rows: The data.
        values: Of the variables.
        missing: Variables without a value: what reads them cannot be tried.
    """
    selection = read_selection(draft.job.data)
    where, taken = selection.where, rows.first
    if where is not None and rows.items is not None:
        if _reads(where, missing):
            return
        choice = Choice(where=where, vars=values, source=draft.job.source, items=rows.items)
        try:
            taken = tuple(islice(choice.of(rows.first), selection.limit))
        except JobProblemsError as error:
            yield from error.problems
            return
    most = _FEW if selection.limit is None else min(selection.limit, _FEW)
    tried: Sequence[Row] = taken[:most] if "items" in draft.job.data else [{}]
    for scope, place, text in _tried(draft):
        if not is_plain(text) and not _reads(text, missing, known=("vars", "item")):
            yield from islice(_failing(scope, place, text, tried, values), 1)


def _tried(draft: Draft) -> Iterator[tuple[Scope, Where, str]]:
    """Yield the templates that are filled in from a row before anything is asked."""
    job = draft.job
    items = job.data.get("items")
    for holder, above in ((job.data, ()), (items, ("items",))):
        if isinstance(holder, Mapping) and isinstance(holder.get("key"), str):
            yield job, (*above, "key"), holder["key"]
    for step in draft.steps():
        found = list(templates(step))
        if "follows" in step.data or any(_reads_steps(text) for _, text in found):
            continue
        for where, text in found:
            if "foreach" not in step.data or where == ("foreach",):
                yield step, where, text


def _reads_steps(text: str) -> bool:
    return any(path[0] == "steps" for path, _ in names_read(text))


def _reads(text: str, missing: Sequence[str], known: Sequence[str] = ()) -> bool:
    """Return whether a template reads one of the variables, or what is not known."""
    for path, _ in names_read(text):
        if known and path[0] not in known:
            return True
        if missing and path[0] == "vars" and (len(path) == 1 or path[1] in missing):
            return True
    return False


def _failing(
    scope: Scope, where: Where, text: str, rows: Sequence[Row], values: Mapping[str, JSON]
) -> Iterator[Problem]:
    for number, row in enumerate(rows, start=1):
        try:
            render_value(text, {"vars": values, "item": row})
        except TemplateError as error:
            note = f" (row {number})" if row else ""
            yield template_problem(scope.source, (*scope.where, *where), error, note)
