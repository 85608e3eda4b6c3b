"""Values as YAML text: what `runner init`, `runner import` and the reference pages write."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from runner.job.text import scalars
from runner.jsonvalue import JSON

_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 100
_SAFE = re.compile(r"(?:\.\./|[A-Za-z0-9])[^\n\"'#:{}\[\],&*!|>%@`\\]*")


def block(value: Mapping[str, JSON]) -> str:
    """Return a mapping in block style; lists of texts and numbers stand on one line."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Mapping[str, JSON]) -> Iterator[str]:
    for key, entry in value.items():
        start = f"{scalar(key)}:"
        if isinstance(entry, Mapping) and entry:
            yield start
            yield from (f"  {line}" for line in _lines(entry))
        elif isinstance(entry, list) and any(isinstance(each, Mapping) for each in entry):
            yield start
            yield from (f"  {line}" for line in _entries(entry))
        else:
            yield f"{start} {flow(entry)}"


def _entries(entries: Sequence[JSON]) -> Iterator[str]:
    for entry in entries:
        lines = list(_lines(entry)) if isinstance(entry, Mapping) and entry else [flow(entry)]
        yield from (f"{'  ' if index else '- '}{line}" for index, line in enumerate(lines))


def flow(value: JSON) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(key)}: {flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return scalar(value)


def scalar(value: JSON) -> str:
    """Return a text, a number, a truth value or null as YAML, in quotes where it needs them."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _SAFE.fullmatch(value) and value == value.strip() and scalars.plain(value) == value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return f"'{value}'" if "\\" in quoted and "'" not in value and value.isprintable() else quoted


def column_in_template(name: str) -> str:
    """Return how a template reads a column of the rows."""
    if _WORD.fullmatch(name) and not name.startswith("__"):
        return f"item.{name}"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'item["{quoted}"]'


def job_name(text: str) -> str:
    """Return a text as a job may be called, e.g. `grosse-der-firmen`; nothing is left of some."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NO_NAME.sub("-", letters).strip("-")[:_LONGEST_NAME].strip("-")
