"""Templates in a job file: that they can be read, and that what they name exists."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.job.spelling import closest, did_you_mean
from runner.templating import is_template, names_read, references

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.source import Source
    from runner.jsonvalue import JSON

ROOTS = ("vars", "item", "steps", "run")
STEP_PARTS = ("output", "results", "urls", "basis")
_KEY_ROOTS = ("vars", "item", "run")
_WHERE_ROOTS = ("vars", "item")
_CHECK_ROOTS = (*ROOTS, "output", "basis")
_RUN_PARTS = ("date",)

_TEXTS = ("query", "location", "foreach")
_TREES = ("input", "search", "extract", "findall", "metadata")
MAX_TEMPLATES = 200_000
_SHOWN_COLUMNS = 12
# Other languages' templates: {item.company}, ${vars.year}.
_SINGLE_BRACES = re.compile(r"(?<!\{)\{ *((?:item|vars|steps|run)\.\w+(?:\.\w+)*) *\}(?!\})")
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
        fields: Names of the answer's fields, for checks.
    """

    variables: tuple[str, ...]
    columns: tuple[str, ...] | None
    has_items: bool
    steps: Mapping[str, bool] | None
    own: str | None = None
    reads: Callable[[], Mapping[str, frozenset[str]]] = dict
    fields: tuple[str, ...] | None = None
    roots: tuple[str, ...] = ROOTS


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
        yield from _checked(scope, where, text, view)
    yield from _unfilled(draft.job)


def _viewed(
    draft: Draft, fields: Mapping[Where, tuple[str, ...] | None]
) -> Iterator[tuple[Scope, Where, str, _View]]:
    """Yield each template with the mapping it stands in, its place, and what it may read."""
    job = draft.job
    has_items = job.data.get("items") is not None
    steps = list(draft.steps())
    places = {_id(step): place for place, step in enumerate(steps) if step.where}
    view = _View(variables=draft.variables, columns=draft.columns, has_items=has_items, steps=None)
    if isinstance(job.data.get("key"), str):
        yield job, ("key",), job.data["key"], replace(view, roots=_KEY_ROOTS)
    items = job.data.get("items")
    if isinstance(items, Mapping):
        for where, text in _leaves(items.get("findall"), ("items", "findall")):
            yield job, where, text, replace(view, columns=None, has_items=False)
    for key in ("where", "key") if isinstance(items, Mapping) else ():
        if isinstance(items, Mapping) and isinstance(items.get(key), str):
            roots = _WHERE_ROOTS if key == "where" else _KEY_ROOTS
            yield job, ("items", key), items[key], replace(view, roots=roots)
    reads = cache(partial(_reads, steps))
    shared = [] if steps and steps[0] is job else [job]
    for index, step in enumerate([*shared, *steps]):
        own = index - len(shared)
        known = {name: place < own for name, place in places.items() if name}
        loops = "foreach" in step.data
        view = _View(
            variables=draft.variables,
            columns=None if loops else draft.columns,
            has_items=has_items or loops,
            steps=known if step.where else dict.fromkeys(known, True) if known else None,
            own=_id(step) if step.where else None,
            reads=reads,
        )
        for where, text in _templates(step):
            yield step, where, text, view
        for where, text in _expectations(step):
            yield (
                step,
                where,
                text,
                replace(view, fields=fields.get(step.where), roots=_CHECK_ROOTS),
            )


def _id(step: Scope) -> str:
    """Return the id of a step, "" for one that has none."""
    name = step.data.get("id")
    return name if isinstance(name, str) else ""


def _templates(step: Scope) -> Iterator[tuple[Where, str]]:
    for key in _TEXTS:
        if isinstance(step.data.get(key), str):
            yield (key,), step.data[key]
    for key in _TREES:
        yield from _leaves(step.data.get(key), (key,))


def _expectations(step: Scope) -> Iterator[tuple[Where, str]]:
    checks = step.data.get("checks")
    for index, check in enumerate(checks if isinstance(checks, list) else ()):
        if isinstance(check, Mapping) and isinstance(check.get("expect"), str):
            yield ("checks", index, "expect"), check["expect"]


def _unfilled(job: Scope) -> Iterator[Problem]:
    """Warn of templates where a value is taken as it is written."""
    for where, text in _leaves(job.data.get("vars"), ("vars",)):
        if is_template(text):
            yield job.problem(
                job.value(*where),
                "templates are not filled in here: this text stays as it is",
                hint="write the template where the variable is used",
                severity="warning",
            )


def _leaves(value: JSON, where: Where) -> Iterator[tuple[Where, str]]:
    """Yield every text in a tree of values, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _leaves(entry, (*where, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, (*where, index))


def template_problem(source: Source, where: Where, error: TemplateError, note: str = "") -> Problem:
    """Return what is wrong with the template at a place in a file; `note` ends the message."""
    position = source.inside(where, error.line, error.column, error.width)
    hint = error.hint and error.hint[:1].lower() + error.hint[1:]
    message = error.message[:1].lower() + error.message[1:] + note
    return source.problem(position, message, hint=hint)


def _checked(scope: Scope, where: Where, text: str, view: _View) -> Iterator[Problem]:
    place = (*scope.where, *where)
    for match in _SINGLE_BRACES.finditer(text):
        line, column = text.count("\n", 0, match.start()) + 1, match.start()
        position = scope.source.inside(
            place, line, column - text.rfind("\n", 0, column), len(match[0])
        )
        yield scope.problem(
            position,
            "this is no template: it stays as it is written",
            hint=f"write {{{{ {match[1]} }}}} with two braces",
            severity="warning",
        )
    try:
        # Most templates are right: where their names stand is looked for in the others only.
        is_right = all(defined or _fault(path, view) is None for path, defined in names_read(text))
        found = [] if is_right else references(text)
    except TemplateError as error:
        yield template_problem(scope.source, place, error)
        return
    for reference in found:
        fault = None if reference.defined else _fault(reference.path, view)
        if fault is not None:
            position = scope.source.inside(place, reference.line, reference.column, reference.width)
            yield scope.problem(position, fault[0], hint=fault[1])


def _fault(path: tuple[str, ...], view: _View) -> tuple[str, str | None] | None:
    """Return message and hint for a name that does not exist, or None."""
    root, *rest = path
    fault: tuple[str, str | None] | None = None
    if root not in view.roots:
        # `item.head-count` reads as a subtraction; its first half is reported.
        is_half = any(column.endswith(f"-{root}") for column in view.columns or ())
        fault = None if is_half else _unknown_root(root, view)
    elif root == "item" and not view.has_items:
        fault = "the job has no items, so there is no item", "add items:, or use vars"
    elif root == "steps" and view.steps is None:
        fault = "the job has no steps to read here", None
    elif root == "steps" and rest:
        fault = _step_fault(rest, view)
    elif rest:
        fault = _missing_part(root, rest[0], view)
    return fault


def _missing_part(root: str, name: str, view: _View) -> tuple[str, str | None] | None:
    known, message, noun = {
        "vars": (view.variables, "the job has no variable", "variables"),
        "item": (view.columns, "the data has no column", "columns"),
        "run": (_RUN_PARTS, "run has no", "it has"),
        "output": (view.fields, "the output has no field", "fields"),
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
    elif root == "output":
        hint = "output can be read in checks only"
    elif (near := closest(root, view.roots)) is not None:
        hint = f"did you mean {near}?"
    elif root in ("env", "environ"):
        hint = "templates never see the environment; pass a value with --var"
    return f"templates know no '{root}'", hint


def _step_fault(rest: list[str], view: _View) -> tuple[str, str | None] | None:
    name, steps = rest[0], view.steps or {}
    if name not in steps:
        return f"there is no step '{name}'", did_you_mean(name, steps, noun="steps")
    if name == view.own:
        return f"step '{name}' reads itself", "a step reads earlier steps only"
    if not steps[name]:
        return _too_late(name, view)
    if len(rest) > 1 and rest[1] not in STEP_PARTS:
        return f"a step has no '{rest[1]}'", did_you_mean(rest[1], STEP_PARTS, noun="it has")
    return None


def _too_late(name: str, view: _View) -> tuple[str, str]:
    """Return what is wrong with reading a later step: the two may read each other."""
    way = _way(view.reads(), name, view.own or "")
    if way:
        circle = " → ".join([str(view.own), *way])
        return f"the steps read each other in a circle: {circle}", "let one go without the other"
    return f"step '{name}' does not run before this one", "a step reads earlier steps only"


def _way(reads: Mapping[str, frozenset[str]], start: str, end: str) -> list[str]:
    """Return the shortest way along what steps read, from a step to another; [] for none."""
    before: dict[str, str] = {start: ""}
    waiting = deque([start])
    while waiting and end not in before:
        step = waiting.popleft()
        for read in sorted(reads.get(step, ())):
            if read not in before:
                before[read] = step
                waiting.append(read)
    way: list[str] = []
    step = end if end in before else ""
    while step:
        way.append(step)
        step = before[step]
    return way[::-1]


def _reads(steps: Iterable[Scope]) -> dict[str, frozenset[str]]:
    """Return which steps each step's templates read, by their ids."""
    found: dict[str, frozenset[str]] = {}
    for step in steps:
        names: set[str] = set()
        for _, text in (*_templates(step), *_expectations(step)):
            with suppress(TemplateError):
                paths = (path for path, _ in names_read(text))
                names.update(path[1] for path in paths if path[0] == "steps" and len(path) > 1)
        found[_id(step)] = frozenset(names)
    return found


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
