"""What the values of an outcome are, and what each rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runner.evidence.text import one_line
from runner.execute.outcomes import Outcome
from runner.jsonvalue import JSON

LEVELS: Final = ("high", "medium", "low")

# With `dict` before it, asking is several times faster.
_MAPPINGS: Final = (dict, Mapping)


def is_empty(value: JSON) -> bool:
    """Return whether a value says nothing: null, no visible text, an empty list or mapping."""
    kind = type(value)
    if kind is str:
        return not ("!" <= value[:1] <= "~" or one_line(value))  # most need no closer look
    if value is None or kind is int or kind is float or kind is bool:
        return value is None
    if kind is list or kind is dict:
        return not value
    return isinstance(value, list | tuple | Mapping) and not value


def is_mapping(value: JSON) -> bool:
    """Return whether a value is a mapping."""
    return isinstance(value, _MAPPINGS)


def is_scalar(value: JSON) -> bool:
    """Return whether a value is no list and no mapping."""
    return not isinstance(value, list | tuple | Mapping)


def confidence_of(entry: Mapping[str, JSON] | None) -> str:
    """Return a basis entry's confidence as one of `LEVELS`, or ""."""
    stated = entry.get("confidence") if entry is not None else None
    if not isinstance(stated, str):
        return ""
    return stated if stated in LEVELS else stated.lower() if stated.lower() in LEVELS else ""


def excerpt_of(citation: Mapping[str, JSON]) -> str:
    """Return what a citation quotes, its excerpts joined by an ellipsis."""
    excerpts = citation.get("excerpts")
    if not excerpts:
        return ""
    if isinstance(excerpts, str):
        return excerpts
    if len(excerpts) == 1:
        return str(excerpts[0])
    return " … ".join(str(excerpt) for excerpt in excerpts)


def citations_of(entry: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    """Return the citations of a basis entry that name a source."""
    return [
        each
        for each in entry.get("citations") or ()
        if isinstance(each, _MAPPINGS) and isinstance(each.get("url"), str)
    ]


def is_cited(entry: Mapping[str, JSON]) -> bool:
    """Return whether a basis entry has a citation that names a source."""
    for each in entry.get("citations") or ():
        if isinstance(each, _MAPPINGS) and isinstance(each.get("url"), str):
            return True
    return False


class Basis(dict[str, Mapping[str, JSON]]):
    """What each value of an outcome rests on, by field; of an element of a list by `field.0`."""

    __slots__ = ("has_elements",)

    def __init__(self, entries: Mapping[str, Mapping[str, JSON]]) -> None:
        super().__init__(entries)
        self.has_elements = "." in "".join(self)


def basis_of(outcome: Outcome) -> Basis:
    """Return what each value of an outcome rests on."""
    try:
        return Basis({entry["field"]: entry for entry in outcome.basis})
    except (TypeError, KeyError):  # an entry without a field, or one that is no mapping or text
        return Basis(
            {
                str(entry["field"]): entry
                for entry in outcome.basis
                if is_mapping(entry) and "field" in entry
            }
        )


def entries_of(basis: Basis, name: str) -> list[Mapping[str, JSON]]:
    """Return what a field and its elements rest on; each says of which in `field`."""
    if not basis.has_elements:
        return [basis[name]] if name in basis else []
    inside = f"{name}."
    return [each for path, each in basis.items() if path == name or path.startswith(inside)]


def level_of(basis: Basis, name: str) -> str:
    """Return a field's confidence; where it has none of its own, the lowest of its elements'."""
    own = confidence_of(basis.get(name))
    if own or not basis.has_elements:
        return own
    levels = set(map(confidence_of, entries_of(basis, name)))
    return next((level for level in reversed(LEVELS) if level in levels), "")


def support_of(basis: Basis, name: str) -> tuple[str, bool] | None:
    """Return a field's confidence and whether it is cited; None where it rests on nothing."""
    if not basis.has_elements:
        entry = basis.get(name)
        if entry is None:
            return None
        level = entry.get("confidence")
        return level if level in LEVELS else confidence_of(entry), is_cited(entry)
    entries = entries_of(basis, name)
    return (level_of(basis, name), any(map(is_cited, entries))) if entries else None


def sources_of(basis: Basis, name: str) -> list[str]:
    """Return the addresses that a field and its elements rest on, each once."""
    entries = entries_of(basis, name)
    return list(dict.fromkeys(each["url"] for entry in entries for each in citations_of(entry)))


def values_of(outcome: Outcome) -> Mapping[str, JSON]:
    """Return an outcome's values by field; one that is no mapping is the field `output`."""
    output: JSON = outcome.output
    return output if is_mapping(output) else {"output": output}


def results_of(output: JSON) -> list[Mapping[str, JSON]]:
    """Return what `search` found or `extract` read, in the provider's order."""
    found = output.get("results") if is_mapping(output) else None
    return [each for each in found or () if is_mapping(each)] if isinstance(found, list) else []
