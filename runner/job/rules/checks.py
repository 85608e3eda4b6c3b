"""`checks`: what a job asks of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from runner.job.model import Check
from runner.job.spelling import did_you_mean

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where

_Kind = Literal["min_confidence", "min_citations", "domains", "verified", "expect"]
_BY_FIELD = ("min_confidence", "min_citations")
KINDS: tuple[_Kind, ...] = get_args(_Kind)


def read_checks(draft: Draft, step: Scope) -> tuple[Check, ...]:
    """Return the checks of a step: its own, the job's, or those of runner.yaml."""
    holder = draft.holder(step, "checks")
    if holder is None:
        return ()
    found: list[Check] = []
    for index, data in enumerate(holder.data["checks"]):
        kind = next(kind for kind in KINDS if kind in data)
        position = holder.key("checks", index, kind)
        found.append(
            Check(
                kind=kind,
                value=data[kind],
                fields=tuple(data.get("fields", ())),
                warns=data.get("severity") == "warn",
                place=(holder.source.shown, position.line, position.column),
            )
        )
    return tuple(found)


def unknown_fields(
    draft: Draft, names: Mapping[Where, tuple[str, ...] | None]
) -> Iterator[Problem]:
    """Yield the fields that checks name and the answer does not have.

    Args:
        draft: The job.
        names: Of the fields of each step's answer, where they are known.
    """
    for step in draft.steps():
        known = names.get(step.where)
        checks = step.data.get("checks")
        for index, check in enumerate(checks if known and isinstance(checks, list) else ()):
            fields = check.get("fields") if isinstance(check, Mapping) else None
            for place, field in enumerate(fields if isinstance(fields, list) else ()):
                if isinstance(field, str) and known and field not in known:
                    yield step.problem(
                        step.value("checks", index, "fields", place),
                        f"the output has no field '{field}'",
                        hint=did_you_mean(field.split(".")[0], known, noun="fields")
                        or "name a field of the output",
                    )


def single_checks(draft: Draft) -> Iterator[Problem]:
    """A check asks for exactly one thing; `fields` and `severity` go beside it."""
    for scope in draft.scopes():
        checks = scope.data.get("checks")
        for index, check in enumerate(checks if isinstance(checks, list) else ()):
            if not isinstance(check, Mapping) or not set(check) <= {*KINDS, "fields", "severity"}:
                continue
            asked = [str(key) for key in check if key in KINDS]
            if check and not asked:
                yield scope.problem(
                    scope.value("checks", index),
                    "the check asks for nothing",
                    hint=f"give it one of {', '.join(KINDS)}",
                )
            for extra in asked[1:]:
                yield scope.problem(
                    scope.key("checks", index, extra),
                    f"{extra} beside {asked[0]}: a check asks for one thing",
                    hint="write each as an entry of its own",
                )
            if "fields" in check and asked and asked[0] not in _BY_FIELD:
                yield scope.problem(
                    scope.key("checks", index, "fields"),
                    "fields has no effect here: it goes with min_confidence and min_citations",
                    hint="remove it",
                    severity="warning",
                )
