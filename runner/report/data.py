"""Outcomes to data files: csv, jsonl and json, as chunks of text that can always be stored."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Final

from runner.evidence.basis import is_scalar
from runner.evidence.text import json_text, storable
from runner.execute.outcomes import Outcome
from runner.execute.stored import outcome_line
from runner.job.model import Job
from runner.jsonvalue import JSON
from runner.report.records import Records
from runner.report.values import number_text

CHUNK: Final = 1 << 16
"""Characters gathered before a chunk is handed on."""

FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula."""

_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


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
    """Yield csv, a row an outcome, its columns those of `Records`.

    Lists of texts and numbers are joined by "; ", other nested values are JSON. A cell that a
    spreadsheet would take for a formula begins with an apostrophe.
    """
    records = Records(job, outcomes)
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    write([safe_cell(column) for column in records.header])
    for values in records:
        write([_cell(value) for value in values])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: JSON) -> str:  # noqa: PLR0911 - one case a kind of value
    match value:
        case None:
            return ""
        case str():
            return safe_cell(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case Decimal():
            return format(value, "f")
        case list() | tuple() if all(is_scalar(each) for each in value):
            return safe_cell("; ".join(_joined(each) for each in value))
        case _:
            return safe_cell(json_text(value))


def _joined(value: JSON) -> str:
    return value if isinstance(value, str) else _cell(value)


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay numbers."""
    text = storable(text.replace("\0", ""))
    # A bare carriage return is not quoted by every csv writer, and would end the row.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text[:1] in FORMULA and text and not _PLAIN_NUMBER.fullmatch(text):
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
