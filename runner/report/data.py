"""Outcomes to data files: csv, jsonl and json, as chunks of text that can always be stored."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from runner.evidence.basis import citations_of, is_scalar
from runner.execute.outcomes import Outcome
from runner.execute.stored import outcome_line
from runner.job.model import Extract, Job, Search, Step, Task, TextOutput
from runner.jsonvalue import JSON
from runner.report.fields import fields_of
from runner.report.values import json_text, number_text

CHUNK: Final = 1 << 16
"""Characters gathered before a chunk is handed on."""

TRAILING: Final = ("status", "error", "run_id", "cost_usd")

_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


def results_text(job: Job, outcomes: Collection[Outcome]) -> Iterator[str]:
    """Yield the job's results file; its suffix says which format. Nothing else is read or written.

    An unknown suffix is written as jsonl, which holds everything.
    """
    suffix = job.results.suffix.lower() if job.results is not None else ".jsonl"
    writers: Mapping[str, Callable[[], Iterator[str]]] = {
        ".csv": lambda: csv_text(job, outcomes),
        ".json": lambda: json_lines(outcomes),
    }
    return _chunks(writers.get(suffix, lambda: jsonl_lines(outcomes))())


def jsonl_lines(outcomes: Collection[Outcome]) -> Iterator[str]:
    """Yield one JSON object a line, one line an outcome, everything in it."""
    for outcome in outcomes:
        yield outcome_line(outcome)


def json_lines(outcomes: Collection[Outcome]) -> Iterator[str]:
    """Yield a JSON array of the same objects, one a line."""
    before = "[\n"
    for outcome in outcomes:
        yield f"{before}{outcome_line(outcome)[:-1]}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def csv_text(job: Job, outcomes: Collection[Outcome]) -> Iterator[str]:
    """Yield csv, a row an outcome.

    Columns: the input's, the output's fields, `<field>.confidence` and `<field>.sources` for each,
    then `status`, `error`, `run_id` and `cost_usd`.

    A column name that is taken already gets the prefix `output.`. Lists of texts and numbers are
    joined by "; ", other nested values are JSON. A cell that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    steps = [step for step in job.steps if any(o.step == step.id for o in outcomes)]
    pages = {step.id for step in steps if _finds_pages(step)}
    inputs = list(dict.fromkeys(str(column) for outcome in outcomes for column in outcome.item))
    names: dict[str, bool] = {}
    for step in steps:
        for name in _output_names(step, outcomes):
            names[name] = names.get(name, False) or step.id not in pages
    graded = [name for name, has_basis in names.items() if has_basis]
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow

    write([safe_cell(column) for column in _header(inputs, names, graded, several=len(steps) > 1)])
    for outcome in outcomes:
        row = [outcome.step] if len(steps) > 1 else []
        row += [_cell(outcome.item.get(column)) for column in inputs]
        values = _values(outcome, pages=outcome.step in pages)
        row += [_cell(values.get(name)) for name in names]
        row += _evidence(outcome, graded)
        row += [
            outcome.status,
            _cell(outcome.error),
            _cell(outcome.run_id),
            format(outcome.cost_usd, "f"),
        ]
        write(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


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
    output = outcome.output
    if not isinstance(output, Mapping):
        return {"output": output}
    if not pages:
        return output
    listed = [each for each in output.get("results") or () if isinstance(each, Mapping)]
    return {
        "results": len(listed),
        "urls": [each.get("url") for each in listed],
        "titles": [each.get("title") for each in listed],
    }


def _evidence(outcome: Outcome, names: Sequence[str]) -> list[str]:
    basis = {
        str(entry.get("field")): entry for entry in outcome.basis if isinstance(entry, Mapping)
    }
    cells: list[str] = []
    for name in names:
        entry = basis.get(name, {})
        urls = dict.fromkeys(citation["url"] for citation in citations_of(entry))
        cells += [_cell(entry.get("confidence")), safe_cell("; ".join(urls))]
    return cells


def _cell(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, list | tuple) and all(is_scalar(each) for each in value):
        return safe_cell("; ".join(_joined(each) for each in value))
    return safe_cell(json_text(value))


def _joined(value: JSON) -> str:
    return value if isinstance(value, str) else _cell(value)


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay numbers."""
    text = _SURROGATE.sub("\ufffd", text.replace("\0", ""))
    # A bare carriage return is not quoted by every csv writer, and would end the row.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text[:1] in _FORMULA and text and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _chunks(lines: Iterator[str]) -> Iterator[str]:
    gathered: list[str] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(gathered)
            gathered, size = [], 0
    yield "".join(gathered)
