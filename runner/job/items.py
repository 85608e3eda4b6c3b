"""`items`: the rows a job names, or holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from runner.job.model import FileItems, InlineItems, Items
from runner.job.paths import is_file, is_folder
from runner.job.rows import survey
from runner.job.spelling import did_you_mean

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft

_Format = Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx"]
FORMATS: tuple[_Format, ...] = get_args(_Format)
LATER = frozenset({"parquet", "xlsx"})
"""Formats that job files may name, and that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItems:
    """The rows of a job, the names of their columns where known, and what is wrong with them."""

    items: Items | None = None
    columns: tuple[str, ...] | None = None
    problems: tuple[Problem, ...] = ()


def read_items(draft: Draft) -> ReadItems:
    """Return what `items` of a job means; a file up to 16 MiB is checked to its last row."""
    value = draft.job.data.get("items")
    if isinstance(value, str) and value:
        return _file(draft, value)
    if not isinstance(value, list):
        return ReadItems()
    rows = tuple(
        dict(row) if isinstance(row, Mapping) else {"value": row}
        for row in value
        if isinstance(row, Mapping | str)
    )
    items = InlineItems(rows=rows)
    return ReadItems(items=items, columns=survey(items).columns)


def _file(draft: Draft, text: str) -> ReadItems:
    job, ground = draft.job, draft.ground
    position = job.value("items")
    if fault := ground.fault(text):
        return ReadItems(problems=(job.problem(position, fault.message, hint=fault.hint),))
    path = ground.path(text)
    if is_folder(path):
        problem = job.problem(position, f"{text} is a folder", hint="name a file in it")
        return ReadItems(problems=(problem,))
    suffix = path.suffix.lower().removeprefix(".")
    kind = next((known for known in FORMATS if known == suffix), None)
    if kind is None:
        problem = job.problem(
            position,
            f"rows cannot be read from a file that ends in '{path.suffix}'",
            hint=did_you_mean(suffix, FORMATS, noun="formats"),
        )
        return ReadItems(problems=(problem,))
    if not is_file(path):
        problem = job.problem(
            position, f"there is no file {text}", hint="paths are relative to the job file"
        )
        return ReadItems(problems=(problem,))
    items = FileItems(path=path, format=kind)
    found = draft.shelf.take(("rows", path), lambda: survey(items))
    return ReadItems(items=items, columns=found.columns, problems=found.problems)
