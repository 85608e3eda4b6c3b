"""What is wrong with how a template reads a value that is not there yet, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.job.spelling import did_you_mean
from runner.templating.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.jsonvalue import JSON
    from runner.templating.shapes import Misread, Shape

Fault = tuple[str, "str | None"]
"""A message and a hint."""

_LIST_HINT = 'foreach goes through a list, such as "{{ steps.find.results }}"'
_SHOWN = 12
KINDS = {
    "text": "a text",
    "number": "a number",
    "flag": "true or false",
    "list": "a list",
    "record": "a mapping",
}
_MISUSED = {
    "unique": "say by what: x | unique(attribute='url')",
    "texts: they": "make numbers of them first: x | map('float') | sum",
    "they make no sum": "say of what: x | sum(attribute='price')",
    "added": "a ~ b joins anything as a text; x | float(0) makes a number of a text",
    "compared": "x | float(0) makes a number of a text",
    "no number": "x | float(0) makes a number of a text",
    "no mapping": "dictsort and items take a mapping; a list is sorted with sort",
    "no list": "read the value itself",
    "()": "read it without ()",
    "always empty": "only search, extract and findall have results; read the output",
    "at most": "read one that is there, such as [0]",
    "no entry": "read a field of it by its name, or the value itself",
}
_NAME = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def misread_fault(misread: Misread) -> Fault:
    """Return what is wrong with reading a name of a value that does not have it."""
    owner, name = misread.owner, misread.name
    called = owner.called or misread.path or "this"
    if misread.misused:
        hint = next(hint for word, hint in _MISUSED.items() if word in misread.misused)
        if owner.kind == "record" and owner.fields:
            hint = _fields_hint(owner.fields)
        elif owner.kind == "list" and "x | float" in hint:
            hint = "take an entry, such as x[0], or count them: x | length"
        return f"{called} is {KINDS[owner.kind]}, {misread.misused}".replace(", and", " and"), hint
    if owner.kind == "record":
        return f"{called} has no field '{name}'", missing_hint(name, owner.fields, "fields")
    message = f"{called} is {KINDS[owner.kind]}, which has no '{name}'"
    if owner.kind == "list":
        return message, _entry_hint(misread)
    hint = f"read the {'text' if owner.kind == 'text' else 'value'} itself"
    return message, f"{hint}, or name fields" if called.startswith("the output") else hint


def missing_hint(name: str, known: Iterable[str], noun: str) -> str | None:
    """Return how to mend a name that is not among those that are known; None where none is."""
    names = list(known)
    if name == "full_content" and "excerpts" in names:
        return "ask for it: extract: {full_content: true}"
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
    if hasattr(list, name):
        return "a template changes no list; a + [b] makes a longer one"
    if entry is not None and entry.kind == "record" and name not in entry.fields:
        near = did_you_mean(name, entry.fields, noun="fields")
        name = next((each for each in entry.fields if near == f"did you mean {each}?"), name)
    part = f".{name}" if _NAME.fullmatch(name) else f'["{name}"]'
    return (
        f"read one entry: {path}[0]{part}; or all: {path} | map(attribute='{name}'); "
        "or go through it with {% for %}"
    )


def said_kind(value: JSON) -> str:
    """Return in words what a value is, such as `a list`."""
    return KINDS.get(shape_of(value).kind, "nothing")


def list_hint(value: Shape) -> str:
    """Return what to write for a `foreach` that is no list."""
    if value.kind == "text":
        return "to make a list of a text write {{ x.split(',') }}"
    return _LIST_HINT


def list_fault(value: Shape, text: str) -> Fault | None:
    """Return what is wrong with a `foreach`, where it is surely no list."""
    if value.kind in {"any", "list"}:
        return None
    what = (
        f"{value.called} is {KINDS[value.kind]}" if value.called else f"it is {KINDS[value.kind]}"
    )
    hint = list_hint(value)
    lists = [name for name, field in value.fields.items() if field.kind == "list"]
    whole = _WHOLE.fullmatch(text.strip())
    if lists and whole is not None:
        path, named = whole[1], lists[:1]
        if "results" in lists:
            path, named = path.removesuffix(".output"), ["results", "urls"]
        hint = "write " + " or ".join(f"{{{{ {path}.{name} }}}}" for name in named)
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
