"""What is wrong with how a template reads a value that is not there yet, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.job.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.templating.shapes import Misread, Shape

Fault = tuple[str, "str | None"]
"""A message and a hint."""

_SHOWN = 12
KINDS = {
    "text": "a text",
    "number": "a number",
    "flag": "true or false",
    "list": "a list",
    "record": "a mapping",
}
_NAME = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def misread_fault(misread: Misread) -> Fault:
    """Return what is wrong with reading a name of a value that does not have it."""
    owner, name = misread.owner, misread.name
    called = owner.called or misread.path or "this"
    if owner.kind == "record" and name.startswith("["):
        return f"{called} is a mapping, which has no entry {name}", _fields_hint(owner.fields)
    if owner.kind == "record":
        return f"{called} has no field '{name}'", missing_hint(name, owner.fields, "fields")
    message = f"{called} is {KINDS[owner.kind]}, which has no '{name}'"
    if owner.kind == "list":
        return message, _entry_hint(misread)
    what = "text" if owner.kind == "text" else "value"
    return message, f"read the {what} itself, or name fields"


def missing_hint(name: str, known: Iterable[str], noun: str) -> str | None:
    """Return how to mend a name that is not among those that are known; None where none is."""
    names = list(known)
    dashed = next((known for known in names if known.startswith(f"{name}-")), None)
    if dashed is not None:
        return f'a name with a dash is written ["{dashed}"]'
    return did_you_mean(name, names, noun=noun) or (_fields_hint(names, noun) if names else None)


def _fields_hint(names: Iterable[str], noun: str = "fields") -> str:
    shown = list(names)
    return f"{noun}: {', '.join(shown[:_SHOWN])}{', …' if len(shown) > _SHOWN else ''}"


def _entry_hint(misread: Misread) -> str:
    """Return how to read the entries of a list."""
    path, name, entry = misread.path or "x", misread.name, misread.owner.entry
    if entry is not None and entry.kind == "record" and name not in entry.fields:
        near = did_you_mean(name, entry.fields, noun="fields")
        name = next((each for each in entry.fields if near == f"did you mean {each}?"), name)
    part = f".{name}" if _NAME.fullmatch(name) else f'["{name}"]'
    return (
        f"read one entry: {path}[0]{part}; or all: {path} | map(attribute='{name}'); "
        "or go through it with {% for %}"
    )


def list_fault(value: Shape, text: str) -> Fault | None:
    """Return what is wrong with a `foreach`, where it is surely no list."""
    if value.kind in {"any", "list"}:
        return None
    what = (
        f"{value.called} is {KINDS[value.kind]}" if value.called else f"it is {KINDS[value.kind]}"
    )
    hint = 'foreach goes through a list, such as "{{ steps.find.results }}"'
    lists = [name for name, field in value.fields.items() if field.kind == "list"]
    whole = _WHOLE.fullmatch(text.strip())
    if lists and whole is not None:
        found = whole[1].removesuffix(".output") if "results" in lists else whole[1]
        named = [name for name in ("results", "urls") if name in lists] or lists[:1]
        if "results" in lists:
            named = ["results", "urls"]
        hint = "write " + " or ".join(f"{{{{ {found}.{name} }}}}" for name in named)
    elif value.kind == "record" and value.fields:
        hint = f"name a list in it; {_fields_hint(value.fields)}"
    return f"foreach wants a list: {what}", hint


def addresses_fault(value: Shape, text: str) -> Fault | None:
    """Return what is wrong with the addresses of an extract, where they are surely none."""
    entry = value.entry if value.kind == "list" else value
    if entry is None or entry.kind not in {"record", "list"}:
        return None
    what = f"{value.called or 'what stands here'} is {KINDS[value.kind]}"
    if value.kind == "list":
        what += f" whose entries are {'mappings' if entry.kind == 'record' else 'lists'}"
    path = _WHOLE.fullmatch(text.strip())
    hint = "name the texts in it that are addresses"
    if path is not None and path[1].endswith((".results", ".output")) and "." in path[1]:
        hint = f"write {{{{ {path[1].rpartition('.')[0]}.urls }}}}"
    return f"urls are texts: {what}", hint
