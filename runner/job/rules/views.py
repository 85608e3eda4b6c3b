"""What the templates of each place in a job may read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.job.draft import ACTIONS, BUILT_IN
from runner.job.foreseen import Asked, entry_columns, foreseen, shape_of_answer
from runner.job.rules.reading import expectations, id_of, steps_read, templates
from runner.job.rules.unfilled import leaves
from runner.templating import understood
from runner.templating.shapes import ANY, TEXT, Shape, entry_of, record_of

if TYPE_CHECKING:
    from runner.job.draft import Draft, Scope
    from runner.job.model import Kind, Where
    from runner.job.schemas.outputs import ReadOutput
    from runner.jsonvalue import JSON

ROOTS = ("vars", "item", "steps", "run")
_KEY_ROOTS = ("vars", "item", "run")
_WHERE_ROOTS = ("vars", "item")
_CHECK_ROOTS = (*ROOTS, "output", "basis")

_RUN = record_of({"date": replace(TEXT, called="run.date")}, is_open=True)


@frozen
class View:
    """What the templates of one place may read; None means that anything may be there.

    Attributes:
        columns: Names of the row's columns.
        steps: Ids of the steps before, mapped to True; of this one and those after, to False.
        own: The id of the step the template stands in.
        reads: Says for each step's id which steps it reads.
        entry: What each entry of the list is that the step is asked for.
        values: What is known of the values of names.
    """

    variables: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    has_items: bool
    steps: Mapping[str, bool] | None
    own: str | None = None
    reads: Callable[[], Mapping[str, frozenset[str]]] = dict
    entry: Shape | None = None
    values: Mapping[str, Shape] = field(default_factory=dict)
    roots: tuple[str, ...] = ROOTS


class Earlier(Mapping[str, bool]):
    """For each step's id, whether it stands before a place; made for each of many steps."""

    def __init__(self, places: Mapping[str, int], own: int) -> None:
        self._places, self._own = places, own

    def __getitem__(self, name: str) -> bool:
        return self._places[name] < self._own

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def viewed(
    draft: Draft, outputs: Mapping[Where, ReadOutput]
) -> Iterator[tuple[Scope, Where, str, View]]:
    """Yield each template with the mapping it stands in, its place, and what it may read."""
    has_items = draft.job.data.get("items") is not None
    steps = list(draft.steps())
    places = {id_of(step): at for at, step in enumerate(steps) if step.where and id_of(step)}
    yield from _of_rows(draft)
    reads = cache(partial(steps_read, steps))
    left = foreseen(
        (_asked(draft, step, outputs) for step in steps if step.where),
        {"run": _RUN},
        is_known=draft.provider in BUILT_IN,
    )
    shared = [] if steps and steps[0] is draft.job else [draft.job]
    for index, step in enumerate([*shared, *steps]):
        known = Earlier(places, index - len(shared))
        around = View(
            variables=draft.variables,
            columns=draft.columns,
            has_items=has_items,
            steps=known if step.where else dict.fromkeys(known, True) if known else None,
            own=id_of(step) if step.where else None,
            reads=reads,
            values={"run": _RUN, "steps": record_of(left, is_open=True)},
        )
        view = around
        if "foreach" in step.data:
            columns = draft.columns if has_items else ()
            view = _inside(around, step.data["foreach"], columns)
        for where, text in templates(step):
            # A list is made for a row, before there are entries of it.
            is_list = where == ("foreach",) and bool(step.where)
            yield step, where, text, around if is_list else view
        for where, text in expectations(step):
            values = {**view.values, "output": _judged(draft, step, outputs)}
            yield step, where, text, replace(view, values=values, roots=_CHECK_ROOTS)


def _of_rows(draft: Draft) -> Iterator[tuple[Scope, Where, str, View]]:
    """Yield the same of the templates that choose the rows, and say what each is called."""
    job, items = draft.job, draft.job.data.get("items")
    view = View(
        variables=draft.variables, columns=draft.columns, has_items=items is not None, steps=None
    )
    if isinstance(job.data.get("key"), str):
        yield job, ("key",), job.data["key"], replace(view, roots=_KEY_ROOTS)
    if not isinstance(items, Mapping):
        return
    for where, text in leaves(items.get("findall"), ("items", "findall")):
        yield job, where, text, replace(view, columns=None, has_items=False)
    for key, roots in (("where", _WHERE_ROOTS), ("key", _KEY_ROOTS)):
        if isinstance(items.get(key), str):
            yield job, ("items", key), items[key], replace(view, roots=roots)


def _judged(draft: Draft, step: Scope, outputs: Mapping[Where, ReadOutput]) -> Shape:
    """Return what is known of the answer that the checks of a step see."""
    if step.where not in outputs or not any(key in step.data for key in ACTIONS):
        return ANY  # the checks of a job with steps are those of each
    return shape_of_answer(
        _asked(draft, step, outputs), {}, "the output", is_known=draft.provider in BUILT_IN
    )


def _asked(draft: Draft, step: Scope, outputs: Mapping[Where, ReadOutput]) -> Asked:
    """Return what a step asks, as far as its answer depends on it."""
    kinds: tuple[Kind, ...] = ("search", "extract", "findall")
    kind = next((each for each in kinds if each in step.data), None)
    foreach = step.data.get("foreach")
    read = outputs.get(step.where)
    extract = step.data.get("extract")
    is_whole = isinstance(extract, Mapping) and extract.get("full_content")
    return Asked(
        id=id_of(step),
        kind=kind or "task",
        output=read.output if read is not None and kind is None else None,
        foreach=None if "foreach" not in step.data else str(foreach),
        without=("full_content",) if draft.is_local and not is_whole else (),
    )


def _inside(around: View, foreach: JSON, columns: tuple[str, ...] | None) -> View:
    """Return what templates may read in a step that is asked for each entry of a list."""
    entry = ANY
    if isinstance(foreach, str):
        with suppress(TemplateError):
            value = understood(foreach, around.values).value
            entry = entry_of(value) if value.kind == "list" else ANY
    seen = entry_columns(columns, entry)
    fields = entry.fields if entry.kind == "record" else {"value": entry}
    item = record_of({} if seen is None else fields, is_open=True)
    values = {**around.values, "item": item}
    return replace(around, has_items=True, columns=seen, entry=entry, values=values)
