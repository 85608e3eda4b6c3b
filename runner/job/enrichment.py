"""An enrichment config of `parallel-cli`, read and written anew as a job."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError, Problem, has_errors
from runner.job.draft import Scope
from runner.job.model import FileItems
from runner.job.paths import Ground, is_file, shown_path
from runner.job.rows.reader import Survey, survey
from runner.job.schemas.wording import kind_of
from runner.job.spelling import did_you_mean
from runner.job.text.source import read_source, told
from runner.job.text.yamltext import block, column_in_template, job_name

if TYPE_CHECKING:
    from pathlib import Path

    from runner.jsonvalue import JSON

_KEYS = ("source", "source_type", "target", "source_columns", "enriched_columns", "processor")
_DEFAULT_PROCESSOR = "core-fast"
_FORMATS = {"csv": (".csv", ".tsv"), "json": (".json",)}
_DATABASES = ("duckdb", "bigquery")
_RESULTS = (".csv", ".json", ".jsonl")
_TYPES: Mapping[str, str] = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "string",
}
_LIST = re.compile(r"list\[(str|int|float|bool)\]")
_NULLABLE = re.compile(r"(\w+) ?\| ?None")
_FULL_SCHEMA = frozenset({"properties", "type", "$ref", "$schema"})
"""Names that the short form of an output reads as parts of a JSON Schema."""


@frozen
class _Column:
    name: str
    description: str
    type: str


@frozen
class Imported:
    """A job made from an enrichment config.

    Attributes:
        name: Of the job.
        text: The job file.
        problems: Warnings about the config.
        notes: What the job does otherwise than `parallel-cli`, in sentences.
    """

    name: str
    text: str
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def read_enrichment(
    file: Path, folder: Path, root: Path, *, working_directory: Path, processors: tuple[str, ...]
) -> Imported:
    """Return the job that an enrichment config stands for.

    Args:
        file: The config, yaml or json.
        folder: Where the job will be.
        root: The project root around it.
        working_directory: Where `parallel-cli` would run: the config's paths start there.
        processors: The names there are.

    Raises:
        JobProblemsError: the config does not say enough, or what no job can do.
    """
    source = read_source(file, shown_path(file))
    data = source.data if isinstance(source.data, Mapping) else {}
    config = Scope(source=source, where=(), data=data)
    ground = Ground(folder=folder, root=root)
    found = [*source.problems]
    if not isinstance(source.data, Mapping):
        message = f"an enrichment config holds keys and values, not {kind_of(source.data)}"
        hint = "for a data file, have a job written that names it: runner init"
        found.append(config.problem(config.value(), message, hint=hint))
    else:
        found += told(_problems(config, ground, working_directory, processors), source)
    if has_errors(found):
        raise JobProblemsError(tuple(found))
    return _imported(config, ground, working_directory, tuple(found))


def _problems(
    config: Scope, ground: Ground, working_directory: Path, processors: tuple[str, ...]
) -> Iterator[Problem]:
    for key in config.data:
        if key not in _KEYS:
            yield config.problem(
                config.key(key),
                f"the unknown key '{key}' is left out",
                hint=did_you_mean(key, _KEYS),
                severity="warning",
            )
    for key in ("source", "source_type", "target"):
        value = config.data.get(key)
        if key not in config.data:
            yield config.problem(config.value(), f"the key '{key}' is missing")
        elif not isinstance(value, str) or not value:
            yield config.problem(config.value(key), f"{key} must be text, not {kind_of(value)}")
    for key in ("source_columns", "enriched_columns"):
        yield from _column_problems(config, key)
    processor = config.data.get("processor", _DEFAULT_PROCESSOR)
    if processor not in processors:
        yield config.problem(
            config.value("processor"),
            f"there is no processor '{processor}'",
            hint=did_you_mean(str(processor), processors, noun="processors"),
        )
    yield from _source_problems(config, ground, working_directory)
    yield from _target_problems(config, ground, working_directory)


def _column_problems(config: Scope, key: str) -> Iterator[Problem]:
    columns = config.data.get(key)
    if key not in config.data:
        yield config.problem(config.value(), f"the key '{key}' is missing")
        return
    if not isinstance(columns, list) or not columns:
        hint = "write one for each: {name: ..., description: ...}"
        yield config.problem(config.value(key), f"{key} must be a list of columns", hint=hint)
        return
    seen: set[str] = set()
    for index, column in enumerate(columns):
        entry = column if isinstance(column, Mapping) else {}
        name, described = entry.get("name"), entry.get("description", 0)
        # `parallel-cli enrich plan` writes an empty description where none is typed.
        given = {
            "name": isinstance(name, str) and name,
            "description": isinstance(described, str | None),
        }
        for part, is_given in given.items():
            if not is_given:
                yield config.problem(
                    config.value(key, index, part), f"this column needs a {part}, a text"
                )
        kind = entry.get("type", "str")
        if key == "enriched_columns" and _type(kind) is None:
            yield config.problem(
                config.value(key, index, "type"),
                f"the unknown type '{kind}' is read as text, as parallel-cli does",
                hint=did_you_mean(str(kind), [*_TYPES, "list[str]"], noun="types"),
                severity="warning",
            )
        if isinstance(name, str) and name in seen:
            yield config.problem(
                config.value(key, index, "name"), f"the column '{name}' is there twice"
            )
        seen.add(str(name))


def _source_problems(config: Scope, ground: Ground, working_directory: Path) -> Iterator[Problem]:
    kind, text = config.data.get("source_type"), config.data.get("source")
    if not isinstance(kind, str) or not isinstance(text, str) or not kind or not text:
        return
    suffixes = _FORMATS.get(kind.lower(), ())
    path = working_directory / text
    if _is_of_database(config):
        file = f"{text.rpartition('.')[2]}.csv"
        yield config.problem(
            config.value("source_type"),
            f"a job reads no {kind} tables",
            hint=f"export the table to {file}, then write source_type: csv and source: {file}",
        )
    elif not suffixes:
        yield config.problem(
            config.value("source_type"),
            f"there is no source type '{kind}'",
            hint=did_you_mean(kind, _FORMATS, noun="a job reads"),
        )
    elif fault := ground.fault(_relative(path, ground.folder)):
        yield config.problem(config.value("source"), fault.message, hint=fault.hint)
    elif not is_file(path):
        yield config.problem(
            config.value("source"),
            f"there is no file {text}",
            hint="paths in the config start at the working directory",
        )
    elif path.suffix.lower() not in suffixes:
        yield config.problem(
            config.value("source"),
            f"the name of a {kind} file ends in {suffixes[0]} for a job",
            hint=f"rename it to {path.with_suffix(suffixes[0]).name}",
        )
    else:
        yield from _data_problems(config, path)


def _surveyed(path: Path) -> Survey:
    kind = path.suffix.lower().removeprefix(".")
    return survey(FileItems(path=path, format="json" if kind == "json" else "csv"))


def _is_of_database(config: Scope) -> bool:
    return str(config.data.get("source_type")).lower() in _DATABASES


def _data_problems(config: Scope, path: Path) -> Iterator[Problem]:
    found = _surveyed(path)
    yield from found.problems
    columns = config.data.get("source_columns")
    for index, column in enumerate(columns if isinstance(columns, list) else ()):
        name = column.get("name") if isinstance(column, Mapping) else None
        if isinstance(name, str) and name and name not in (found.columns or (name,)):
            yield config.problem(
                config.value("source_columns", index, "name"),
                f"the data has no column '{name}'",
                hint=did_you_mean(name, found.columns or (), noun="columns"),
            )


def _target_problems(config: Scope, ground: Ground, working_directory: Path) -> Iterator[Problem]:
    target = config.data.get("target")
    if not isinstance(target, str) or not target:
        return
    path = working_directory / target
    # A table's name may have parts: project.dataset.table.
    name = target.rpartition(".")[2] if _is_of_database(config) else path.stem
    if fault := ground.fault(_relative(path, ground.folder)):
        yield config.problem(config.value("target"), fault.message, hint=fault.hint)
    elif path.suffix.lower() not in _RESULTS:
        yield config.problem(
            config.value("target"),
            f"a results file ends in one of {', '.join(_RESULTS)}",
            hint=f"write {name}.csv",
        )
    elif path == working_directory / str(config.data.get("source")):
        yield config.problem(
            config.value("target"),
            "the results would overwrite the rows",
            hint=f"write another name, such as {path.stem}_enriched{path.suffix}",
        )


def _imported(
    config: Scope, ground: Ground, working_directory: Path, problems: tuple[Problem, ...]
) -> Imported:
    data = config.data
    inputs = [_column(entry) for entry in data["source_columns"]]
    outputs = [_column(entry) for entry in data["enriched_columns"]]
    source = _relative(working_directory / data["source"], ground.folder)
    target = _relative(working_directory / data["target"], ground.folder)
    name = job_name((working_directory / data["target"]).stem) or "enrichment"
    asked = {column.name: f"{{{{ {column_in_template(column.name)} }}}}" for column in inputs}
    job: dict[str, JSON] = {
        "name": name,
        "items": source,
        "key": asked[inputs[0].name],
        "input": asked,
        "input_schema": _object({c.name: _described(c, data["source_type"]) for c in inputs}),
        "processor": data.get("processor", _DEFAULT_PROCESSOR),
        "output": _output(outputs),
        "results": target,
    }
    head = _modeline(ground) + (
        f"# Made by `runner import` from {config.source.shown}, a config of parallel-cli.\n"
        f"# Check it with `runner validate`, see its price with `runner plan`.\n"
    )
    text = head + block(job)
    return Imported(
        name=name,
        text=text,
        problems=problems,
        notes=(
            *_notes(config, source, target),
            *_renamed(outputs, working_directory / data["source"], target),
        ),
    )


def _modeline(ground: Ground) -> str:
    """Return the line by which an editor finds the schema that `runner init` has written."""
    schema = ground.root / "schemas" / "job.schema.json"
    way = _relative(schema, ground.folder)
    return f"# yaml-language-server: $schema={way}\n" if is_file(schema) and " " not in way else ""


def _notes(config: Scope, source: str, target: str) -> Iterator[str]:
    if "processor" not in config.data:
        yield f"the config names no processor: {_DEFAULT_PROCESSOR}, the default of parallel-cli"
    yield (
        f"paths are relative to the job file ({source}, {target}), wherever runner is called from"
    )
    yield "only the source_columns leave the machine; parallel-cli sends every column of a row"
    yield "every row comes back, in order; parallel-cli leaves out the rows that failed"
    if target.endswith(".csv"):
        yield (
            "the results file keeps all columns of the data and adds confidence, sources, status "
            "and cost; it has no batch_id and insertion_timestamp"
        )
    else:
        yield (
            "a result is an object with status, output, basis (the sources) and cost; it has no "
            "batch_id and insertion_timestamp"
        )
    yield "answers are kept for 24 hours: a second run asks only what is new (`cache:` changes it)"
    yield "a report is written, too: reports/ beside the job"


def _renamed(outputs: list[_Column], source: Path, target: str) -> Iterator[str]:
    """Yield what is said of answers that are called like a column of the data."""
    taken = _surveyed(source).columns or () if target.endswith(".csv") else ()
    for column in outputs:
        if column.name in taken:
            yield (
                f"the data has a column '{column.name}': the answer stands beside it, as "
                f"'output.{column.name}'; parallel-cli writes it in its place"
            )


def _column(entry: Mapping[str, JSON]) -> _Column:
    kind = entry.get("type", "str")
    return _Column(name=entry["name"], description=entry["description"] or "", type=str(kind))


def _type(kind: JSON) -> tuple[str, bool, str | None] | None:
    """Return a type's name, whether it may be null, and the type of a list's entries."""
    if not isinstance(kind, str):
        return None
    if match := _LIST.fullmatch(kind):
        return "array", False, _TYPES[match[1]]
    optional = _NULLABLE.fullmatch(kind)
    name = _TYPES.get(optional[1] if optional else kind)
    return None if name is None else (name, optional is not None, None)


def _described(column: _Column, source_type: str) -> dict[str, JSON]:
    # The cells of a csv file are texts; what a json file holds is not known.
    kind = {"type": "string"} if source_type.lower() == "csv" else {}
    return kind | _description(column.description)


def _output(columns: list[_Column]) -> dict[str, JSON]:
    """Return the fields in the short form, or in full where a field's name forbids it."""
    in_full = not _FULL_SCHEMA.isdisjoint(column.name for column in columns)
    fields = {column.name: _field(column, in_full=in_full) for column in columns}
    return _object(fields) if in_full else fields


def _field(column: _Column, *, in_full: bool) -> dict[str, JSON]:
    name, nullable, entries = _type(column.type) or ("string", False, None)
    description = column.description
    if column.type.startswith("datetime"):
        description += " (date and time, as YYYY-MM-DDTHH:MM:SS)"
    if name == "date" and in_full:
        name, description = "string", f"{description} (a date, as YYYY-MM-DD)"
    elif name == "date":
        description += " (as YYYY-MM-DD)"
    written: JSON = name
    if nullable:
        written = [name, "null"] if in_full else f"{name}?"
    field: dict[str, JSON] = {"type": written}
    if entries is not None:
        field["items"] = {"type": entries}
    return field | _description(description.strip())


def _description(text: str) -> dict[str, JSON]:
    return {"description": text} if text else {}


def _object(properties: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")
