"""Templates in a job file: that they can be read, and that what they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.job.rules.misread import (
    KINDS,
    addresses_fault,
    list_fault,
    misread_fault,
    missing_hint,
)
from runner.job.rules.reading import way_back
from runner.job.rules.unfilled import lookalikes, unfilled
from runner.job.rules.views import ROOTS, View, viewed
from runner.job.schemas.meant import as_template, quoted
from runner.job.spelling import closest, did_you_mean
from runner.templating import (
    every_fault,
    is_sole,
    is_template,
    names_read,
    references,
    understood,
)
from runner.templating.shapes import Shape

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem, Severity
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.schemas.outputs import ReadOutput
    from runner.job.text.source import Source

STEP_PARTS = ("output", "results", "urls", "basis")
_RUN_PARTS = ("date",)

MAX_TEMPLATES = 100_000
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
_NO_STEP = "a step has an id, and comes before the one that reads it"
_PRINTED = re.compile(r"\{\{[^{}]*\}\}")
_ABSENT = {
    "variables": "declare it in the job: vars: {{{}: ...}}",
    "columns": "there are no columns",
}


def template_problems(draft: Draft, outputs: Mapping[Where, ReadOutput]) -> Iterator[Problem]:
    """Yield what is wrong with the templates of a job.

    Args:
        draft: The job.
        outputs: For each step's place the output that it asks for.
    """
    size = 0
    for scope, where, text, view in viewed(draft, outputs):
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


def template_problem(source: Source, where: Where, error: TemplateError, note: str = "") -> Problem:
    """Return what is wrong with the template at a place in a file; `note` ends the message."""
    position = source.inside(where, error.line, error.column, error.width)
    hint = error.hint and error.hint[:1].lower() + error.hint[1:]
    message = error.message[:1].lower() + error.message[1:] + note
    return source.problem(position, message, hint=hint)


def _checked(scope: Scope, where: Where, text: str, view: View) -> Iterator[Problem]:
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
    yield from _misread(scope, where, text, view)


def _misread(scope: Scope, where: Where, text: str, view: View) -> Iterator[Problem]:
    """Yield what a template reads of values that do not have it, and a list that is none."""
    try:
        found = understood(text, view.values)
    except TemplateError:
        return
    for misread in found.misreads:
        place = (*scope.where, *where)
        position = scope.source.inside(place, misread.line, misread.column, misread.width)
        message, hint = misread_fault(misread)
        yield scope.problem(position, message, hint=hint)
    fault: tuple[str, str | None] | None = None
    severity: Severity = "error"
    if where == ("foreach",) and scope.where:
        fault = list_fault(found.value, text)
    elif where == ("extract", "urls") and is_template(text):
        # It is asked all the same, for what is no address.
        fault, severity = addresses_fault(found.value, text), "warning"
    if fault is not None and not found.misreads:
        yield scope.problem(scope.value(*where), fault[0], hint=fault[1], severity=severity)


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


def _fault(path: tuple[str, ...], view: View) -> tuple[str, str | None] | None:
    """Return message and hint for a name that does not exist, or None."""
    root, *rest = path
    fault: tuple[str, str | None] | None = None
    if root not in view.roots:
        # `item.head-count` reads as a subtraction; its first half is reported.
        names = (*(view.columns or ()), *(view.steps or ()), *(view.variables or ()))
        is_half = any(name.endswith(f"-{root}") for name in names)
        fault = None if is_half else _unknown_root(root, view)
    elif root == "item" and not view.has_items:
        fault = "the job has no items, so there is no item", "add items:, or use vars"
    elif root == "steps" and view.steps is None:
        fault = "the job has no steps to read here", "write them below steps:, each with an id"
    elif root == "steps" and rest:
        fault = _step_fault(rest, view)
    elif root == "item" and rest and view.entry is not None and view.columns is not None:
        fault = _entry_fault(rest[0], view.columns, view.entry)
    elif rest:
        fault = _missing_part(root, rest[0], view)
    return fault


def _missing_part(root: str, name: str, view: View) -> tuple[str, str | None] | None:
    if root != "run" and hasattr(dict, name):
        return None  # such as item.items()
    known, message, noun = {
        "vars": (view.variables, "the job has no variable", "variables"),
        "item": (view.columns, "the data has no column", "columns"),
        "run": (_RUN_PARTS, "run has no", "it has"),
    }.get(root, (None, "", ""))
    return None if known is None else _missing(name, known, message, noun)


def _unknown_root(root: str, view: View) -> tuple[str, str | None]:
    if root in ROOTS:
        seen = ", ".join("run.date" if name == "run" else name for name in view.roots)
        return f"{root} cannot be read here", f"here templates see {seen}"
    hint = "templates see vars, item, steps and run.date"
    if root in (view.columns or ()):
        hint = f"did you mean item.{root}?"
    elif root in (view.variables or ()):
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


def _step_fault(rest: list[str], view: View) -> tuple[str, str | None] | None:
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
    return fault


def _entry_fault(name: str, known: tuple[str, ...], entry: Shape) -> tuple[str, str | None] | None:
    """Return what is wrong with reading a name of an entry, or of the row it belongs to."""
    if name in known or hasattr(dict, name):
        return None
    called = entry.called or "an entry of the list"
    if entry.kind == "record":
        return f"{called} has no field '{name}'", missing_hint(name, known, "fields")
    near = closest(name, known)
    hint = "read item.value" if near is None else f"did you mean {near}?"
    return f"{called} is {KINDS[entry.kind]}, which has no '{name}'", hint


def _too_late(name: str, view: View) -> tuple[str, str]:
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
    hint = missing_hint(name, names, noun)
    return f"{message} '{name}'", hint or _ABSENT[noun].format(name)
