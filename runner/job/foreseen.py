"""What steps will leave for those that read them, as far as it is known before they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.job.model import AutoOutput, JsonOutput, Kind, Output, TextOutput
from runner.job.schemas.shapes import shape_of_schema
from runner.templating import understood
from runner.templating.shapes import ANY, TEXT, Shape, list_of, record_of

_RESULT = {"url": TEXT, "title": TEXT, "publish_date": TEXT, "excerpts": list_of(TEXT)}
_ERROR = dict.fromkeys(("url", "error_type", "http_status_code", "content"), ANY)
_MATCH = {
    **dict.fromkeys(("candidate_id", "name", "url", "title", "description"), TEXT),
    "output": ANY,
    "excerpts": list_of(TEXT),
}
_CITATION = {"title": TEXT, "url": TEXT, "excerpts": list_of(TEXT)}
_ENTRIES: Mapping[Kind, tuple[str, Mapping[str, Shape]]] = {
    "search": ("result", _RESULT),
    "extract": ("page", {**_RESULT, "full_content": TEXT}),
    "findall": ("match", _MATCH),
}
"""What each entry of the results is called, and what fields the API gives it."""


MOST_MATCHES = 1_000
"""No FindAll run finds more."""


@frozen
class Asked:
    """What is asked in one step, as far as its answer depends on it.

    Attributes:
        id: The step's.
        kind: What is asked of the provider.
        output: What a task is to answer.
        entries: How many results an answer has at most: a number, or a template of the number;
            of an extract, the template of its addresses.
        foreach: The list that it is asked for each entry of.
        without: Fields that its results surely do not have.
    """

    id: str
    kind: Kind
    output: Output | None = None
    entries: int | str | None = None
    foreach: str | None = None
    without: tuple[str, ...] = ()


def foreseen(
    asked: Iterable[Asked], names: Mapping[str, Shape], *, is_known: bool
) -> dict[str, Shape]:
    """Return what templates will see of each step, by its id.

    Args:
        asked: The steps in their order.
        names: What is known of what templates see beside steps.
        is_known: The provider answers in the form of the API; a plugin may not.
    """
    found: dict[str, Shape] = {}
    for step in asked:
        seen = {**names, "steps": record_of(found, is_open=True)}
        if not step.id:
            continue
        if step.foreach is None:
            found[step.id] = _left(step, seen, is_known=is_known)
        else:
            one = _left(step, {**seen, "item": ANY}, is_known=is_known)
            found[step.id] = _together(one, _value(step.foreach, seen).most)
    return found


def entry_columns(columns: tuple[str, ...] | None, entry: Shape) -> tuple[str, ...] | None:
    """Return what an item has in a step that is asked for each entry of a list.

    Args:
        columns: The row's own, where they are known.
        entry: What is known of an entry; one that is no mapping stands in `value`.
    """
    if columns is None or entry.kind == "any" or entry.is_open:
        return None
    own = entry.fields if entry.kind == "record" else ("value",)
    return tuple(dict.fromkeys([*own, *columns]))


def shape_of_answer(
    step: Asked, seen: Mapping[str, Shape], called: str, *, is_known: bool
) -> Shape:
    """Return what is known of one answer, which is called so in messages."""
    if step.kind == "task":
        return _of_task(step.output, called)
    name, fields = _ENTRIES[step.kind]
    fields = {each: fields[each] for each in fields if each not in step.without}
    entry = record_of(fields, called=f"a {name} in {called}", is_open=not is_known)
    most = most_entries(step, seen) if is_known else None
    held = {"results": list_of(entry, called=f"results in {called}", most=most)}
    if step.kind == "extract":
        held["errors"] = list_of(record_of(_ERROR, called=f"an error in {called}"))
    return record_of(held, called=called, is_open=not is_known)


def _of_task(output: Output | None, called: str) -> Shape:
    match output:
        case TextOutput():
            return replace(TEXT, called=called)
        case JsonOutput(schema=schema):
            return shape_of_schema(schema, called)
        case AutoOutput() | None:
            return ANY


def _left(step: Asked, seen: Mapping[str, Shape], *, is_known: bool) -> Shape:
    """Return what templates see of one answer."""
    output = shape_of_answer(step, seen, f"the output of step '{step.id}'", is_known=is_known)
    results = _results_of(step, output)
    address = replace(TEXT, called=f"an address of step '{step.id}'")
    parts = {
        "output": output,
        "results": results,
        "urls": list_of(
            address,
            called=f"steps.{step.id}.urls",
            most=None if step.kind == "task" else results.most,
        ),
        "basis": list_of(_basis(step.id) if is_known else ANY, called=f"steps.{step.id}.basis"),
    }
    return record_of(parts, called=f"step '{step.id}'", is_open=True)


def _basis(step: str) -> Shape:
    """Return what is known of an entry of a basis."""
    citation = record_of(_CITATION, called=f"a citation of step '{step}'")
    fields = {
        **dict.fromkeys(("field", "reasoning", "confidence"), TEXT),
        "citations": list_of(citation),
    }
    return record_of(fields, called=f"an entry of steps.{step}.basis")


def _results_of(step: Asked, output: Shape) -> Shape:
    """Return what stands as results of a step: the mappings in the field of this name."""
    called = f"steps.{step.id}.results"
    listed = output.fields.get("results", ANY)
    is_there = output.kind == "any" or output.is_open or "results" in output.fields
    if not is_there or (output.kind == "record" and listed.kind not in {"any", "list"}):
        return list_of(ANY, called=called, most=0)
    entry = listed.entry or ANY
    if entry.kind != "record":
        return list_of(ANY, called=called, most=listed.most)
    if step.kind != "task":
        entry = replace(entry, called=f"a {_ENTRIES[step.kind][0]} of step '{step.id}'")
    return list_of(entry, called=called, most=listed.most)


def _together(one: Shape, rounds: int | None) -> Shape:
    """Return what templates see of a step that is asked for each entry of a list."""
    parts = one.fields
    called = f"the output of {one.called} (one for each entry)"
    output = list_of(parts["output"], called=called, most=rounds)
    results, urls = (replace(parts[name], most=_times(parts[name].most, rounds)) for name in _LISTS)
    return replace(one, fields={**parts, "output": output, "results": results, "urls": urls})


_LISTS = ("results", "urls")


def _times(each: int | None, rounds: int | None) -> int | None:
    if 0 in {each, rounds}:
        return 0
    return None if each is None or rounds is None else each * rounds


def most_entries(step: Asked, seen: Mapping[str, Shape]) -> int | None:
    """Return how many results one answer has at most; None where nobody can know."""
    if not isinstance(step.entries, str):
        return step.entries
    value = _value(step.entries, seen)
    if step.kind == "findall":
        return MOST_MATCHES if value.number is None else value.number
    if step.kind == "search":
        return value.number
    # What is no list is the address itself.
    if value.kind == "list":
        return value.most
    return 1 if value.kind != "any" else None if value.most is None else max(1, value.most)


def _value(template: str, seen: Mapping[str, Shape]) -> Shape:
    with suppress(TemplateError):
        return understood(template, seen).value
    return ANY
