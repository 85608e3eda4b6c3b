"""Which columns of the data leave the machine: those that a request's templates read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from runner.job.model import Job
from runner.job.rows import header
from runner.jsonvalue import JSON
from runner.templating import references

ALL = "*"
"""Stands for every column where a template reads the whole row."""


def columns_sent(job: Job) -> tuple[str, ...]:
    """Return the columns that the requests' templates read, in the data's order."""
    read: set[str] = set()
    for step in job.steps:
        for text in (*_texts(asdict(step.action)), *_texts(step.metadata)):
            for reference in references(text):
                if reference.path[0] == "item":
                    read.add(reference.path[1] if len(reference.path) > 1 else ALL)
    known = header(job.items) if job.items is not None else None
    if known is None:
        return tuple(sorted(read))
    if ALL in read:
        return tuple(known)
    return tuple(column for column in known if column in read)


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, Sequence):
        for entry in value:
            yield from _texts(entry)
