"""Templates in a job file: that they can be read, and that what they name exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.job.rules.reading import expectations, id_of, steps_read, templates, way_back
from runner.job.rules.unfilled import leaves, lookalikes, unfilled
from runner.job.schemas.meant import as_template, quoted
from runner.job.spelling import closest, did_you_mean
from runner.templating import every_fault, is_sole, is_template, names_read, references

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.text.source import Source

ROOTS = ("vars", "item", "steps", "run")
STEP_PARTS = ("output", "results", "urls", "basis")
_KEY_ROOTS = ("vars", "item", "run")
_WHERE_ROOTS = ("vars", "item")
_CHECK_ROOTS = (*ROOTS, "output", "basis")
_RUN_PARTS = ("date",)

MAX_TEMPLATES = 100_000
_SHOWN_COLUMNS = 12
_SOLE = {
    **dict.fromkeys(("where", "expect"), "a text, which always counts as true"),
    **dict.fromkeys(("foreach", "queries", "urls"), "a text, and no list"),
    **dict.fromkeys(("max_results", "max_chars", "match_limit"), "a text, and no number"),
}
"""What must be one template to be of its kind, and what several side by side are."""

_ALSO_CALLED = {
    **dict.fromkeys(("today", "now", "date", "day"), "run.date"),
    **dict.fromkeys(("row", "record", "line", "it", "this", "each", "entry"), "item"),
    **dict.fromkeys(("variables", "params", "inputs"), "vars"),
    **dict.fromkeys(("null", "nil"), "none"),
    **dict.fromkeys(("yes", "on"), "true"),
    **dict.fromkeys(("no", "off"), "false"),
}
_TO_FIELD = 2
_NO_STEP = "a step has an id, and comes before the one that reads it"
_PRINTED = re.compile(r"\{\{[^{}]*\}\}")
_ABSENT = {
    "variables": "declare it in the job: vars: {{{}: ...}}",
    "columns": "there are no columns",
    "fields": "there are no fields",
}


@frozen
class _View:
    """What the templates of one place may read; None means that anything may be there.

    Attributes:
        columns: Names of the row's columns.
        steps: Ids of the steps before, mapped to True; of this one and those after, to False.
        own: The id of the step the template stands in.
        reads: Says for each step's id which steps it reads.
        fields: Names of the answer's fields, for checks; none of a text.
        answers: Likewise for each step's id.
    """

    variables: tuple[str, ...]
    columns: tuple[str, ...] | None
    has_items: bool
    steps: Mapping[str, bool] | None
    own: str | None = None
    reads: Callable[[], Mapping[str, frozenset[str]]] = dict
    fields: tuple[str, ...] | None = None
    answers: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    roots: tuple[str, ...] = ROOTS


class _Earlier(Mapping[str, bool]):
    """For each step's id, whether it stands before a place; made for each of many steps."""

    def __init__(self, places: Mapping[str, int], own: int) -> None:
        self._places, self._own = places, own

    def __getitem__(self, name: str) -> bool:
        return self._places[name] < self._own

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def template_problems(
    draft: Draft, fields: Mapping[Where, tuple[str, ...] | None]
) -> Iterator[Problem]:
    """Yield what is wrong with the templates of a job.

    Args:
        draft: The job.
        fields: For each step's place the names of its answer's fields, where they are known.
    """
    size = 0
    for scope, where, text, view in _viewed(draft, fields):
        size += len(text) if is_template(text) else 0
        if size > MAX_TEMPLATES:
            yield scope.problem(
                scope.value(*where),
                f"the templates of this job have more than {MAX_TEMPLATES:,} characters",
                hint="put what differs from row to row into the data",
            )
            return
        if where[-1] not in _SOLE:
            yield from lookalikes(draft, scope, where, text)
        yield from _checked(scope, where, text, view)
    yield from unfilled(draft)


def _viewed(
    draft: Draft, fields: Mapping[Where, tuple[str, ...] | None]
) -> Iterator[tuple[Scope, Where, str, _View]]:
    """Yield each template with the mapping it stands in, its place, and what it may read."""
    job = draft.job
    has_items = job.data.get("items") is not None
    steps = list(draft.steps())
    places = {id_of(step): at for at, step in enumerate(steps) if step.where and id_of(step)}
    view = _View(variables=draft.variables, columns=draft.columns, has_items=has_items, steps=None)
    if isinstance(job.data.get("key"), str):
        yield job, ("key",), job.data["key"], replace(view, roots=_KEY_ROOTS)
    items = job.data.get("items")
    if isinstance(items, Mapping):
        for where, text in leaves(items.get("findall"), ("items", "findall")):
            yield job, where, text, replace(view, columns=None, has_items=False)
    for key in ("where", "key") if isinstance(items, Mapping) else ():
        if isinstance(items, Mapping) and isinstance(items.get(key), str):
            roots = _WHERE_ROOTS if key == "where" else _KEY_ROOTS
            yield job, ("items", key), items[key], replace(view, roots=roots)
    reads = cache(partial(steps_read, steps))
    answers = {
        id_of(step): fields.get(step.where)
        for step in steps
        if "foreach" not in step.data and ("query" in step.data or "input" in step.data)
    }
    shared = [] if steps and steps[0] is job else [job]
    for index, step in enumerate([*shared, *steps]):
        own = index - len(shared)
        known = _Earlier(places, own)
        loops = "foreach" in step.data
        is_task = "query" in step.data or "input" in step.data
        view = _View(
            variables=draft.variables,
            columns=None if loops else draft.columns,
            has_items=has_items or loops,
            steps=known if step.where else dict.fromkeys(known, True) if known else None,
            own=id_of(step) if step.where else None,
            reads=reads,
            answers=answers,
        )
        for where, text in templates(step):
            # A list is made for a row, before there are entries of it.
            is_list = where == ("foreach",) and bool(step.where)
            around = replace(view, columns=draft.columns, has_items=has_items)
            yield step, where, text, around if is_list else view
        for where, text in expectations(step):
            yield (
                step,
                where,
                text,
                replace(
                    view, fields=fields.get(step.where) if is_task else None, roots=_CHECK_ROOTS
                ),
            )


def template_problem(source: Source, where: Where, error: TemplateError, note: str = "") -> Problem:
    """Return what is wrong with the template at a place in a file; `note` ends the message."""
    position = source.inside(where, error.line, error.column, error.width)
    hint = error.hint and error.hint[:1].lower() + error.hint[1:]
    message = error.message[:1].lower() + error.message[1:] + note
    return source.problem(position, message, hint=hint)


def _checked(scope: Scope, where: Where, text: str, view: _View) -> Iterator[Problem]:
    place = (*scope.where, *where)
    try:
        # Most templates are right: where their names stand is looked for in the others only.
        is_right = all(defined or _fault(path, view) is None for path, defined in names_read(text))
        found = [] if is_right else references(text)
    except TemplateError:
        for error in every_fault(text):
            yield template_problem(scope.source, place, error)
        found = []
        with suppress(TemplateError):
            found = references(text, strict=False)
    if str(where[-1]) in _SOLE and _is_several(text):
        yield scope.problem(
            scope.value(*where),
            f"several templates side by side are {_SOLE[str(where[-1])]}",
            hint=_as_one(text, str(where[-1])),
        )
    for reference in found:
        fault = None if reference.defined else _fault(reference.path, view)
        if fault is not None:
            position = scope.source.inside(place, reference.line, reference.column, reference.width)
            yield scope.problem(position, fault[0], hint=fault[1])


def _is_several(text: str) -> bool:
    """Return whether a text is more than one template, and not less."""
    return text.strip().startswith("{{") and not every_fault(text) and not is_sole(text)


def _as_one(text: str, key: str) -> str:
    """Return a hint that makes one template of several."""
    if key in {"queries", "urls"}:
        return f"write a list: [{', '.join(map(quoted, _PRINTED.findall(text)))}]"
    whole = as_template(text) if key in {"where", "expect"} else None
    if whole is not None:
        return f"write it as one: {whole}"
    return "write a single {{ }} around all of it"


def _fault(path: tuple[str, ...], view: _View) -> tuple[str, str | None] | None:
    """Return message and hint for a name that does not exist, or None."""
    root, *rest = path
    fault: tuple[str, str | None] | None = None
    if root not in view.roots:
        # `item.head-count` reads as a subtraction; its first half is reported.
        names = (*(view.columns or ()), *(view.steps or ()), *view.variables)
        is_half = any(name.endswith(f"-{root}") for name in names)
        fault = None if is_half else _unknown_root(root, view)
    elif root == "item" and not view.has_items:
        fault = "the job has no items, so there is no item", "add items:, or use vars"
    elif root == "steps" and view.steps is None:
        fault = "the job has no steps to read here", "write them below steps:, each with an id"
    elif root == "steps" and rest:
        fault = _step_fault(rest, view)
    elif root == "output" and rest and view.fields is not None:
        fault = _field_fault(rest[0], view.fields, "the output")
    elif rest:
        fault = _missing_part(root, rest[0], view)
    return fault


def _missing_part(root: str, name: str, view: _View) -> tuple[str, str | None] | None:
    known, message, noun = {
        "vars": (view.variables, "the job has no variable", "variables"),
        "item": (view.columns, "the data has no column", "columns"),
        "run": (_RUN_PARTS, "run has no", "it has"),
    }.get(root, (None, "", ""))
    return None if known is None else _missing(name, known, message, noun)


def _unknown_root(root: str, view: _View) -> tuple[str, str | None]:
    if root in ROOTS:
        seen = ", ".join("run.date" if name == "run" else name for name in view.roots)
        return f"{root} cannot be read here", f"here templates see {seen}"
    hint = "templates see vars, item, steps and run.date"
    if root in (view.columns or ()):
        hint = f"did you mean item.{root}?"
    elif root in view.variables:
        hint = f"did you mean vars.{root}?"
    elif root in (view.steps or ()):
        hint = f"did you mean steps.{root}?"
    elif root == "output":
        hint = "output can be read in checks only"
    elif root.lower() in _ALSO_CALLED:
        hint = f"did you mean {_ALSO_CALLED[root.lower()]}?"
    elif (near := closest(root, view.roots)) is not None:
        hint = f"did you mean {near}?"
    elif root.lower() in {"env", "environ", "os", "secrets"}:
        hint = "templates never see the environment; pass a value with --var"
    return f"templates know no '{root}'", hint


def _step_fault(rest: list[str], view: _View) -> tuple[str, str | None] | None:
    name, steps = rest[0], view.steps or {}
    fault: tuple[str, str | None] | None = None
    if name not in steps:
        # `steps.find-it` reads as a subtraction; that such an id is none is told of the id.
        if not any(known.startswith(f"{name}-") for known in steps):
            fault = (
                f"there is no step '{name}'",
                did_you_mean(name, steps, noun="steps") or _NO_STEP,
            )
    elif name == view.own:
        fault = f"step '{name}' reads itself", "a step reads earlier steps only"
    elif not steps[name]:
        fault = _too_late(name, view)
    elif len(rest) > 1 and rest[1] not in STEP_PARTS:
        fault = f"a step has no '{rest[1]}'", did_you_mean(rest[1], STEP_PARTS, noun="it has")
    elif rest[1:2] == ["output"] and len(rest) > _TO_FIELD:
        fields = view.answers.get(name)
        whose = f"the output of step '{name}'"
        fault = None if fields is None else _field_fault(rest[_TO_FIELD], fields, whose)
    return fault


def _field_fault(name: str, fields: tuple[str, ...], whose: str) -> tuple[str, str | None] | None:
    if not fields and hasattr(str, name):
        return None  # such as output.startswith("A")
    if not fields:
        return f"{whose} is a text, which has no '{name}'", "read the text itself, or name fields"
    return _missing(name, fields, f"{whose} has no field", "fields")


def _too_late(name: str, view: _View) -> tuple[str, str]:
    """Return what is wrong with reading a later step: the two may read each other."""
    way = way_back(view.reads(), name, view.own or "")
    if way:
        circle = " → ".join([str(view.own), *way])
        return f"the steps read each other in a circle: {circle}", "let one go without the other"
    return f"step '{name}' does not run before this one", "a step reads earlier steps only"


def _missing(
    name: str, known: Iterable[str], message: str, noun: str
) -> tuple[str, str | None] | None:
    names = list(known)
    if name in names:
        return None
    hint = did_you_mean(name, names, noun=noun)
    dashed = next((known for known in names if known.startswith(f"{name}-")), None)
    if dashed is not None:
        hint = f'a name with a dash is written ["{dashed}"]'
    elif hint is None and names:
        hint = f"{noun}: {', '.join(names[:_SHOWN_COLUMNS])}, …"
    return f"{message} '{name}'", hint or _ABSENT[noun].format(name)
