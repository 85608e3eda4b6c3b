"""Outcomes to a report, markdown or HTML: a pure function of the job and its outcomes."""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Final

from runner.errors import TemplateError, UsageError
from runner.evidence.changes import Changes
from runner.evidence.text import plural
from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.job.model import (
    REPORT_TEMPLATES,
    Extract,
    FindAll,
    Job,
    JsonOutput,
    Search,
    Step,
    Task,
    TextOutput,
)
from runner.jsonvalue import JSON
from runner.report.blocks import hashes
from runner.report.charts import Charts
from runner.report.citations import Footnotes, Sources
from runner.report.differences import ShownChanges
from runner.report.digest import MOST_SHOWN, Digest, StepDigest
from runner.report.doubts import ShownEvidence
from runner.report.escape import inline
from runner.report.fields import Field, fields_of
from runner.report.filters import FILTERS
from runner.report.filters import date as shown_date
from runner.report.gates import failed, passed
from runner.report.links import Links, way_between
from runner.report.notes import attention, notes
from runner.report.notes import warnings as warnings_of
from runner.report.rows import Row, rows_of
from runner.report.tables import table
from runner.report.values import label, plain, printed
from runner.templating.reports import ReportTemplates, report_environment

_BLANK_LINES = re.compile(r"\n\n\n+")
_ITEM_COLUMN = re.compile(r"\s*\{\{-?\s*item\.(\w+)\s*-?\}\}\s*")

CARD_FIELDS: Final = 8
"""More fields than these are read as cards, not as a table."""

CARD_TEXT: Final = 160
"""Longer values than this (on average, in one field) are read as cards, not as a table."""


def render_report(
    job: Job,
    outcomes: Iterable[Outcome] | Digest,
    *,
    date: str | None = None,
    warnings: Sequence[str] = (),
    changes: Changes | None = None,
) -> str:
    """Return the report; the same outcomes give the same bytes, cached or not.

    Args:
        job: The suffix of its `report.path` says whether markdown or HTML. Its `report.template`
            names a built-in template, or a file relative to the job file; None: chosen by
            `template_for`.
        outcomes: Of all steps, each step's in input order, or their digest (see `digest_for`).
        date: The run's date (`run.date` in templates), `YYYY-MM-DD`, unless the digest knows it; no
            built-in template shows it.
        warnings: What the provider said of the whole run, e.g. a document it could not read.
        changes: Since an earlier run; a report says nothing of it where there are none.

    Raises:
        TemplateError: the template is missing or fails; names its file and line.
    """
    charts = Charts()
    templates = _templates(job)
    if not isinstance(outcomes, Digest):
        outcomes = digest_for(job, outcomes, date=date)
    evidence = outcomes.evidence
    footnotes = Footnotes(
        links=Links(base=way_between(job.report.path.parent, job.file.parent)),
        verdicts=None if evidence is None else evidence.verdicts,
    )
    steps = outcomes.steps()
    parts: list[str] = []
    for index, (step, digest) in enumerate(steps):
        name = _template_name(job) or f"{template_for(job, step, digest.shown)}.md.j2"
        context = _context(job, step, digest, footnotes, alone=len(steps) == 1, first=index == 0)
        context["chart"] = charts.draw
        context["changes"] = _shown(changes, step, context["fields"], footnotes.links)
        context["run"] = {"date": outcomes.date or date}
        judged = [each for each in outcomes.checks.judged if each.step.id == step.id]
        weighed = None if evidence is None else evidence.steps.get(step.id)
        context["evidence"] = ShownEvidence(found=weighed, links=footnotes.links)
        context |= {"checks": passed(judged), "failed_checks": failed(judged)}
        context["run_warnings"] = warnings if index == len(steps) - 1 else ()
        parts.append(templates.render(name, context))
    # A template that does not print the footnotes it used gets them at its end.
    parts.append(footnotes.definitions())
    text = "\n\n".join(part.strip("\n") for part in parts if part.strip("\n"))
    text = _BLANK_LINES.sub("\n\n", text) + "\n"
    if not is_html(job.report.path):
        return text
    # Only a report in HTML needs what makes it.
    from runner.report.html import html_page  # noqa: PLC0415

    return html_page(text, label(job.name), charts.drawn)


def render_changes(job: Job, changes: Changes) -> str:
    """Return what changed between two runs as markdown, to be read beside the report."""
    links = Links(base=way_between(job.report.path.parent, job.file.parent))
    parts = [f"# Changes: {inline(label(job.name))}"]
    parts.append(f"{inline(changes.old)} → {inline(changes.new)}; {_compared(changes)}.")
    for step in job.steps:
        shown = _shown(changes, step, fields_of(step, ()), links)
        if shown:
            parts += [] if len(job.steps) == 1 else [f"## {inline(step.id)}"]
            parts.append(shown.as_markdown())
    return "\n\n".join(parts) + "\n"


def _compared(changes: Changes) -> str:
    without = f", {changes.unanswered:,} without an answer in one of them"
    said = f"{plural(changes.compared, 'row')} compared{without if changes.unanswered else ''}"
    return said if changes else f"{said}, nothing changed"


def _shown(
    changes: Changes | None, step: Step, fields: Sequence[Field], links: Links
) -> ShownChanges:
    """Return the changes of a step as a template sees them."""
    own = (changes or Changes()).of_step(step.id)
    return ShownChanges(since=str(shown_date(own.since)), changes=own, fields=fields, links=links)


def is_html(path: PurePath) -> bool:
    """Return whether a report of that path is written as HTML."""
    return path.suffix.lower() in {".html", ".htm"}


def digest_for(job: Job, outcomes: Iterable[Outcome] = (), *, date: str | None = None) -> Digest:
    """Return the digest that a job's report is made from; a user's own template sees every row."""
    is_own = _own(job) is not None
    return Digest.of(job, outcomes, most=None if is_own else MOST_SHOWN, date=date)


def template_for(job: Job, step: Step, outcomes: Sequence[Outcome]) -> str:
    """Return the built-in template that suits a step's answers, one of `REPORT_TEMPLATES`."""
    action = step.action
    if isinstance(action, Search | Extract | FindAll):
        return "search"
    if isinstance(action.output, TextOutput):
        return "research"
    if not isinstance(action.output, JsonOutput):
        texts = any(isinstance(outcome.output, str) for outcome in outcomes)
        return "research" if texts else "auto"
    if job.items is None and len(outcomes) <= 1:
        return "brief"
    return "cards" if _suits_cards(fields_of(step, outcomes), outcomes) else "table"


def _suits_cards(fields: Sequence[Field], outcomes: Sequence[Outcome]) -> bool:
    """Return whether values are too many, too long or too nested for a table's cells."""
    if len(fields) > CARD_FIELDS:
        return True
    for each in fields:
        values = [o.output.get(each.name) for o in outcomes if isinstance(o.output, Mapping)]
        if any(_is_nested(value) for value in values):
            return True
        texts = [plain(value) for value in values if value]
        if texts and sum(map(len, texts)) > CARD_TEXT * len(texts):
            return True
    return False


def _is_nested(value: JSON) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list) and any(isinstance(each, list | Mapping) for each in value)


def files_of(job: Job) -> list[Path]:
    """Return the files that a job and its report are made from; documents are not among them."""
    own = _own(job)
    if own is None or not own.file.is_file():
        return list(job.files)
    files = _templates(job).files(own.name)
    return [*job.files, *(each for each in files if each.is_relative_to(own.folder))]


def check_template(job: Job) -> None:
    """Raise now, before anything is asked, what reading the report's template would raise later.

    Raises:
        TemplateError: it is missing or cannot be read; names its file and line.
    """
    if (own := _own(job)) is not None:
        _templates(job).check(own.name)


def check_own_template(folder: Path, name: str) -> None:
    """Raise what reading a template of the user's would raise.

    Args:
        folder: The job's.
        name: The template's path, relative to it.

    Raises:
        TemplateError: it cannot be read; names its file and line.
    """
    own = _own_template(folder, name)
    if own is not None:
        report_environment([own.folder], filters=FILTERS, finalize=printed).check(own.name)


def _templates(job: Job) -> ReportTemplates:
    # Only a user's own template reads the job's folder, so no stray file changes a built-in one.
    own = _own(job)
    if own is None:
        return _built_in_templates()
    if not own.file.is_file():
        near = difflib.get_close_matches(str(job.report.template), REPORT_TEMPLATES, n=1)
        known = f"Built in are {', '.join(REPORT_TEMPLATES)}; or name a file beside the job"
        raise TemplateError(
            f"There is no report template '{job.report.template}'",
            hint=f"Did you mean '{near[0]}'?" if near else known,
        )
    return report_environment([own.folder], filters=FILTERS, finalize=printed)


@functools.cache
def _built_in_templates() -> ReportTemplates:
    """Return the built-in templates, read once: they are the same for every report."""
    return report_environment([], filters=FILTERS, finalize=printed)


@frozen
class _Own:
    """A template of one's own: its name below a folder, whose other templates it may name, too."""

    folder: Path
    name: str

    @property
    def file(self) -> Path:
        return self.folder / self.name


def _own(job: Job) -> _Own | None:
    """Return the job's own template, or None where a built-in one renders it.

    One that stands beside or above the job's folder begins in its own.
    """
    named = job.report.template
    return None if named is None else _own_template(job.file.parent, named)


def _own_template(folder: Path, named: str) -> _Own | None:
    if named.removesuffix(".md.j2") in REPORT_TEMPLATES:
        return None
    path = PurePosixPath(named)
    if not path.is_absolute() and ".." not in path.parts:
        return _Own(folder=folder, name=str(path))
    file = Path(os.path.normpath(folder / path))
    return _Own(folder=file.parent, name=file.name)


def _template_name(job: Job) -> str | None:
    own, named = _own(job), job.report.template
    if own is not None or named is None:
        return None if own is None else own.name
    return f"{named.removesuffix('.md.j2')}.md.j2"


def _context(
    job: Job,
    step: Step,
    digest: StepDigest,
    footnotes: Footnotes,
    *,
    alone: bool,
    first: bool,
) -> dict[str, Any]:
    """Return what a template sees of one step. A report of several steps gives each a section."""
    fields = fields_of(step, digest.shown) if _has_schema(step) else ()
    top = 1 if alone else 2
    several = len(digest.shown) > 1
    level = top + 1 if several else top
    rows = rows_of(digest.shown, fields, footnotes, level)
    listed = (*rows, *rows_of(digest.bad, fields, footnotes, level))
    return {
        "job": {"name": job.name, "description": job.description, "provider": job.provider},
        "vars": dict(job.vars),
        "step": step.id,
        "title": label(job.name),
        "alone": alone,
        "first": first,
        "several": several,
        "rows": rows,
        "answered": tuple(row for row in rows if row.answered),
        "cut": _cut(job, digest),
        "open": tuple(row for row in listed if row.status != "ok"),
        "notes": lambda chosen=rows: notes(chosen),
        "attention": lambda chosen=listed: attention(chosen),
        "fields": fields,
        "coverage": digest.coverage,
        "key_title": _key_title(job, step, rows),
        "extractive": job.provider == "local",
        "warnings": warnings_of(rows),
        "heading": lambda level: hashes(top + level - 1),
        "table": lambda chosen=rows, columns=(), key="": table(
            chosen, columns, key or _key_title(job, step, rows)
        ),
        "cite": _of_row("cite", rows, Row.cite),
        "confidence": _of_row("confidence", rows, Row.confidence),
        "sources": lambda: Sources(footnotes.sources()),
        "footnotes": footnotes.definitions,
    }


def _of_row(
    name: str, rows: Sequence[Row], function: Callable[[Row, str], str]
) -> Callable[..., str]:
    """Return a function of a field, and of a row where the report has several."""

    def called(row: Row | str, field: str = "output") -> str:
        if isinstance(row, Row):
            return function(row, field)
        if len(rows) != 1:
            raise UsageError(
                f"{name}('{row}') does not say of which row",
                hint=f"Write row.{name}('{row}') inside a loop over rows",
            )
        return function(rows[0], row)

    return called


def _cut(job: Job, digest: StepDigest) -> str:
    """Return what a reader should know where not all rows are shown."""
    if len(digest.shown) == digest.coverage.rows:
        return ""
    where = "" if job.results is None else f"; {job.results.name} has them all"
    return f"Only the first {len(digest.shown):,} rows are shown{where}."


def _has_schema(step: Step) -> bool:
    return isinstance(step.action, Task) and isinstance(step.action.output, JsonOutput)


def _key_title(job: Job, step: Step, rows: Sequence[Row]) -> str:
    """Return what the column of row names is called: the item's column that they come from."""
    if step.foreach is not None:
        return "Entry"
    column = next(iter(rows[0].item), None) if rows and job.key is None else None
    if sole := _ITEM_COLUMN.fullmatch(job.key or ""):
        column = sole[1]
    # `value` is no name that the user gave: it is what a row that is a text is called.
    return "Row" if column in {None, "value"} else label(str(column))
