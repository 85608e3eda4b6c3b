"""`items`: the rows a job names, or holds, and which of them it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Literal, get_args

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.model import FileItems, InlineItems, Items, Selection
from runner.job.paths import is_file, is_folder
from runner.job.rows.reader import FOUND_COLUMNS, read_rows, survey
from runner.job.rules.nearby import missing_hint
from runner.job.rules.references import template_problem
from runner.job.schemas.meant import as_list
from runner.templating import references, render_value

if TYPE_CHECKING:
    from pathlib import Path

    from runner.job.draft import Draft
    from runner.job.model import Job, Where
    from runner.job.rows.rowfaults import Row
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

_Format = Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx"]
FORMATS: tuple[_Format, ...] = get_args(_Format)
_LIBRARIES = {"parquet": "pyarrow", "xlsx": "openpyxl"}
"""What the extra `tables` installs to read a format."""


_SHEETS = "save it as xlsx or csv in a spreadsheet program"
_PROGRAMS = {
    ".xls": f"this is how Excel saved until 2003: {_SHEETS}",
    ".xlsm": _SHEETS,
    ".xlsb": _SHEETS,
    ".ods": f"{_SHEETS}, such as LibreOffice: Save As",
    ".numbers": "save it as xlsx or csv in Numbers: File, Export To",
    ".gsheet": "it only links to a table on the web: there choose File, Download, and xlsx or csv",
}
"""What to do about the files of spreadsheet programs that are not read."""

_TEXTS = "the cells of csv and tsv files are texts: to compare numbers write {} | int(0)"
_NO = {"false", "no", "off", "0", "n"}
"""Texts that mean no, and that a template takes for true."""


@frozen
class ReadItems:
    """The rows of a job, the names of their columns where known, and what is wrong with them.

    `first` are some of the first rows, where these are read before a run.
    """

    items: Items | None = None
    columns: tuple[str, ...] | None = None
    first: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_items(draft: Draft) -> ReadItems:
    """Return what `items` of a job means; a file up to 16 MiB and 300,000 rows is read whole."""
    where, value = rows_named(draft.job.data)
    if isinstance(value, str) and value:
        return _file(draft, where, value)
    if "findall" in where:
        return ReadItems(columns=FOUND_COLUMNS)
    if not isinstance(value, list):
        return ReadItems()
    rows = tuple(
        dict(row) if isinstance(row, Mapping) else {"value": row}
        for row in value
        if isinstance(row, Mapping | str)
    )
    items = InlineItems(rows=rows)
    found = survey(items)
    return ReadItems(items=items, columns=found.columns, first=found.first)


def rows_named(data: Mapping[str, JSON]) -> tuple[Where, JSON]:
    """Return where a job names its rows, and what it says there."""
    items = data.get("items")
    if isinstance(items, Mapping) and "findall" in items and "from" not in items:
        return ("items", "findall"), items["findall"]
    if isinstance(items, Mapping):
        return ("items", "from"), items.get("from")
    return ("items",), items


def read_selection(data: Mapping[str, JSON]) -> Selection:
    """Return which of its rows a job takes."""
    items = data.get("items")
    if not isinstance(items, Mapping):
        return Selection()
    limit = items.get("limit")
    most = None if limit is None else min(int(limit), sys.maxsize)
    return Selection(where=items.get("where"), limit=most)


@frozen
class Choice:
    """Which rows are taken: those for which a template is true.

    Attributes:
        where: The template.
        vars: The values of the job's variables.
        source: The job file.
        items: Where the rows come from.
    """

    where: str
    vars: Mapping[str, JSON]
    source: Source
    items: Items

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that are taken.

        Raises:
            JobProblemsError: the template fails for a row.
        """
        for number, row in enumerate(rows, start=1):
            if self._is_wanted(row, number):
                yield row

    def _is_wanted(self, row: Row, number: int) -> bool:
        note = f" (row {number} of the data)"
        place = ("items", "where")
        try:
            wanted = render_value(self.where, {"vars": self.vars, "item": row})
        except TemplateError as error:
            problem = template_problem(self.source, place, error, note)
            if "cannot be compared" in error.message and _has_texts(self.items):
                problem = replace(problem, hint=_TEXTS.format(_first_read(self.where)))
            raise JobProblemsError((problem,)) from error
        if isinstance(wanted, str) and wanted.strip().lower() in _NO:
            problem = self.source.problem(
                self.source.value(place),
                f"'{wanted}' is a text, and a text counts as true unless it is empty{note}",
                hint=f"compare it: {{{{ {_first_read(self.where)} != '{wanted}' }}}}",
            )
            raise JobProblemsError((problem,))
        return bool(wanted)


def select_rows(job: Job) -> Iterator[Row]:
    """Yield the rows of a job that its `where` and `limit` take; a job without items has none.

    Raises:
        JobProblemsError: the rows cannot be read, or `where` fails for one of them.
    """
    selection = job.selection
    if job.items is None:
        return
    rows = read_rows(job.items)
    if selection.where is not None:
        choice = Choice(where=selection.where, vars=job.vars, source=job.source, items=job.items)
        rows = choice.of(rows)
    yield from islice(rows, selection.limit)


def found_rows(results: Sequence[JSON]) -> tuple[Row, ...]:
    """Return the rows of a FindAll run's results."""
    return tuple(
        {name: each.get(name) for name in FOUND_COLUMNS}
        for each in results
        if isinstance(each, Mapping)
    )


def _has_texts(items: Items) -> bool:
    return isinstance(items, FileItems) and items.format in ("csv", "tsv")


def _first_read(where: str) -> str:
    """Return the first column that a template reads, as it is written."""
    read = (".".join(found.path) for found in references(where) if found.path[0] == "item")
    return next(read, "item.name")


def other_kind(suffix: str) -> str:
    """Return what to do about a file whose name ends in what no rows are read from."""
    return _PROGRAMS.get(suffix.lower(), f"save the rows as one of {', '.join(FORMATS)}")


def lacking(kind: str) -> tuple[str, str] | None:
    """Return message and hint where a format cannot be read, since its library is not there."""
    library = _LIBRARIES.get(kind)
    if library is None or find_spec(library) is not None:
        return None
    hint = "run pip install 'research-runner[tables]', or save the rows as csv or jsonl"
    return f"reading {kind} files needs {library}, which is not installed", hint


def _no_rows(text: str, suffix: str, folder: Path) -> tuple[str, str | None]:
    """Return message and hint for a text that is not the path of a file of rows."""
    if not suffix or " " in suffix:
        rows = f"list the rows: [{', '.join(as_list(text))}]"
        wanted = f"name a file that ends in .{', .'.join(FORMATS)}; or {rows}"
        return "this is not the path of a data file", missing_hint(folder, text, wanted)
    otherwise = other_kind(suffix)
    hint = otherwise if is_file(folder / text) else missing_hint(folder, text, otherwise)
    return f"rows cannot be read from a file that ends in '{suffix}'", hint


def _file(draft: Draft, where: Where, text: str) -> ReadItems:
    job, ground = draft.job, draft.ground
    position = job.value(*where)
    if fault := ground.fault(text):
        return ReadItems(problems=(job.problem(position, fault.message, hint=fault.hint),))
    path = ground.path(text)
    if is_folder(path):
        problem = job.problem(position, f"{text} is a folder", hint="name a file in it")
        return ReadItems(problems=(problem,))
    suffix = path.suffix.lower().removeprefix(".")
    kind = next((known for known in FORMATS if known == suffix), None)
    if kind is None:
        message, hint = _no_rows(text, path.suffix, ground.folder)
        problem = job.problem(position, message, hint=hint)
        return ReadItems(problems=(problem,))
    if not is_file(path):
        problem = job.problem(
            position,
            f"there is no file {text}",
            hint=missing_hint(ground.folder, text, "paths are relative to the job file"),
        )
        return ReadItems(problems=(problem,))
    if lack := lacking(kind):
        problem = job.problem(position, lack[0], hint=lack[1])
        return ReadItems(problems=(problem,))
    items = FileItems(path=path, format=kind)
    found = draft.shelf.take(("rows", path), lambda: survey(items))
    return ReadItems(items=items, columns=found.columns, first=found.first, problems=found.problems)
