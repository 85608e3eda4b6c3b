"""A job's templates tried on its first rows: what a run would refuse is told before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.rows.items import Choice, read_selection
from runner.job.rules.misread import list_hint, said_kind
from runner.job.rules.reading import expectations, templates
from runner.job.rules.references import template_problem
from runner.templating import is_plain, names_read, render_value
from runner.templating.shapes import shape_of

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
        if _reads(where, (), missing):
            return
        choice = Choice(where=where, vars=values, source=draft.job.source, items=rows.items)
        try:
            taken = tuple(islice(choice.of(rows.first), selection.limit))
        except JobProblemsError as error:
            yield from error.problems
            return
    most = _FEW if selection.limit is None else min(selection.limit, _FEW)
    tried: Sequence[Row] = taken[:most] if "items" in draft.job.data else [{}]
    for scope in _first_steps(draft):
        yield from _Trial(scope, values, missing, list(templates(scope))).problems(tried)
    yield from _Trial(draft.job, values, missing, list(_keys(draft))).problems(tried)


def _first_steps(draft: Draft) -> Iterator[Scope]:
    """Yield the steps that are asked first, for which everything is filled in before a run."""
    for step in draft.steps():
        texts = [text for _, text in (*templates(step), *expectations(step))]
        if "follows" not in step.data and not any(_reads(text, ("steps",)) for text in texts):
            yield step


def _keys(draft: Draft) -> Iterator[tuple[Where, str]]:
    """Yield the template that says what a row is called."""
    items = draft.job.data.get("items")
    if isinstance(draft.job.data.get("key"), str):
        yield ("key",), draft.job.data["key"]
    elif isinstance(items, Mapping) and isinstance(items.get("key"), str):
        yield ("items", "key"), items["key"]


def _reads(text: str, roots: Sequence[str], missing: Sequence[str] = ()) -> bool:
    """Return whether a template reads one of the roots, or of the variables."""
    return any(
        path[0] in roots or (missing and path[0] == "vars" and set(path[1:2]) <= set(missing))
        for path, _ in names_read(text)
    )


def _is_there(text: str, seen: Mapping[str, JSON]) -> bool:
    """Return whether all names are there that a text reads."""
    for path, _ in names_read(text):
        found: JSON = seen
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                return False
            found = found[name]
    return True


class _Trial:
    """Fills in the templates of one step."""

    def __init__(
        self,
        step: Scope,
        values: Mapping[str, JSON],
        missing: Sequence[str],
        filled: Sequence[tuple[Where, str]],
    ) -> None:
        self._step = step
        self._values = values
        unknown = ("run", "steps")
        self._templates = [
            (where, text)
            for where, text in filled
            if where != ("foreach",) and not _reads(text, unknown, missing)
        ]
        foreach = dict(filled).get(("foreach",))
        is_known = foreach is not None and not _reads(foreach, unknown, missing)
        self._foreach = foreach if is_known else None
        self._is_tried = foreach is None or is_known

    def problems(self, rows: Sequence[Row]) -> Iterator[Problem]:
        """Yield the first fault of each template."""
        told: set[Where] = set()
        for number, row in enumerate(rows if self._is_tried else (), start=1):
            note = f" (row {number})" if row else ""
            for where, text, item in self._filled(row):
                problem = None if where in told else self._fault(where, text, item, note)
                if problem is not None:
                    told.add(where)
                    yield problem

    def _filled(self, row: Row) -> Iterator[tuple[Where, str, Row]]:
        """Yield the templates of a row, each with what it sees as `item`."""
        entries: Sequence[JSON] = [{}]
        if self._foreach is not None:
            yield ("foreach",), self._foreach, row
            try:
                found = render_value(self._foreach, {"vars": self._values, "item": row})
            except TemplateError:
                return
            entries = found[:_FEW] if isinstance(found, list) else ()
        for entry in entries:
            item = {**row, **(entry if isinstance(entry, Mapping) else {"value": entry})}
            for where, text in self._templates:
                yield where, text, item

    def _fault(self, where: Where, text: str, item: Row, note: str) -> Problem | None:
        place = (*self._step.where, *where)
        seen = {"vars": self._values, "item": item}
        if where != ("foreach",) and is_plain(text) and _is_there(text, seen):
            return None  # what needs no template engine cannot fail in another way
        try:
            value = render_value(text, seen)
        except TemplateError as error:
            return template_problem(self._step.source, place, error, note)
        if where != ("foreach",) or isinstance(value, list):
            return None
        message = f"this must be a list, not {said_kind(value)}{note}"
        hint = list_hint(shape_of(value))
        return self._step.problem(self._step.value(*where), message, hint=hint)
