"""The request bodies of steps, exactly as the Parallel API takes them; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeAlias

from runner.errors import TemplateError
from runner.frozen import frozen
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
from runner.job.rules.references import template_problem
from runner.job.schemas.limits import MAX_METADATA_VALUE, MAX_TASK
from runner.job.schemas.schema import validate_value
from runner.jsonvalue import JSON, canonical, readable
from runner.planning.calls import WEBHOOK_EVENT
from runner.planning.choosing import choose
from runner.templating import render_value

_COUNTRY = re.compile(r"[A-Za-z]{2}")


@frozen
class Row:
    """One row of the data: its index from 0, its columns, and what templates see."""

    index: int
    item: Mapping[str, JSON]
    context: Mapping[str, Any]


Body: TypeAlias = dict[str, JSON]
Build: TypeAlias = "Callable[[Renderer], Body]"
"""Makes a row's request body; what is the same for all rows is worked out once."""


def body_of(job: Job, step: Step) -> Build:
    """Return what makes a row's request body."""
    match step.action:
        case Task() as task:
            return _task(job, step, task)
        case Search() as search:
            return _search(step, search)
        case Extract() as extract:
            return _extract(step, extract)
        case FindAll() as findall:
            return _findall(step, findall)


def _task(job: Job, step: Step, task: Task) -> Build:
    where = step.question
    schemas: dict[str, JSON] = {"output_schema": output_schema(task.output)}
    if task.input_schema is not None:
        schemas["input_schema"] = {"type": "json", "json_schema": dict(task.input_schema)}
    size = len(canonical(schemas))
    is_bounded = job.provider == "parallel"
    processor = choose(task).processor
    sources: dict[str, JSON] = {}
    if step.source_policy is not None:
        sources["source_policy"] = _policy(step.source_policy)

    def build(renderer: Renderer) -> Body:
        asked = _asked(task, renderer, where)
        length = len(asked) if isinstance(asked, str) else len(canonical(asked))
        if is_bounded and size + length > MAX_TASK:
            renderer.fail(
                where,
                f"The {where[-1]} and the schemas have {size + length:,} characters; "
                f"the API takes at most {MAX_TASK:,}",
            )
        body: Body = {"input": asked, "processor": processor, "task_spec": schemas}
        if step.metadata:
            body["metadata"] = _metadata(step, renderer)
        body.update(sources)
        if step.webhook is not None:
            body["webhook"] = {"url": step.webhook, "event_types": [WEBHOOK_EVENT]}
        if step.location is not None:
            body["advanced_settings"] = {"location": _location(step, renderer)}
        return body

    return build


def _asked(task: Task, renderer: Renderer, where: Where) -> JSON:
    """Return a row's query or input."""
    asked = renderer.value(task.input, where)
    if isinstance(task.input, str):
        asked = readable(asked).strip()
        if not asked:
            renderer.fail(where, "The query is empty for this row")
    elif task.input_schema is not None:
        for complaint in validate_value(task.input_schema, asked):
            renderer.fail(where, f"The input breaks its input_schema: {complaint}")
    return asked


def _metadata(step: Step, renderer: Renderer) -> Body:
    where = (*step.where, "metadata")
    rendered: Body = renderer.value(step.metadata, where)
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


def _location(step: Step, renderer: Renderer) -> str:
    text = renderer.text(step.location or "", (*step.where, "location"))
    if not _COUNTRY.fullmatch(text):
        renderer.fail(
            (*step.where, "location"), f"A country is two letters, such as us or de, not '{text}'"
        )
    return text


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


def _search(step: Step, search: Search) -> Build:
    where = step.question
    policy = None if step.source_policy is None else _policy(step.source_policy)

    def build(renderer: Renderer) -> Body:
        body: Body = {}
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
        settings: Body = {}
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


def _extract(step: Step, extract: Extract) -> Build:
    where = step.question

    def build(renderer: Renderer) -> Body:
        urls = renderer.texts(extract.urls, (*where, "urls"))
        if not urls:
            renderer.fail((*where, "urls"), "There is no URL to extract for this row")
        body: Body = {"urls": urls}
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


def _findall(step: Step, findall: FindAll) -> Build:
    where = step.question

    def build(renderer: Renderer) -> Body:
        body: Body = {
            "objective": renderer.text(findall.objective, (*where, "objective")),
            "generator": findall.generator,
            "match_limit": renderer.count(findall.match_limit, (*where, "match_limit")),
        }
        if findall.entity_type is not None:
            body["entity_type"] = renderer.text(findall.entity_type, (*where, "entity_type"))
        if findall.match_conditions:
            body["match_conditions"] = [
                {
                    "name": each["name"],
                    "description": renderer.text(
                        each["description"], (*where, "match_conditions", number, "description")
                    ),
                }
                for number, each in enumerate(findall.match_conditions)
            ]
        if step.metadata:
            body["metadata"] = _metadata(step, renderer)
        return body

    return build


def _policy(policy: SourcePolicy) -> Body:
    body: Body = {}
    if policy.include_domains:
        body["include_domains"] = list(policy.include_domains)
    if policy.exclude_domains:
        body["exclude_domains"] = list(policy.exclude_domains)
    if policy.after_date is not None:
        body["after_date"] = policy.after_date.isoformat()
    return body


class Renderer:
    """Renders a row's templates; what fails becomes a problem at the job file's line."""

    def __init__(self, job: Job, row: Row) -> None:
        self._job = job
        self.row = row

    def value(self, template: JSON, where: Where) -> JSON:
        """Render every text inside a JSON value; lone expressions keep their type."""
        if isinstance(template, str):
            try:
                return render_value(template, self.row.context)
            except TemplateError as error:
                raise self._problem(where, error) from error
        if isinstance(template, Mapping):
            return {key: self.value(entry, (*where, key)) for key, entry in template.items()}
        if isinstance(template, list | tuple):
            return [self.value(entry, (*where, n)) for n, entry in enumerate(template)]
        return template

    def text(self, template: str, where: Where) -> str:
        """Render a text."""
        return readable(self.value(template, where)).strip()

    def texts(self, template: Iterable[str] | str, where: Where) -> list[str]:
        """Render a list of texts, or one template that is a list."""
        value = self.value(template if isinstance(template, str) else list(template), where)
        entries = value if isinstance(value, list) else [value]
        return [text for entry in entries if (text := readable(entry).strip())]

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
        return f" (row {self.row.index + 1})" if self.row.item else ""
