"""What surely cannot be done with a value of a known kind: added, compared, looped over, called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from runner.templating.shapes import Shape

_SORTS: Mapping[str, str] = MappingProxyType(
    {"number": "number", "flag": "number", "text": "text", "list": "list", "record": "mapping"}
)
_MANY = {"text": "texts", "list": "lists", "record": "mappings"}
_ORDERING = frozenset({"lt", "gt", "lteq", "gteq"})
_SUM = "which cannot be added to"
_EMPTY = "which is always empty"
_ORDER = "which cannot be compared with"


def not_added(left: Shape, right: Shape) -> str | None:
    """Return why two values make no sum; None where they may."""
    one, other = _SORTS.get(left.kind), _SORTS.get(right.kind)
    if one is None or other is None or (one == other and one != "mapping"):
        return None
    return f"{_SUM} a {other}"


def no_number(value: Shape) -> str | None:
    """Return why nothing but a sum can be worked out with a value; None where it may."""
    return "and no number" if value.kind in {"text", "list", "record"} else None


def not_compared(operator: str, left: Shape, right: Shape) -> str | None:
    """Return why of two values none is smaller; None where one may be."""
    one, other = _SORTS.get(left.kind), _SORTS.get(right.kind)
    if operator not in _ORDERING or one is None or other is None:
        return None
    return None if one == other and one != "mapping" else f"{_ORDER} a {other}"


def no_list(value: Shape) -> str | None:
    """Return why a value has no entries to loop over or to count; None where it may."""
    return "and no list" if value.kind in {"number", "flag"} else None


def no_mapping(value: Shape) -> str | None:
    """Return why a value has no names and values side by side; None where it may."""
    return None if value.kind in {"any", "record"} else "and no mapping"


def not_together(filter_: str, value: Shape) -> str | None:
    """Return why a filter can do nothing with the entries of a list; None where it may."""
    entry = value.entry
    if value.kind != "list" or value.most == 0 or entry is None:
        return None
    if filter_ == "unique" and entry.kind in {"record", "list"}:
        return f"whose entries are {_MANY[entry.kind]}: unique cannot compare them"
    if filter_ == "sum" and entry.kind in _MANY:
        return f"whose entries are {_MANY[entry.kind]}: they make no sum"
    return None


def no_entry(value: Shape, index: Shape) -> str | None:
    """Return why a value has no entry at a number; None where it may."""
    if value.kind in {"number", "flag", "record"}:
        return f"which has no entry [{index.number or 0}]"
    at, most = index.number, value.most
    if value.kind != "list" or at is None or most is None or -most <= at < most:
        return None
    return f"which has no entry [{at}]: it is empty or has {most} at most" if most else _EMPTY


def not_called(value: Shape) -> str | None:
    """Return why a value takes no () behind it; None where it may."""
    return None if value.kind == "any" else "which takes no ()"
