"""A job and its rows become calls: templates rendered, request bodies built; pure, streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from runner.errors import NotAvailableError
from runner.job.diagnostics import JobProblemsError
from runner.job.model import (
    AutoOutput,
    Extract,
    FindAll,
    Job,
    JsonOutput,
    Output,
    Search,
    SourcePolicy,
    Step,
    Task,
    TextOutput,
    Where,
)
from runner.job.schema import validate_value
from runner.jsonvalue import JSON
from runner.plan.calls import Call, Kind, fingerprint
from runner.plan.price import price
from runner.plan.processors import FAST, PROCESSORS
from runner.templating import TemplateError, is_template, render_value


Edition: TypeAlias = Callable[[Mapping[str, JSON]], str]
"""Says, for a request body, who answers and the state of what it answers from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the data: its index from 0, its columns, and what templates see."""

    index: int
    item: Mapping[str, JSON]
    context: Mapping[str, Any]


def expand(
    job: Job, rows: Iterable[Mapping[str, JSON]], *, edition: Edition, today: date
) -> Iterator[Call]:
    """Yield one call per row and step, rows in input order.

    Raises:
        JobProblemsError: a template, an input or a value does not fit a row; names the row.
    """
    for index, item in enumerate(rows):
        row = Row(index=index, item=item, context=_context(job, item, today))
        key = _key(job, row)
        for step in job.steps:
            yield _call(job, step, row, key, edition)


def _context(job: Job, item: Mapping[str, JSON], today: date) -> Mapping[str, Any]:
    return {"vars": job.vars, "item": item, "run": {"date": today.isoformat()}}


def _key(job: Job, row: Row) -> str:
    if job.key is not None:
        rendered = _Renderer(job, row).value(job.key, ("key",))
        return "" if rendered is None else str(rendered)
    first = next(iter(row.item.values()), None)
    if first is None:
        return job.name if not row.item else f"row {row.index + 1}"
    return str(first)


def _call(job: Job, step: Step, row: Row, key: str, edition: Edition) -> Call:
    renderer = _Renderer(job, row)
    kind, body = _body(step, renderer)
    return Call(
        row=row.index,
        step=step.id,
        kind=kind,
        key=key,
        item=row.item,
        body=body,
        fingerprint=fingerprint(edition(body), kind, body),
        price_usd=price(job.provider, kind, body),
    )


def _body(step: Step, renderer: _Renderer) -> tuple[Kind, dict[str, JSON]]:
    match step.action:
        case Task() as task:
            return "task", _task_body(step, task, renderer)
        case Search() as search:
            return "search", _search_body(step, search, renderer)
        case Extract() as extract:
            return "extract", _extract_body(step, extract, renderer)
        case FindAll():
            raise NotAvailableError(
                "'findall' is not available yet",
                hint="Use 'search' or list the rows under 'items'",
            )


def _task_body(step: Step, task: Task, renderer: _Renderer) -> dict[str, JSON]:
    where = (*step.where, "query" if isinstance(task.input, str) else "input")
    asked = renderer.value(task.input, where)
    if isinstance(task.input, str):
        asked = "" if asked is None else str(asked).strip()
        if not asked:
            renderer.fail(where, "The query is empty for this row")
    elif task.input_schema is not None:
        for complaint in validate_value(task.input_schema, asked):
            renderer.fail(where, f"The input breaks its input_schema: {complaint}")
    spec: dict[str, JSON] = {"output_schema": output_schema(task.output)}
    if task.input_schema is not None:
        spec["input_schema"] = {"type": "json", "json_schema": dict(task.input_schema)}
    body: dict[str, JSON] = {
        "input": asked,
        "processor": processor_of(task),
        "task_spec": spec,
    }
    if step.metadata:
        body["metadata"] = renderer.value(step.metadata, (*step.where, "metadata"))
    if step.source_policy is not None:
        body["source_policy"] = _policy(step.source_policy)
    if step.location is not None:
        body["advanced_settings"] = {"location": step.location}
    return body


def processor_of(task: Task) -> str:
    """Return the processor a task asks for; `auto` takes the cheapest that serves its output."""
    name = task.processor
    if name == "auto":
        name = _cheapest(task.output)
    if task.fast and not name.endswith(FAST):
        name += FAST
    return name


def _cheapest(output: Output) -> str:
    """Return the cheapest processor that serves an output: its fields, or text and auto."""
    standard = [entry for entry in PROCESSORS.values() if not entry.name.endswith(FAST)]
    if not isinstance(output, JsonOutput):
        return next(entry.name for entry in standard if entry.deep)
    fields = len(output.schema.get("properties") or {})
    return next((entry.name for entry in standard if entry.fields >= fields), standard[-1].name)


def output_schema(output: Output) -> JSON:
    """Return an output as the API's `task_spec.output_schema`."""
    match output:
        case TextOutput(description=None):
            return {"type": "text"}
        case TextOutput(description=description):
            return {"type": "text", "description": description}
        case AutoOutput():
            return {"type": "auto"}
        case JsonOutput(schema=schema):
            return {"type": "json", "json_schema": dict(schema)}


def _search_body(step: Step, search: Search, renderer: _Renderer) -> dict[str, JSON]:
    where = (*step.where, "search")
    body: dict[str, JSON] = {}
    if search.objective is not None:
        body["objective"] = renderer.text(search.objective, (*where, "objective"))
    queries = renderer.texts(search.queries, (*where, "queries"))
    # The API wants at least one query; an objective alone serves as its own.
    body["search_queries"] = queries or [body.get("objective", "")]
    if not any(query.strip() for query in body["search_queries"]):
        renderer.fail(where, "The search has neither a query nor an objective for this row")
    if search.mode is not None:
        body["mode"] = search.mode
    if search.max_chars is not None:
        body["max_chars_total"] = renderer.count(search.max_chars, (*where, "max_chars"))
    settings: dict[str, JSON] = {}
    if step.source_policy is not None:
        settings["source_policy"] = _policy(step.source_policy)
    if step.location is not None:
        settings["location"] = step.location
    if search.max_results is not None:
        settings["max_results"] = renderer.count(search.max_results, (*where, "max_results"))
    if settings:
        body["advanced_settings"] = settings
    return body


def _extract_body(step: Step, extract: Extract, renderer: _Renderer) -> dict[str, JSON]:
    where = (*step.where, "extract")
    body: dict[str, JSON] = {"urls": renderer.texts(extract.urls, (*where, "urls"))}
    if not body["urls"]:
        renderer.fail(where, "There is no URL to extract for this row")
    if extract.objective is not None:
        body["objective"] = renderer.text(extract.objective, (*where, "objective"))
    queries = renderer.texts(extract.queries, (*where, "queries"))
    if queries:
        body["search_queries"] = queries
    if extract.max_chars is not None:
        body["max_chars_total"] = renderer.count(extract.max_chars, (*where, "max_chars"))
    if extract.full_content:
        body["advanced_settings"] = {"full_content": True}
    return body


def _policy(policy: SourcePolicy) -> dict[str, JSON]:
    body: dict[str, JSON] = {}
    if policy.include_domains:
        body["include_domains"] = list(policy.include_domains)
    if policy.exclude_domains:
        body["exclude_domains"] = list(policy.exclude_domains)
    if policy.after_date is not None:
        body["after_date"] = policy.after_date.isoformat()
    return body


class _Renderer:
    """Renders a row's templates; what fails becomes a problem at the job file's line."""

    def __init__(self, job: Job, row: Row) -> None:
        self._job = job
        self._row = row

    def value(self, template: JSON, where: Where) -> JSON:
        """Render every text inside a JSON value; lone expressions keep their type."""
        if isinstance(template, str):
            if not is_template(template):
                return template
            try:
                return render_value(template, self._row.context)
            except TemplateError as error:
                raise self._problem(where, error) from error
        if isinstance(template, Mapping):
            return {key: self.value(entry, (*where, key)) for key, entry in template.items()}
        if isinstance(template, list | tuple):
            return [self.value(entry, (*where, n)) for n, entry in enumerate(template)]
        return template

    def text(self, template: str, where: Where) -> str:
        """Render a text."""
        value = self.value(template, where)
        return "" if value is None else str(value).strip()

    def texts(self, template: Iterable[str] | str, where: Where) -> list[str]:
        """Render a list of texts, or one template that is a list."""
        value = self.value(template if isinstance(template, str) else list(template), where)
        entries = value if isinstance(value, list) else [value]
        return [str(entry).strip() for entry in entries if entry not in (None, "")]

    def count(self, template: int | str, where: Where) -> int:
        """Render a whole number of at least 1."""
        value = self.value(template, where)
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = 0
        if number < 1:
            self.fail(where, f"This must be a whole number of at least 1, not {value!r}")
        return number

    def fail(self, where: Where, message: str) -> None:
        """Raise a problem at a place in the job file."""
        raise self._problem(where, TemplateError(message))

    def _problem(self, where: Where, error: TemplateError) -> JobProblemsError:
        source = self._job.source
        place = source.inside(where, error.line, error.column)
        of_row = f" (row {self._row.index + 1})" if self._row.item else ""
        return JobProblemsError((source.problem(place, error.message + of_row, hint=error.hint),))
