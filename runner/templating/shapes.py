"""What is known of a value before it is there: its kind, its fields, and how long it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, Literal

from runner.frozen import frozen

if TYPE_CHECKING:
    from runner.jsonvalue import JSON


@frozen
class Shape:
    """What a value is, as far as it is known; it may always be empty (null) instead.

    Attributes:
        kind: "any" where it is not known.
        called: What it is called in a message: "the output of step 'find'".
        entry: What each entry of a list is; None where it is not known.
        fields: What the fields of a record are.
        is_open: The record may have other fields, too.
        most: It has no more entries or characters, if it has any; None: of any length.
        number: The whole number that it is.
    """

    kind: Literal["any", "text", "number", "flag", "list", "record"] = "any"
    called: str = ""
    entry: Shape | None = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    is_open: bool = False
    most: int | None = None
    number: int | None = None


ANY: Final = Shape()
TEXT: Final = Shape(kind="text")
NUMBER: Final = Shape(kind="number")
FLAG: Final = Shape(kind="flag")

_METHODS: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset(dir(str)),
    "list": frozenset({"copy", "count", "index"}),
    "record": frozenset({"copy", "fromkeys", "get", "items", "keys", "values"}),
}
"""What may be called of a value; templates change none."""


@frozen
class Misread:
    """A place where a template reads of a value what it surely does not have, or misuses it.

    Attributes:
        owner: The value.
        name: What is read of it; "" where it is misused.
        misused: How it is misused, as the end of a sentence: "which takes no ()".
        path: The value as it is written, as far as names and dots go: `steps.find.results`.
        line: Where it stands in the template's text, from 1.
        column: Likewise, from 1.
        width: How many characters it takes.
    """

    owner: Shape
    name: str = ""
    misused: str = ""
    path: str
    line: int
    column: int
    width: int


@frozen
class Understood:
    """What a template's value will be, and what it misreads."""

    value: Shape
    misreads: tuple[Misread, ...] = ()


def list_of(entry: Shape, *, called: str = "", most: int | None = None) -> Shape:
    """Return what a list is whose entries are known."""
    return Shape(kind="list", called=called, entry=entry, most=most)


def record_of(fields: Mapping[str, Shape], *, called: str = "", is_open: bool = False) -> Shape:
    """Return what a mapping is whose fields are known."""
    return Shape(kind="record", called=called, fields=fields, is_open=is_open)


def entry_of(shape: Shape) -> Shape:
    """Return what a loop over a value sees: of a mapping its keys, of a text its letters."""
    if shape.kind == "list":
        return shape.entry or ANY
    return TEXT if shape.kind in {"text", "record"} else ANY


def lacks(shape: Shape, name: str, *, is_called: bool = False) -> bool:
    """Return whether a value surely has nothing of a name; `is_called`: () stands behind it."""
    if shape.kind == "any" or name in shape.fields or shape.is_open:
        return False
    return not (is_called and name in _METHODS.get(shape.kind, ()))


def part_of(shape: Shape, name: str) -> Shape:
    """Return what is behind a name of a value."""
    return shape.fields.get(name, ANY)


def either(one: Shape, other: Shape) -> Shape:
    """Return what is known of a value that is one or the other."""
    if one == other:
        return one
    most = None if one.most is None or other.most is None else max(one.most, other.most)
    if one.kind != other.kind or one.kind == "any":
        return replace(ANY, most=most)
    if one.kind == "list":
        if 0 in {one.most, other.most}:
            return replace(other if one.most == 0 else one, most=most)
        return list_of(either(one.entry or ANY, other.entry or ANY), called=one.called, most=most)
    if one.kind == "record":
        names = {**one.fields, **other.fields}
        both = {
            name: either(one.fields[name], other.fields[name])
            if name in one.fields and name in other.fields
            else ANY
            for name in names
        }
        return record_of(both, called=one.called, is_open=one.is_open or other.is_open)
    return Shape(kind=one.kind, called=one.called, most=most)


def shape_of(value: JSON) -> Shape:
    """Return what is known of a value that is there."""
    match value:
        case bool():
            found = FLAG
        case int():
            found = replace(NUMBER, number=value)
        case float():
            found = NUMBER
        case str():
            found = replace(TEXT, most=len(value))
        case list() | tuple():
            found = list_of(ANY, most=len(value))
        case dict():
            found = record_of({str(name): shape_of(each) for name, each in value.items()})
        case _:
            found = ANY
    return found


def cut(
    most: int | None, start: Shape | None, stop: Shape | None, step: Shape | None
) -> int | None:
    """Return how long a slice of something can be that is no longer than `most`, or of any length.

    >>> cut(None, None, shape_of(3), None), cut(10, shape_of(4), None, None)
    (3, 6)
    """
    stride = 1 if step is None else step.number
    first = 0 if start is None else start.number
    end = None if stop is None else stop.number
    if stride is None or stride < 1 or first is None or (stop is not None and end is None):
        return most
    bounds = [] if most is None else [most]
    if first < 0:
        bounds.append(-first)
    if first >= 0 and most is not None:
        bounds.append(max(0, most - first))
    if end is not None and end >= 0:
        bounds.append(max(0, end - first) if first >= 0 else end)
    if end is not None and end < 0:
        bounds += [max(0, end - first)] if first < 0 else []
        bounds += [] if most is None else [max(0, most + end)]
    return -(-min(bounds) // stride) if bounds else None
