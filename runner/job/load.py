"""A path to a `Job`, or to all of its problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.build import build_job
from runner.job.diagnostics import MOST, JobProblemsError, Problem, has_errors, of_kind, ordered
from runner.job.draft import ACTIONS, Draft, Scope
from runner.job.extends import Family, extend
from runner.job.model import JsonOutput, TextOutput
from runner.job.paths import PROJECT_FILE, Ground, shown_path
from runner.job.project import read_project
from runner.job.rows.items import read_items
from runner.job.rules.checks import unknown_fields
from runner.job.rules.files import file_problems, own_template
from runner.job.rules.jobs import rule_problems
from runner.job.rules.references import template_problems
from runner.job.schemas.limits import size_problems
from runner.job.schemas.outputs import read_input_schema, read_output
from runner.job.schemas.schema import input_problems, job_problems, mend_job
from runner.job.shelf import Shelf
from runner.job.text.source import read_source, told
from runner.job.text.textfile import MAX_BYTES
from runner.job.trial import trial_problems
from runner.job.variables import assign, missing_problems, read_variables, variable_problems

if TYPE_CHECKING:
    from runner.job.draft import Project
    from runner.job.model import Job, Output, Where
    from runner.job.schemas.outputs import ReadOutput
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

_NONE: Mapping[str, JSON] = MappingProxyType({})
_NAME = re.compile(rb"^name[ \t]*:", re.MULTILINE)
_ASKS = re.compile(rb"^(?:%s|steps|extends)[ \t]*:" % "|".join(ACTIONS).encode(), re.MULTILINE)
_SETS = re.compile(
    rb"^(processor|items|output|documents|source_policy|results|budget|provider)[ \t]*:",
    re.MULTILINE,
)
_FEW_KEYS = 2
_MODELINE = re.compile(rb"^#.*\$schema=\S*job\.schema\.json", re.MULTILINE)


@frozen
class Loaded:
    """What became of a job file.

    Attributes:
        job: The job; None where there are errors.
        problems: Errors and warnings, in the files' order.
        missing: Variables without a default that were given no value; the job has none for them.
        template: The path of the job's own report template; it has not been read.
    """

    job: Job | None
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()
    template: str | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a run."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")


def load_job(
    path: Path,
    *,
    variables: Mapping[str, JSON] = _NONE,
    provider: str | None = None,
    allow_outside: bool = False,
) -> Job:
    """Return the job in a file, ready to be planned.

    Args:
        path: The job file.
        variables: Values for `vars`; texts are read as YAML scalars.
        provider: Takes the place of the job's own.
        allow_outside: The job may read and write outside its project.

    Raises:
        JobProblemsError: with everything that is wrong with the job and the files it names, or
            the variables that have no value.
        UsageError: a variable is unknown or does not fit.
    """
    job, _ = load_with_warnings(
        path, variables=variables, provider=provider, allow_outside=allow_outside
    )
    return job


def load_with_warnings(
    path: Path,
    *,
    variables: Mapping[str, JSON] = _NONE,
    provider: str | None = None,
    allow_outside: bool = False,
) -> tuple[Job, tuple[Problem, ...]]:
    """Return the job in a file, and its warnings; as `load_job` in all else."""
    loaded = load(path, variables=variables, provider=provider, allow_outside=allow_outside)
    if loaded.job is None:
        raise JobProblemsError(loaded.problems)
    if loaded.missing:
        source = loaded.job.source
        missing = missing_problems(source.data.get("vars"), loaded.missing, source)
        raise JobProblemsError((*missing, *loaded.warnings))
    return loaded.job, loaded.warnings


def load(
    path: Path,
    *,
    variables: Mapping[str, JSON] = _NONE,
    provider: str | None = None,
    allow_outside: bool = False,
    shelf: Shelf | None = None,
) -> Loaded:
    """Return the job in a file and every problem with it; the arguments are those of `load_job`.

    A `shelf` keeps what jobs share; pass the same one for each job of a call.

    Raises:
        UsageError: a variable given is unknown or does not fit.
    """
    file = Path(os.path.abspath(path))  # noqa: PTH100 - links stay, unlike with resolve
    try:
        source = read_source(file, shown_path(path))
    except JobProblemsError as error:
        return Loaded(job=None, problems=error.problems)
    if not isinstance(source.data, dict):
        found = [*source.problems, *of_kind("language", job_problems(source))]
        return Loaded(job=None, problems=_first_of_place(told(found, source)))
    mend_job(source)
    shelf = shelf or Shelf()
    folder = file.parent
    project = shelf.take(("project", folder), lambda: read_project(folder, Path.cwd()))
    ground = shelf.take(
        ("ground", folder),
        lambda: Ground(folder=folder, root=project.root, allow_outside=allow_outside),
    )
    source, broken = extend(source, file, ground, shelf)
    named = provider or _provider(source, project)
    if isinstance(source, Family):
        source.rebase(is_local=named == "local")
    found = [*source.problems, *broken, *of_kind("language", job_problems(source))]
    if broken:
        return Loaded(job=None, problems=_first_of_place(told(found, source)))
    job = Scope(source=source, where=(), data=source.data)
    draft = Draft(job=job, file=file, project=project, ground=ground, provider=named, shelf=shelf)
    return _checked(draft, found, variables)


def _provider(source: Source, project: Project) -> str:
    named = source.data.get("provider")
    if named is None and project.defaults is not None:
        named = project.defaults.data.get("provider")
    return named if isinstance(named, str) else "parallel"


def _checked(draft: Draft, found: list[Problem], given: Mapping[str, JSON]) -> Loaded:
    """Return the job of a draft, after every rule."""
    source, job = draft.job.source, draft.job
    declared = read_variables(job.data.get("vars"))
    rows = read_items(draft)
    variables = None
    if isinstance(job.data.get("vars", {}), Mapping):
        variables = tuple(variable.name for variable in declared)
    draft = draft.completed(columns=rows.columns, variables=variables)
    outputs = {step.where: read_output(draft, step) for step in draft.steps()}
    schemas = {step.where: read_input_schema(draft, step) for step in draft.steps()}
    found += draft.project.problems
    found += of_kind("data", rows.problems)
    found += of_kind("variable", variable_problems(declared, source))
    for output in outputs.values():
        found += of_kind("schema", output.problems)
    for schema in schemas.values():
        found += of_kind("schema", schema.problems)
    names = _fields(outputs)
    # Each of these is searched no further once there is more than anybody reads.
    for kind, finding in (
        ("rule", rule_problems(draft)),
        ("rule", unknown_fields(draft, names)),
        ("file", file_problems(draft)),
        ("template", template_problems(draft, outputs)),
    ):
        found += of_kind(kind, islice(finding, 2 * MOST))
    for step in draft.steps():
        asked = schemas[step.where].schema
        if draft.provider == "parallel":
            found += of_kind("size", size_problems(step, _schemas(outputs[step.where], asked)))
        if asked is not None and isinstance(step.data.get("input"), Mapping):
            found += input_problems(asked, step.data["input"], source, (*step.where, "input"))
    problems = _first_of_place(told(found, source))
    values, missing = assign(declared, given)
    template = own_template(draft)
    if not has_errors(problems):
        problems = (*problems, *of_kind("template", trial_problems(draft, rows, values, missing)))
        problems = _first_of_place(problems)
    if has_errors(problems):
        return Loaded(job=None, problems=problems, missing=missing, template=template)
    built = build_job(
        draft, items=rows.items, values=values, outputs=outputs, input_schemas=schemas
    )
    return Loaded(job=built, problems=problems, missing=missing, template=template)


def _schemas(read: ReadOutput, input_schema: Mapping[str, JSON] | None) -> list[JSON]:
    output = [read.output.schema] if isinstance(read.output, JsonOutput) else []
    return output if input_schema is None else [*output, input_schema]


def _fields(outputs: Mapping[Where, ReadOutput]) -> dict[Where, tuple[str, ...] | None]:
    """Return the names of each step's answer's fields, where they are known; none of a text."""
    return {where: _field_names(read.output) for where, read in outputs.items()}


def _field_names(output: Output) -> tuple[str, ...] | None:
    if isinstance(output, TextOutput):
        return ()
    fields = output.schema.get("properties") if isinstance(output, JsonOutput) else None
    return tuple(fields) if isinstance(fields, Mapping) else None


def _first_of_place(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems in order; of several errors at one place, the one found first.

    A fault in the YAML, and then what the schema makes of the broken value, are one mistake. Of
    more than a hundred, the last says that there are more.
    """
    kept: dict[tuple[object, ...], Problem] = {}
    for problem in found:
        place: tuple[object, ...] = (problem.file, problem.line, problem.column)
        if problem.severity == "warning" or not (problem.line and problem.column):
            place = (*place, problem.message)
        kept.setdefault(place, problem)
    problems = ordered(kept.values())
    if len(problems) <= MOST:
        return problems
    more = replace(problems[MOST], message="more problems follow from here on", hint=None)
    return (*problems[:MOST], more)


def job_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield job files: those named, and those below the folders that are named."""
    for path in paths:
        if path.is_dir():
            yield from find_jobs(path)
        else:
            yield path


def find_jobs(folder: Path) -> list[Path]:
    """Return the job files below a folder, sorted; folders that start with a dot are skipped.

    A file counts as a job when it has a name and asks for something (or holds two other keys that
    jobs have: what it asks may be misspelt), or names the job schema.
    """
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(place, name)
            if path.suffix in {".yaml", ".yml"} and name != PROJECT_FILE and _is_job(path):
                found.append(path)
    return sorted(found)


def _is_job(path: Path) -> bool:
    """Return whether a file looks like a job, also when it is not yet right."""
    if not path.is_file():
        return False
    try:
        if not path.is_file():  # a pipe is waited for
            return False
        with path.open("rb") as file:
            start = file.read(MAX_BYTES)
    except OSError:
        return False
    if _MODELINE.search(start):
        return True
    return bool(_NAME.search(start)) and (
        bool(_ASKS.search(start)) or len(set(_SETS.findall(start))) >= _FEW_KEYS
    )
