"""What an answer must look like: `output` and `input_schema`, from whatever form they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import MOST, JobProblemsError, has_errors
from runner.job.model import AutoOutput, JsonOutput, Output, TextOutput
from runner.job.paths import is_file, is_folder, shown_path
from runner.job.rules.nearby import missing_hint
from runner.job.schemas.limits import api_problems
from runner.job.schemas.schema import schema_problems
from runner.job.schemas.shortform import expand, is_schema
from runner.job.spelling import closest
from runner.job.text.jsontext import JsonError, parse_json
from runner.job.text.lines import Lines, Position
from runner.job.text.source import json_source
from runner.job.text.textfile import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

_WORDS = ("text", "auto")
_MOST = 2 * MOST
"""No more than this is looked for: errors and warnings together."""

_PATHS_HINT = "paths are relative to the job file"
_OUTPUT_HINT = "write text, auto, the path of a JSON Schema, or fields: {founded: integer}"


@frozen
class SchemaFile:
    """A JSON Schema in a file, as `written`; `schema` is None where it cannot be used."""

    schema: Mapping[str, JSON] | None
    written: Mapping[str, JSON] | None = None
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
        message, hint = f"this is not JSON: {error.reason}", error.hint or hint
        if not text.strip():
            message = "the file is empty"
        elif not text.lstrip().startswith(("{", "[")):
            hint = "a schema file holds JSON; YAML is written into the job, below the key"
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
        schema=None if has_errors(problems) else data,
        written=data,
        source=source,
        problems=problems,
    )


def read_output(draft: Draft, step: Scope) -> ReadOutput:
    """Return the output a step asks for; a step that says nothing leaves it to the provider."""
    holder = draft.holder(step, "output")
    value = None if holder is None else holder.data["output"]
    if holder is None or value is None or value in _WORDS:
        return ReadOutput(output=TextOutput() if value == "text" else AutoOutput())
    if isinstance(value, str):
        found = _named_schema(draft, holder, "output", value)
        if found.written is None or found.source is None:
            return ReadOutput(output=AutoOutput(), problems=found.problems)
        problems = _with_root(found.problems, _root(found.written, found.source, ()))
        if draft.provider == "parallel":
            problems = (*problems, *_api_problems(found.written, found.source, (), problems))
        output = JsonOutput(schema=found.written, path=draft.ground.path(value))
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
        message, hint = f"there is no file {text}", _PATHS_HINT
        if is_folder(path):
            message, hint = f"{text} is a folder", "name a file in it"
        elif key == "output" and not path.suffix:
            near = closest(text, _WORDS)
            hint = f"did you mean {near}?" if near else _OUTPUT_HINT
        hint = missing_hint(draft.ground.folder, text, hint) if hint == _PATHS_HINT else hint
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
        problems = _with_root(schema_problems(value, source, place), _root(value, source, place))
        if is_parallel:
            problems = (*problems, *_api_problems(value, source, place, problems))
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
        problems = (*problems, *_api_problems(schema, source, place, problems, short=True))
    return ReadOutput(output=JsonOutput(schema=schema), problems=problems)


def _with_root(found: Iterable[Problem], root: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return all of them, without a warning at the place of an error of the root."""
    places = {(problem.line, problem.column) for problem in root}
    kept = (p for p in found if p.severity == "error" or (p.line, p.column) not in places)
    return (*kept, *root)


def _api_problems(
    schema: Mapping[str, JSON], source: Source, place: Where, told: tuple[Problem, ...],
    *, short: bool = False,
) -> Iterator[Problem]:  # fmt: skip
    """Yield what the API says to a schema; of one that has errors, only what it refuses."""
    found = islice(api_problems(schema, source, place, short=short), _MOST)
    is_broken = has_errors(told)
    places = {(problem.line, problem.column) for problem in told}
    for problem in found:
        if (problem.line, problem.column) not in places and not (
            is_broken and problem.severity == "warning"
        ):
            yield problem


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
    if not isinstance(schema.get("properties", {}), Mapping):
        return ()  # that is told already
    if not schema.get("properties"):
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
