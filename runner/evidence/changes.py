"""What changed between two runs: rows added and gone, and fields whose value is another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from runner.evidence.basis import (
    basis_of,
    is_empty,
    level_of,
    results_of,
    sources_of,
    values_of,
)
from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.jsonvalue import JSON

Kind: TypeAlias = Literal["changed", "reworded", "confidence"]
"""Another value; the same in other words; the same value with another confidence."""

PAGES = "pages"
"""What the pages that a search found are called."""


@frozen
class Side:
    """A field in one of two runs."""

    value: JSON
    confidence: str
    sources: tuple[str, ...]


@frozen
class FieldChange:
    """A field that differs between two runs."""

    name: str
    kind: Kind
    old: Side
    new: Side


@frozen
class RowChange:
    """A row, of one step, with the fields that differ."""

    step: str
    key: str
    fields: tuple[FieldChange, ...]


@dataclass(slots=True, kw_only=True)
class Changes:
    """What changed between two runs.

    Attributes:
        old: The name of the older run.
        new: Likewise.
        since: The day the older run began, `YYYY-MM-DD`.
        compared: Rows with an answer in both runs.
        unanswered: Rows that one of the runs has no answer for: they cannot be compared.
        added: Rows, as step and key, that only the newer run has.
        gone: Rows that only the older run has.
        rows: Rows with differing fields, in the newer run's order.
    """

    old: str = ""
    new: str = ""
    since: str = ""
    compared: int = 0
    unanswered: int = 0
    added: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    rows: list[RowChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.rows)

    def count(self, kind: Kind) -> int:
        """Return how many fields differ in one way."""
        return sum(each.kind == kind for row in self.rows for each in row.fields)

    def of_step(self, step: str) -> Changes:
        """Return the changes of one step; the counts stay those of all."""
        return Changes(
            old=self.old,
            new=self.new,
            since=self.since,
            compared=self.compared,
            unanswered=self.unanswered,
            added=[each for each in self.added if each[0] == step],
            gone=[each for each in self.gone if each[0] == step],
            rows=[row for row in self.rows if row.step == step],
        )

    def record(self) -> dict[str, JSON]:
        """Return the changes as JSON."""
        return {
            "old": self.old,
            "new": self.new,
            "compared": self.compared,
            "unanswered": self.unanswered,
            "added": [{"step": step, "key": key} for step, key in self.added],
            "gone": [{"step": step, "key": key} for step, key in self.gone],
            "changed": [
                {
                    "step": row.step,
                    "key": row.key,
                    "fields": [
                        {
                            "field": each.name,
                            "kind": each.kind,
                            "old": _record(each.old),
                            "new": _record(each.new),
                        }
                        for each in row.fields
                    ],
                }
                for row in self.rows
            ],
        }


def _record(side: Side) -> dict[str, JSON]:
    return {
        "value": side.value,
        "confidence": side.confidence or None,
        "sources": list(side.sources),
    }


_Name: TypeAlias = tuple[str, str, int]
"""Step and key of a row, and which of the rows of that name it is."""


def changes_between(old: Iterable[Outcome], new: Iterable[Outcome]) -> Changes:
    """Return what changed between the outcomes of two runs.

    Rows are matched by step and key. Both are read once, side by side: where they have one order,
    as two runs of a job have, few outcomes are held at a time.
    """
    found = Changes()
    waiting: tuple[dict[_Name, tuple[int, Outcome]], ...] = ({}, {})
    rows: list[tuple[int, RowChange]] = []
    for index, pair in enumerate(_side_by_side(_named(old), _named(new))):
        for side, entry in enumerate(pair):
            if entry is None:
                continue
            name, outcome = entry
            other = waiting[1 - side].pop(name, None)
            if other is None:
                waiting[side][name] = (index, outcome)
                continue
            place, before, after = (
                (other[0], outcome, other[1]) if side == 0 else (index, other[1], outcome)
            )
            change = _compared(before, after, found)
            if change is not None:
                rows.append((place, change))
    found.rows = [change for _, change in sorted(rows, key=lambda each: each[0])]
    found.gone = [(step, key) for step, key, _ in waiting[0]]
    found.added = [(step, key) for step, key, _ in waiting[1]]
    return found


def _named(outcomes: Iterable[Outcome]) -> Iterator[tuple[_Name, Outcome]]:
    seen: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        name = (outcome.step, outcome.key)
        yield (*name, seen[name]), outcome
        seen[name] += 1


_Entry: TypeAlias = tuple[_Name, Outcome] | None


def _side_by_side(
    old: Iterator[tuple[_Name, Outcome]], new: Iterator[tuple[_Name, Outcome]]
) -> Iterator[tuple[_Entry, _Entry]]:
    while True:
        pair = (next(old, None), next(new, None))
        if pair == (None, None):
            return
        yield pair


def _compared(old: Outcome, new: Outcome, found: Changes) -> RowChange | None:
    if old.output is None or new.output is None:
        found.unanswered += 1
        return None
    found.compared += 1
    if old.output == new.output and old.basis == new.basis:
        return None
    fields = tuple(_differing(_sides(old), _sides(new)))
    return RowChange(step=new.step, key=new.key, fields=fields) if fields else None


def _differing(old: Mapping[str, Side], new: Mapping[str, Side]) -> Iterator[FieldChange]:
    from runner.evidence.rewording import difference  # noqa: PLC0415 - slow to import

    none = Side(value=None, confidence="", sources=())
    for name in {**new, **old}:
        before, after = old.get(name, none), new.get(name, none)
        kind: Kind | Literal["same"] = difference(before.value, after.value)
        levels = {before.confidence, after.confidence}
        if kind == "same" and len(levels) > 1 and not is_empty(after.value):
            kind = "confidence"
        if kind != "same":
            yield FieldChange(name=name, kind=kind, old=before, new=after)


def _sides(outcome: Outcome) -> dict[str, Side]:
    """Return the fields of an outcome; the pages that were found are one."""
    pages: Sequence[str] = [str(each.get("url") or "") for each in results_of(outcome.output)]
    if pages:
        return {PAGES: Side(value=list(pages), confidence="", sources=())}
    basis = basis_of(outcome)
    return {
        str(name): Side(
            value=value,
            confidence=level_of(basis, str(name)),
            sources=tuple(sources_of(basis, str(name))),
        )
        for name, value in values_of(outcome).items()
    }
