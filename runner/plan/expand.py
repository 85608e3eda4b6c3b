"""A job and its rows become calls: templates rendered, request bodies built; pure, streaming."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, TypeAlias

from runner.errors import NotAvailableError
from runner.job.diagnostics import JobProblemsError
from runner.job.limits import MAX_METADATA_VALUE, MAX_TASK
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
from runner.job.references import template_problem
from runner.job.schema import validate_value
from runner.jsonvalue import JSON, canonical
from runner.plan.calls import Call, Kind, fingerprint
from runner.plan.price import price
from runner.plan.processors import FAST, PROCESSORS
from runner.templating import TemplateError, render_value

_COUNTRY = re.compile(r"[A-Za-z]{2}")

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
    kinds = [(step, *_kind(job, step)) for step in job.steps]
    run = {"date": today.isoformat()}
    for index, item in enumerate(rows):
        row = Row(index=index, item=item, context={"vars": job.vars, "item": item, "run": run})
        renderer = _Renderer(job, row)
        key = _key(job, row, renderer)
        for step, kind, build in kinds:
            body = build(renderer)
            yield Call(
                row=index,
                step=step.id,
                kind=kind,
                key=key,
                item=item,
                body=body,
                fingerprint=fingerprint(edition(body), kind, body),
                price_usd=price(job.provider, kind, body),
            )


def _key(job: Job, row: Row, renderer: _Renderer) -> str:
    if job.key is not None:
        is_own = "key" in job.source.data
        rendered = renderer.value(job.key, ("key",) if is_own else ("items", "key"))
        return "" if rendered is None else str(rendered)
    first = next(iter(row.item.values()), None)
    if first is None:
        return job.name if not row.item else f"row {row.index + 1}"
    return str(first)


_Body: TypeAlias = dict[str, JSON]
_Build: TypeAlias = "Callable[[_Renderer], _Body]"
"""Makes a row's request body; what is the same for all rows is worked out once."""


def _kind(job: Job, step: Step) -> tuple[Kind, _Build]:
    match step.action:
        case Task() as task:
            return "task", _task(job, step, task)
        case Search() as search:
            return "search", _search(step, search)
        case Extract() as extract:
            return "extract", _extract(step, extract)
        case FindAll():
            raise NotAvailableError(
                "'findall' is not available yet",
                hint="Use 'search' or list the rows under 'items'",
            )


def _task(job: Job, step: Step, task: Task) -> _Build:
    where = (*step.where, "query" if isinstance(task.input, str) else "input")
    schemas: dict[str, JSON] = {"output_schema": output_schema(task.output)}
    if task.input_schema is not None:
        schemas["input_schema"] = {"type": "json", "json_schema": dict(task.input_schema)}
    size = len(canonical(schemas))
    is_bounded = job.provider == "parallel"
    processor = processor_of(task)
    sources: dict[str, JSON] = {}
    if step.source_policy is not None:
        sources["source_policy"] = _policy(step.source_policy)

    def build(renderer: _Renderer) -> _Body:
        asked = _asked(task, renderer, where)
        length = len(asked) if isinstance(asked, str) else len(canonical(asked))
        if is_bounded and size + length > MAX_TASK:
            renderer.fail(
                where,
                f"The {where[-1]} and the schemas have {size + length:,} characters; "
                f"the API takes at most {MAX_TASK:,}",
            )
        body: _Body = {"input": asked, "processor": processor, "task_spec": schemas}
        if step.metadata:
            body["metadata"] = _metadata(step, renderer)
        body.update(sources)
        if step.location is not None:
            body["advanced_settings"] = {"location": _location(step, renderer)}
        return body

    return build


def _asked(task: Task, renderer: _Renderer, where: Where) -> JSON:
    """Return a row's query or input."""
    asked = renderer.value(task.input, where)
    if isinstance(task.input, str):
        asked = "" if asked is None else str(asked).strip()
        if not asked:
            renderer.fail(where, "The query is empty for this row")
    elif task.input_schema is not None:
        for complaint in validate_value(task.input_schema, asked):
            renderer.fail(where, f"The input breaks its input_schema: {complaint}")
    return asked


def _metadata(step: Step, renderer: _Renderer) -> _Body:
    where = (*step.where, "metadata")
    rendered: _Body = renderer.value(step.metadata, where)
    for key, value in rendered.items():
        if not isinstance(value, str | int | float):
            renderer.fail((*where, key), "A metadata value must be a text, a number or true/false")
        if isinstance(value, str) and len(value) > MAX_METADATA_VALUE:
            renderer.fail(
                (*where, key),
                f"The metadata value has {len(value):,} characters; "
                f"at most {MAX_METADATA_VALUE} are allowed",
            )
    return rendered


def _location(step: Step, renderer: _Renderer) -> str:
    text = renderer.text(step.location or "", (*step.where, "location"))
    if not _COUNTRY.fullmatch(text):
        renderer.fail(
            (*step.where, "location"), f"A country is two letters, such as us or de, not '{text}'"
        )
    return text


def processor_of(task: Task) -> str:
    """Return the processor a task asks for; `auto` takes the cheapest that serves its output."""
    name = task.processor
    if name == "auto":
        name = _cheapest(task.output, task.max_processor)
    if task.fast and not name.endswith(FAST):
        name += FAST
    return name


def _cheapest(output: Output, most: str | None) -> str:
    """Return the cheapest processor that serves an output (its fields, or text and auto).

    Where none up to `most` does, that one.
    """
    standard = [entry for entry in PROCESSORS.values() if not entry.name.endswith(FAST)]
    if most is not None:
        names = [entry.name for entry in standard]
        standard = standard[: names.index(most.removesuffix(FAST)) + 1]
    fields = len(output.schema.get("properties") or {}) if isinstance(output, JsonOutput) else 0
    is_deep = not isinstance(output, JsonOutput)
    fitting = (e.name for e in standard if e.fields >= fields and (e.deep or not is_deep))
    return next(fitting, standard[-1].name)


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


def _search(step: Step, search: Search) -> _Build:
    where = (*step.where, "search")
    policy = None if step.source_policy is None else _policy(step.source_policy)

    def build(renderer: _Renderer) -> _Body:
        body: _Body = {}
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
        settings: _Body = {}
        if policy is not None:
            settings["source_policy"] = policy
        if step.location is not None:
            settings["location"] = _location(step, renderer)
        if search.max_results is not None:
            settings["max_results"] = renderer.count(search.max_results, (*where, "max_results"))
        if settings:
            body["advanced_settings"] = settings
        return body

    return build


def _extract(step: Step, extract: Extract) -> _Build:
    where = (*step.where, "extract")

    def build(renderer: _Renderer) -> _Body:
        urls = renderer.texts(extract.urls, (*where, "urls"))
        if not urls:
            renderer.fail((*where, "urls"), "There is no URL to extract for this row")
        body: _Body = {"urls": urls}
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

    return build


def _policy(policy: SourcePolicy) -> _Body:
    body: _Body = {}
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

    def fail(self, where: Where, message: str) -> NoReturn:
        """Raise a problem with the whole value at a place in the job file."""
        source = self._job.source
        text = message[:1].lower() + message[1:] + self._of_row()
        raise JobProblemsError((source.problem(source.value(where), text),))

    def _problem(self, where: Where, error: TemplateError) -> JobProblemsError:
        return JobProblemsError((template_problem(self._job.source, where, error, self._of_row()),))

    def _of_row(self) -> str:
        return f" (row {self._row.index + 1})" if self._row.item else ""
