"""What the templates of a request read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from runner.job.model import Step
from runner.jsonvalue import JSON
from runner.templating import references

ALL = "*"
"""Stands for everything below a name where a template reads it whole."""


def names_read(step: Step, root: str) -> set[str]:
    """Return the names below `vars`, `item`, `steps` or `run` that a step's request reads."""
    return names_in([asdict(step.action), step.metadata, step.location, step.foreach], root)


def names_judged(step: Step, root: str) -> set[str]:
    """Return the same of what a step's checks read."""
    return names_in([check.value for check in step.checks if check.kind == "expect"], root)


def names_in(value: JSON, root: str) -> set[str]:
    """Return the same of what the templates in a value read."""
    found: set[str] = set()
    for text in _texts(value):
        for reference in references(text):
            if reference.path[0] == root:
                found.add(reference.path[1] if len(reference.path) > 1 else ALL)
    return found


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, Sequence):
        for entry in value:
            yield from _texts(entry)
