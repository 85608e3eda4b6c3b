"""Numbers that a template or a request shows otherwise than they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.job.rows.items import rows_named
from runner.job.variables import is_declaration

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.jsonvalue import JSON


def numbers(draft: Draft) -> Iterator[Problem]:
    """A value that may be a text, such as a code or a version, is not taken for a number."""
    job = draft.job
    values = job.data.get("vars")
    plain = values.items() if isinstance(values, Mapping) else ()
    places: list[tuple[Scope, Where, JSON]] = [
        (job, ("vars", name), value) for name, value in plain if not is_declaration(value)
    ]
    where, rows = rows_named(job.data)
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, Mapping):
            places.append((job, (*where, index), row))
    for scope in draft.scopes():
        places += [(scope, (key,), scope.data.get(key)) for key in ("input", "metadata")]
    for scope, place, value in places:
        yield from _changed(scope, place, value)


def _changed(scope: Scope, where: Where, value: JSON) -> Iterator[Problem]:
    if isinstance(value, Mapping | list):
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for step, entry in entries:
            yield from _changed(scope, (*where, step), entry)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        written = scope.source.written((*scope.where, *where))
        if written is not None and written != str(value):
            yield scope.problem(
                scope.value(*where),
                f"{written} is the number {value}",
                hint=f'put it in quotes to keep it as it is written: "{written}"',
                severity="warning",
            )
