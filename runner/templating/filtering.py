"""What the filters of templates make of a value, as far as it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from runner.templating.shapes import ANY, NUMBER, TEXT, Shape, entry_of, list_of

_KEEP: Final = frozenset({"list", "reject", "rejectattr", "select", "selectattr", "sort", "unique"})
"""Filters that make a list of some entries of another."""

_TEXTS: Final = frozenset(
    """capitalize e escape filesizeformat join lower replace string title tojson trim truncate upper
    urlencode""".split()  # noqa: SIM905 - reads best so
)
_SPENDING: Final = frozenset({"counted", "weighed"})
"""What the sandbox puts around lists, mappings and loops where a template is compiled."""

_NUMBERS: Final = frozenset({"abs", "count", "float", "int", "length", "round", "wordcount"})


def made_by(name: str, value: Shape, attribute: Shape) -> Shape:
    """Return what a filter makes of a value; `attribute` is what it reads of each entry."""
    # Of what a mapping holds, the length is not known.
    most = None if value.kind == "record" else value.most
    if name in _KEEP:
        found = list_of(entry_of(value), most=most)
    elif name in {"groupby", "map"}:
        found = list_of(attribute if name == "map" else ANY, most=most)
    elif name in {"first", "last", "max", "min"} and value.kind == "list":
        found = entry_of(value)
    elif name in _SPENDING or (name == "reverse" and value.kind in {"list", "text"}):
        found = value
    elif name == "reverse":
        found = replace(ANY, most=most)
    elif name in _TEXTS | _NUMBERS:
        found = TEXT if name in _TEXTS else NUMBER
    else:
        found = ANY
    return found
