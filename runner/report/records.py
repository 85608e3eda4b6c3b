"""Outcomes as rows of values under columns: what every table of results is made from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from runner.evidence.basis import basis_of, level_of, results_of, sources_of, values_of
from runner.execute.outcomes import Outcome
from runner.job.model import Extract, Job, Search, Step, Task, TextOutput
from runner.jsonvalue import JSON
from runner.report.fields import fields_of

TRAILING: Final = ("status", "error", "run_id", "cost_usd")


class Records:
    """Rows of values, one an outcome; outcomes are walked over twice, and anew by each walk.

    Columns: the input's, the output's fields, `<field>.confidence` and `<field>.sources` (a list)
    for each, then `status`, `error`, `run_id` and `cost_usd` (a Decimal). A column name that is
    taken already gets the prefix `output.`.
    """

    def __init__(self, job: Job, outcomes: Collection[Outcome]) -> None:
        steps = [step for step in job.steps if any(o.step == step.id for o in outcomes)]
        self._outcomes = outcomes
        self._several = len(steps) > 1
        self._pages = {step.id for step in steps if _finds_pages(step)}
        self._inputs = list(
            dict.fromkeys(str(column) for outcome in outcomes for column in outcome.item)
        )
        names: dict[str, bool] = {}
        for step in steps:
            for name in _output_names(step, outcomes):
                names[name] = names.get(name, False) or step.id not in self._pages
        self._names = list(names)
        self._graded = [name for name, has_basis in names.items() if has_basis]
        self.header = _header(self._inputs, self._names, self._graded, several=self._several)

    def __iter__(self) -> Iterator[list[JSON]]:
        for outcome in self._outcomes:
            row: list[JSON] = [outcome.step] if self._several else []
            row += [outcome.item.get(column) for column in self._inputs]
            values = _values(outcome, pages=outcome.step in self._pages)
            row += [values.get(name) for name in self._names]
            row += _evidence(outcome, self._graded)
            row += [outcome.status, outcome.error, outcome.run_id, outcome.cost_usd]
            yield row


def _header(
    inputs: Sequence[str], names: Iterable[str], graded: Sequence[str], *, several: bool
) -> list[str]:
    taken = set(inputs)
    # The run's own columns keep their names before the answer's fields do.
    kept = {name for name in TRAILING if name not in taken}
    taken |= kept

    def free(name: str) -> str:
        while name in taken:
            name = f"output.{name}"
        taken.add(name)
        return name

    step = [free("step")] if several else []
    outputs = [free(name) for name in names]
    evidence = [free(f"{name}.{part}") for name in graded for part in ("confidence", "sources")]
    trailing = [name if name in kept else free(name) for name in TRAILING]
    return [*step, *inputs, *outputs, *evidence, *trailing]


def _output_names(step: Step, outcomes: Collection[Outcome]) -> list[str]:
    if _finds_pages(step):
        return ["results", "urls", "titles"]
    if isinstance(step.action, Task) and isinstance(step.action.output, TextOutput):
        return ["output"]
    own = (outcome for outcome in outcomes if outcome.step == step.id)
    names = [each.name for each in fields_of(step, own)]
    if any(o.step == step.id and isinstance(o.output, str) for o in outcomes):
        names.append("output")
    return names


def _finds_pages(step: Step) -> bool:
    """Return whether a step's answers are pages, which have neither confidence nor a basis."""
    return isinstance(step.action, Search | Extract)


def _values(outcome: Outcome, *, pages: bool) -> Mapping[str, JSON]:
    if not pages or not isinstance(outcome.output, Mapping):
        return values_of(outcome)
    listed = results_of(outcome.output)
    return {
        "results": len(listed),
        "urls": [each.get("url") for each in listed],
        "titles": [each.get("title") for each in listed],
    }


def _evidence(outcome: Outcome, names: Sequence[str]) -> list[JSON]:
    basis = basis_of(outcome)
    cells: list[JSON] = []
    for name in names:
        cells += [level_of(basis, name) or None, sources_of(basis, name)]
    return cells
