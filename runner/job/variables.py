"""`vars`: values that templates read, from the job file and from `--var`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError
from runner.job.paths import shown_path
from runner.job.schemas.meant import as_day, as_list
from runner.job.schemas.wording import kind_of
from runner.job.spelling import did_you_mean
from runner.job.text import scalars
from runner.job.text.source import parse_source, read_source
from runner.jsonvalue import JSON

if TYPE_CHECKING:
    from pathlib import Path

    from runner.job.diagnostics import Problem
    from runner.job.text.source import Source

_FEW = 8
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DECLARATION = frozenset({"type", "description", "choices", "default"})
_ALSO = {
    "required": "leave it away: a variable without a default must be given",
    "optional": "leave it away: a variable with a default may be given",
    "enum": "did you mean choices?",
    "options": "did you mean choices?",
    "values": "did you mean choices?",
    "value": "did you mean default?",
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "date": (str,),
    "list": (list,),
}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date, as YYYY-MM-DD",
    "list": "a list",
}


@frozen
class Variable:
    """A variable of a job; `required` ones have no value unless `--var` gives one."""

    name: str
    description: str | None = None
    type: str | None = None
    default: JSON = None
    required: bool = False
    choices: tuple[JSON, ...] = ()

    def fault(self, value: JSON) -> str | None:
        """Return why a value does not fit, or None."""
        if self.type is not None and not _fits(self.type, value):
            return f"{self.name} must be {_WORDS[self.type]}, not {_shown(value)}"
        if self.choices and not any(_is_same(value, choice) for choice in self.choices):
            choices = ", ".join(map(str, self.choices))
            return f"{self.name} must be one of {choices}, not {_shown(value)}"
        return None


def read_variables(data: JSON) -> tuple[Variable, ...]:
    """Return the variables of a job's `vars`: plain values, or declarations."""
    if not isinstance(data, Mapping):
        return ()
    return tuple(_variable(name, value) for name, value in data.items())


def variable_problems(variables: tuple[Variable, ...], source: Source) -> Iterator[Problem]:
    """Yield the defaults that do not fit their declaration, and misspelt declarations."""
    for variable in variables:
        yield from _misspelt(variable, source)
        place = ("vars", variable.name)
        for index, choice in enumerate(variable.choices):
            if variable.type is not None and not _fits(variable.type, choice):
                chosen = (*place, "choices", index)
                yield source.problem(
                    source.value(chosen),
                    f"a choice of {variable.name} must be {_WORDS[variable.type]}, "
                    f"not {_shown(choice)}",
                    hint=_amended(variable, choice, source.written(chosen)),
                )
        fault = None if variable.required else variable.fault(variable.default)
        if fault is not None:
            where = (*place, "default")
            hint = _amended(variable, variable.default, source.written(where))
            yield source.problem(source.value(where), fault, hint=hint)


def _amended(variable: Variable, value: JSON, written: str | None) -> str:
    """Return how to write a value so that it fits its variable."""
    text = value if isinstance(value, str) else written or ""
    kind, hint = variable.type or "string", "write it in another way, or change the type"
    if _fits(kind, value):
        known = [str(choice) for choice in variable.choices]
        return did_you_mean(text, known, noun="choices") or "add it to choices, or change it"
    if kind in {"integer", "number", "boolean"} and _fits(kind, scalars.plain(text)):
        hint = f"write {text} without quotes"
    elif kind == "string" and isinstance(value, bool | int | float):
        hint = f'put it in quotes to make it text: "{text}"'
    elif kind == "date" and (day := as_day(text)):
        hint = f"write {day}"
    elif kind == "list" and text:
        hint = f"write [{', '.join(as_list(text))}]"
    return hint


def _misspelt(variable: Variable, source: Source) -> Iterator[Problem]:
    """Warn of a mapping that is a declaration but for one key."""
    keys = variable.default.keys() if isinstance(variable.default, Mapping) else frozenset()
    strange = [key for key in keys if key not in _DECLARATION]
    for key in strange if _DECLARATION & keys else ():
        hint = did_you_mean(key, sorted(_DECLARATION), noun="a declaration has")
        yield source.problem(
            source.key(("vars", variable.name, key)),
            f"{key} is no part of a declaration, so the value of {variable.name} is this mapping",
            hint=_ALSO.get(key.lower(), hint),
            severity="warning",
        )


def missing_problems(data: JSON, names: Iterable[str], source: Source) -> tuple[Problem, ...]:
    """Return a problem for each variable of a job's `vars` that needs a value and has none."""
    known = {variable.name: variable for variable in read_variables(data)}
    return tuple(
        source.problem(
            source.key(("vars", name)),
            f"the variable {name} has no value",
            hint=f"give it one with --var {name}=..." + _told(known[name]),
        )
        for name in names
    )


def _told(variable: Variable) -> str:
    """Return what is known of a variable, for a hint."""
    kind = None if variable.type is None else _WORDS[variable.type]
    choices = " or ".join(map(str, variable.choices[:_FEW]))
    told = [text for text in (variable.description, choices or kind) if text]
    return f" ({': '.join(told)})" if told else ""


class Given(dict[str, JSON]):
    """Values of variables by their names; `sources` has the files that some of them stand in."""

    def __init__(self, values: Iterable[tuple[str, JSON]] = ()) -> None:
        super().__init__(values)
        self.sources: dict[str, Source] = {}

    def fault(self, name: str, message: str, hint: str, *, is_name: bool = False) -> Exception:
        """Return why a value is refused, at its place where it stands in a file."""
        source = self.sources.get(name)
        if source is None:
            return UsageError(message, hint=hint)
        position = source.key((name,)) if is_name else source.value((name,))
        return JobProblemsError((source.problem(position, message, hint=hint),))


def read_values(path: Path, given: Given) -> None:
    """Add the values in a file of variables: yaml or json, one mapping.

    Raises:
        JobProblemsError: it cannot be read, or holds something else.
    """
    try:
        source = read_source(path, shown_path(path))
    except JobProblemsError as error:
        if all(problem.message == "the file is empty" for problem in error.problems):
            return
        raise
    if source.problems:
        raise JobProblemsError(source.problems)
    if not isinstance(source.data, dict):
        problem = source.problem(
            source.value(()),
            f"a file of variables holds names and values, not {kind_of(source.data)}",
            hint="write a line for each, such as year: 2026",
        )
        raise JobProblemsError((problem,))
    given.update(source.data)
    given.sources.update(dict.fromkeys(source.data, source))


def assign(
    variables: tuple[Variable, ...], given: Mapping[str, JSON]
) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return every variable's value, and the names of required ones that have none.

    Args:
        variables: The job's.
        given: Values by name; texts (from a command line) are read as YAML scalars, except for
            variables that are text.

    Raises:
        UsageError: a name that the job does not have, or a value that does not fit.
        JobProblemsError: likewise, of one that stands in a file.
    """
    placed = given if isinstance(given, Given) else Given()
    known = {variable.name: variable for variable in variables}
    values = {v.name: v.default for v in variables if not v.required}
    for name, value in given.items():
        if name not in known:
            hint = did_you_mean(name, known, noun="the job's variables")
            raise placed.fault(
                name,
                f"the job has no variable '{name}'",
                hint or "declare it below vars: in the job file",
                is_name=True,
            )
        values[name] = _read(known[name], value)
        if (fault := known[name].fault(values[name])) is not None:
            raise placed.fault(
                name, f"variable {fault}", f"give another value with --var {name}=..."
            )
    return values, tuple(v.name for v in variables if v.name not in values)


def is_declaration(value: JSON) -> bool:
    """Return whether the value of a variable says of what kind it is, and is not the value."""
    return isinstance(value, Mapping) and bool(value) and value.keys() <= _DECLARATION


def _variable(name: str, value: JSON) -> Variable:
    if not is_declaration(value):
        return Variable(name=name, default=value)
    choices = value.get("choices")
    kind = value.get("type")
    described = value.get("description")
    return Variable(
        name=name,
        description=described if isinstance(described, str) else None,
        type=kind if isinstance(kind, str) and kind in _TYPES else None,
        default=value.get("default"),
        required="default" not in value,
        choices=tuple(choices) if isinstance(choices, list) else (),
    )


def _read(variable: Variable, value: JSON) -> JSON:
    if not isinstance(value, str):
        return value
    is_text = variable.type in {"string", "date"} or (
        variable.type is None and isinstance(variable.default, str)
    )
    if is_text:
        return value
    for choice in variable.choices:
        if value == str(choice):
            return choice
    if variable.type == "list" or isinstance(variable.default, list | Mapping):
        return _structure(value, is_list=not isinstance(variable.default, Mapping))
    return scalars.plain(value)


def _structure(text: str, *, is_list: bool) -> JSON:
    """Return the list or mapping that a text holds, as YAML has it on one line, or `a, b`."""
    if text.strip().startswith("[" if is_list else "{"):
        try:
            source = parse_source(text, "")
        except JobProblemsError:
            return text
        return text if source.problems else source.data
    if not is_list:
        return scalars.plain(text)
    return [scalars.plain(entry.strip()) for entry in text.split(",") if entry.strip()]


def _is_same(value: JSON, choice: JSON) -> bool:
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def _fits(kind: str, value: JSON) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "date" and isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return _DAY.fullmatch(value) is not None
    return isinstance(value, _TYPES[kind])


def _shown(value: JSON) -> str:
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    return f"'{value}'" if isinstance(value, str | int | float) else kind_of(value)
