"""What an answer must look like: `output` and `input_schema`, from whatever form they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import MOST, JobProblemsError, has_errors
from runner.job.jsontext import JsonError, parse_json
from runner.job.limits import api_problems
from runner.job.lines import Lines, Position
from runner.job.model import AutoOutput, JsonOutput, Output, TextOutput
from runner.job.paths import is_file, is_folder, shown_path
from runner.job.schema import schema_problems
from runner.job.shortform import expand, is_schema
from runner.job.source import json_source
from runner.job.spelling import closest
from runner.job.textfile import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.source import Source
    from runner.jsonvalue import JSON

_WORDS = ("text", "auto")
_MOST = 2 * MOST
"""No more than this is looked for: errors and warnings together."""

_OUTPUT_HINT = "write text, auto, the path of a JSON Schema, or fields: {founded: integer}"


@frozen
class SchemaFile:
    """A JSON Schema in a file; `schema` is None where it cannot be used."""

    schema: Mapping[str, JSON] | None
    source: Source | None = None
    problems: tuple[Problem, ...] = ()


@frozen
class ReadOutput:
    """The output a step asks for, and what is wrong with how it is written."""

    output: Output
    problems: tuple[Problem, ...] = ()


def check_schema_file(path: Path, named_by: str) -> SchemaFile:
    """Return the JSON Schema in a file, with every reason why it is none.

    Args:
        path: A file that exists.
        named_by: The place that names it (`jobs/x.yaml:7`), for messages.
    """
    shown = shown_path(path)
    hint = f"{named_by} names this file as a JSON Schema"
    try:
        text = read_text(path, shown)
        data = parse_json(text)
        source = json_source(text, shown, data)
    except JobProblemsError as error:
        return SchemaFile(schema=None, problems=error.problems)
    except JsonError as error:
        where = Position(line=error.line or 1, column=error.column or 1)
        message = f"this is not JSON: {error.reason}"
        return SchemaFile(
            schema=None, problems=(Lines(text).problem(shown, where, message, hint=hint),)
        )
    if not isinstance(data, dict):
        problem = source.problem(source.value(()), "a JSON Schema is an object", hint=hint)
        return SchemaFile(schema=None, problems=(problem,))
    twice = tuple(p for p in source.problems if "given twice" in p.message)
    problems = tuple(
        replace(problem, hint=problem.hint or hint)
        for problem in (*twice, *schema_problems(data, source))
    )
    return SchemaFile(
        schema=None if has_errors(problems) else data, source=source, problems=problems
    )


def read_output(draft: Draft, step: Scope) -> ReadOutput:
    """Return the output a step asks for; a step that says nothing leaves it to the provider."""
    holder = draft.holder(step, "output")
    value = None if holder is None else holder.data["output"]
    if holder is None or value is None or value in _WORDS:
        return ReadOutput(output=TextOutput() if value == "text" else AutoOutput())
    if isinstance(value, str):
        found = _named_schema(draft, holder, "output", value)
        if found.schema is None or found.source is None:
            return ReadOutput(output=AutoOutput(), problems=found.problems)
        problems = (*found.problems, *_root(found.schema, found.source, ()))
        if not has_errors(problems) and draft.provider == "parallel":
            problems = (*problems, *_api_problems(found.schema, found.source, ()))
        output = JsonOutput(schema=found.schema, path=draft.ground.path(value))
        return ReadOutput(output=output, problems=problems)
    if isinstance(value, Mapping) and value:
        return _written_output(draft, holder, value)
    return ReadOutput(output=AutoOutput())


def read_input_schema(draft: Draft, step: Scope) -> SchemaFile:
    """Return the schema of a step's `input`; its schema is None where there is none."""
    holder = draft.holder(step, "input_schema")
    value = None if holder is None else holder.data["input_schema"]
    if holder is not None and isinstance(value, str) and value:
        return _named_schema(draft, holder, "input_schema", value)
    if holder is not None and isinstance(value, Mapping):
        place = (*holder.where, "input_schema")
        problems = tuple(schema_problems(value, holder.source, place))
        return SchemaFile(schema=None if has_errors(problems) else value, problems=problems)
    return SchemaFile(schema=None)


def _named_schema(draft: Draft, holder: Scope, key: str, text: str) -> SchemaFile:
    """Return the schema in the file that a key names."""
    position = holder.value(key)
    if fault := draft.ground.fault(text):
        problem = holder.problem(position, fault.message, hint=fault.hint)
        return SchemaFile(schema=None, problems=(problem,))
    path = draft.ground.path(text)
    if not is_file(path):
        message, hint = f"there is no file {text}", "paths are relative to the job file"
        if is_folder(path):
            message, hint = f"{text} is a folder", "name a file in it"
        elif key == "output" and not path.suffix:
            near = closest(text, _WORDS)
            hint = f"did you mean {near}?" if near else _OUTPUT_HINT
        problem = holder.problem(position, message, hint=hint)
        return SchemaFile(schema=None, problems=(problem,))
    named_by = f"{position.file or holder.source.shown}:{position.line}"
    return draft.shelf.take(("schema", path), lambda: check_schema_file(path, named_by))


def _written_output(draft: Draft, holder: Scope, value: Mapping[str, JSON]) -> ReadOutput:
    """Return an output written in the job file: a JSON Schema, or the short form."""
    place: Where = (*holder.where, "output")
    source = holder.source
    is_parallel = draft.provider == "parallel"
    if is_schema(value):
        problems = (*schema_problems(value, source, place), *_root(value, source, place))
        if not has_errors(problems) and is_parallel:
            problems = (*problems, *_api_problems(value, source, place))
        return ReadOutput(output=JsonOutput(schema=value), problems=problems)
    schema, remarks = expand(value, with_formats=not is_parallel)
    problems = tuple(
        source.problem(
            source.value((*place, *remark.where)),
            remark.message,
            hint=remark.hint,
            severity=remark.severity,
        )
        for remark in remarks[:_MOST]
    )
    if not has_errors(problems):
        problems = (*problems, *schema_problems(schema, source, place, short=True))
    if is_parallel and not has_errors(problems):
        problems = (*problems, *_api_problems(schema, source, place, short=True))
    return ReadOutput(output=JsonOutput(schema=schema), problems=problems)


def _api_problems(
    schema: Mapping[str, JSON], source: Source, place: Where, *, short: bool = False
) -> Iterator[Problem]:
    return islice(api_problems(schema, source, place, short=short), _MOST)


def _root(schema: Mapping[str, JSON], source: Source, place: Where) -> tuple[Problem, ...]:
    """Return why a schema cannot be an answer's: its root must be an object with properties."""
    if schema.get("type") != "object":
        key = (*place, "type") if "type" in schema else place
        return (
            source.problem(
                source.value(key),
                "the root of an output schema must be an object",
                hint='write "type": "object" and "properties"',
            ),
        )
    if not isinstance(schema.get("properties"), Mapping) or not schema["properties"]:
        near = next((key for key in schema if closest(key, ("properties",))), None)
        misspelt = near not in (None, "properties")
        return (
            source.problem(
                source.key((*place, str(near))) if misspelt else source.value(place),
                "an output schema needs properties",
                hint="did you mean properties?"
                if misspelt
                else 'name each field below "properties"',
            ),
        )
    return ()
