"""Templates in a job file: that they can be read, and that what they name exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.job.spelling import closest, did_you_mean
from runner.templating import Reference, TemplateError, is_template, references

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.jsonvalue import JSON

ROOTS = ("vars", "item", "steps", "run")
STEP_PARTS = ("output", "results", "urls", "basis")
_RUN_PARTS = ("date",)

_TEXTS = ("query", "location", "foreach")
_TREES = ("input", "search", "extract", "findall", "metadata")
_SHOWN_COLUMNS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What the templates of one place may read; None means that anything may be there.

    Attributes:
        columns: Names of the row's columns.
        steps: Ids of the steps before, mapped to True; of this one and those after, to False.
        fields: Names of the answer's fields, for checks; `has_output` says that it is a check.
    """

    variables: tuple[str, ...]
    columns: tuple[str, ...] | None
    has_items: bool
    steps: Mapping[str, bool] | None
    fields: tuple[str, ...] | None = None
    has_output: bool = False
    roots: tuple[str, ...] = field(default=ROOTS)


def template_problems(
    draft: Draft, fields: Mapping[Where, tuple[str, ...] | None]
) -> Iterator[Problem]:
    """Yield what is wrong with the templates of a job.

    Args:
        draft: The job.
        fields: For each step's place the names of its answer's fields, where they are known.
    """
    job = draft.job
    has_items = job.data.get("items") is not None
    steps = list(draft.steps())
    ids = [step.data.get("id") for step in steps if step.where]
    view = _View(variables=draft.variables, columns=draft.columns, has_items=has_items, steps=None)
    if isinstance(job.data.get("key"), str):
        yield from _checked(job, ("key",), job.data["key"], _only(view, ("vars", "item", "run")))
    shared = [] if steps and steps[0] is job else [job]
    for index, step in enumerate([*shared, *steps]):
        own = index - len(shared)
        known = {str(name): 0 <= place < own for place, name in enumerate(ids)}
        loops = "foreach" in step.data
        view = _View(
            variables=draft.variables,
            columns=None if loops else draft.columns,
            has_items=has_items or loops,
            steps=known if step.where else dict.fromkeys(known, True) if known else None,
        )
        for where, text in _templates(step):
            yield from _checked(step, where, text, view)
        for where, text in _expectations(step):
            yield from _checked(step, where, text, _with_output(view, fields.get(step.where)))
    yield from _unfilled(job)


def _only(view: _View, roots: tuple[str, ...]) -> _View:
    return _View(
        variables=view.variables,
        columns=view.columns,
        has_items=view.has_items,
        steps=view.steps,
        roots=roots,
    )


def _with_output(view: _View, fields: tuple[str, ...] | None) -> _View:
    return _View(
        variables=view.variables,
        columns=view.columns,
        has_items=view.has_items,
        steps=view.steps,
        fields=fields,
        has_output=True,
        roots=(*ROOTS, "output", "basis"),
    )


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


def _checked(scope: Scope, where: Where, text: str, view: _View) -> Iterator[Problem]:
    place = (*scope.where, *where)
    try:
        found = references(text)
    except TemplateError as error:
        position = scope.source.inside(place, error.line, error.column)
        message = error.message[:1].lower() + error.message[1:]
        yield scope.problem(position, message, hint=error.hint)
        return
    for reference in found:
        if reference.defined:
            continue
        fault = _fault(reference, view)
        if fault is not None:
            width = len(".".join(reference.path))
            position = scope.source.inside(place, reference.line, reference.column, width)
            yield scope.problem(position, fault[0], hint=fault[1])


def _fault(reference: Reference, view: _View) -> tuple[str, str | None] | None:
    """Return message and hint for a name that does not exist, or None."""
    root, *rest = reference.path
    fault: tuple[str, str | None] | None = None
    if root not in view.roots:
        fault = _unknown_root(root, view)
    elif root == "item" and not view.has_items:
        fault = "the job has no items, so there is no item", "add items:, or use vars"
    elif root == "steps" and view.steps is None:
        fault = "the job has no steps to read here", None
    elif root == "steps" and rest:
        fault = _step_fault(rest, view.steps or {})
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


def _step_fault(rest: list[str], steps: Mapping[str, bool]) -> tuple[str, str | None] | None:
    name = rest[0]
    if name not in steps:
        return f"there is no step '{name}'", did_you_mean(name, steps, noun="steps")
    if not steps[name]:
        return f"step '{name}' does not run before this one", "a step reads earlier steps only"
    if len(rest) > 1 and rest[1] not in STEP_PARTS:
        return f"a step has no '{rest[1]}'", did_you_mean(rest[1], STEP_PARTS, noun="it has")
    return None


def _missing(
    name: str, known: Iterable[str], message: str, noun: str
) -> tuple[str, str | None] | None:
    names = list(known)
    if name in names:
        return None
    hint = did_you_mean(name, names, noun=noun)
    if hint is None and len(names) > _SHOWN_COLUMNS:
        hint = f"{noun}: {', '.join(names[:_SHOWN_COLUMNS])}, …"
    return f"{message} '{name}'", hint or f"there are no {noun}"
