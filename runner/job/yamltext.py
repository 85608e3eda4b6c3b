"""Values as YAML text: what `runner import` and the reference pages write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from runner.job import scalars
from runner.jsonvalue import JSON

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
    is_plain = _SAFE.fullmatch(value) and value == value.strip() and scalars.plain(value) == value
    return value if is_plain else json.dumps(value, ensure_ascii=False)
