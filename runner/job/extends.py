"""`extends`: a job laid over another file, and that over the next, each with its own lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError, Problem, Severity
from runner.job.draft import ACTIONS
from runner.job.paths import Ground, is_file, is_folder, shown_path
from runner.job.rows.items import rows_named
from runner.job.rules.nearby import missing_hint
from runner.job.schemas.schema import mend_job
from runner.job.text.lines import Position
from runner.job.text.source import Source, read_source
from runner.job.variables import is_declaration

if TYPE_CHECKING:
    from pathlib import Path

    from runner.job.model import Where
    from runner.job.shelf import Shelf
    from runner.jsonvalue import JSON

KEY = "extends"
_ASKING = (*ACTIONS, "steps")
_PATH_HINT = "the path is relative to the file it stands in"


@frozen
class Member:
    """One file of a family, and what it says by itself (without what the others replace)."""

    source: Source
    file: Path
    real: Path
    data: Mapping[str, JSON]


class Family(Source):
    """A job and the files it extends, as one: the data merged, each position in its own file.

    Mappings are merged key by key; a list, a text or a number takes the place of what is below it,
    and so does an action (`query`, `search`, ...) of another one. A value of a variable that is
    declared below becomes its default. Paths are made relative to the job's folder.
    """

    def __init__(self, members: list[Member]) -> None:
        nearest = members[0].source
        self.shown = nearest.shown
        self.text = nearest.text
        self.parts = tuple(member.source for member in members)
        self.problems = tuple(problem for part in self.parts for problem in part.problems)
        self._members: list[Member] = []
        data: Mapping[str, JSON] = {}
        for member in reversed(members):
            own = {**member.data, **_chosen(member.data, data)}
            self._members.insert(0, replace(member, data=own))
            data = _merged(data, own)
        # What is extended is here now: nothing may be missing any more.
        self.data = {key: value for key, value in data.items() if key != KEY}

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the family, the nearest first."""
        return tuple(member.file for member in self._members)

    def value(self, where: Where) -> Position:
        """Return the position of a value, as of every source."""
        source = self._owner(where)
        return replace(source.value(where), file=source.shown)

    def key(self, where: Where) -> Position:
        """Return the position of a key, as of every source."""
        source = self._owner(where)
        return replace(source.key(where), file=source.shown)

    def inside(self, where: Where, line: int, column: int, width: int = 1) -> Position:
        """Return the position of a character inside a text value, as of every source."""
        source = self._owner(where)
        return replace(source.inside(where, line, column, width), file=source.shown)

    def written(self, where: Where) -> str | None:
        """Return the source text of a scalar, as of every source."""
        return self._owner(where).written(where)

    def line(self, position: Position) -> str:
        """Return the line of a position."""
        return self._part(position).line(position)

    def problem(
        self,
        position: Position,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem in the file that a position belongs to."""
        return self._part(position).problem(position, message, hint=hint, severity=severity)

    def rebase(self, *, is_local: bool) -> None:
        """Make the paths of the other files relative to the job's folder.

        Args:
            is_local: Domains of source policies are paths, too.
        """
        folder = self._members[0].file.parent
        self.data = _copied(self.data)
        for where in _paths(self.data, is_local=is_local):
            owner = self._member(where).file.parent
            if owner != folder:
                _move(_at(self.data, where[:-1]), where[-1], owner, os.path.relpath(owner, folder))

    def _part(self, position: Position) -> Source:
        return next((part for part in self.parts if part.shown == position.file), self.parts[0])

    def _owner(self, where: Where) -> Source:
        return self._member(where).source

    def _member(self, where: Where) -> Member:
        """Return the file that a value comes from; the nearest one for what is nowhere."""
        holders: list[tuple[Member, Any]] = [(member, member.data) for member in self._members]
        for step in where:
            inner = [(member, data[step]) for member, data in holders if _has(data, step)]
            if not inner:
                break
            # Only mappings are merged: whatever else is met hides what is below it.
            whole = next(
                (n for n, (_, data) in enumerate(inner) if not isinstance(data, Mapping)),
                len(inner),
            )
            holders = inner[: max(1, whole)]
        return holders[0][0]


def extend(
    source: Source, file: Path, ground: Ground, shelf: Shelf
) -> tuple[Source, tuple[Problem, ...]]:
    """Return a job with everything it extends, and why it cannot extend what it names.

    The chain may be of any length; a file may extend another of its project only, and not itself
    through others.
    """
    if KEY not in source.data:
        return source, ()
    members = [Member(source=source, file=file, real=file.resolve(), data=source.data)]
    while isinstance(text := members[-1].data.get(KEY), str) and text:
        last = members[-1]
        place = replace(ground, folder=last.file.parent, found={})
        target = place.path(text)
        fault = _fault(text, place, target, members)
        if fault is not None:
            message, hint = fault
            return source, (last.source.problem(last.source.value((KEY,)), message, hint=hint),)
        try:
            read = partial(_base, target, shown_path(target))
            base = shelf.take(("source", target), read)
        except JobProblemsError as error:
            return source, error.problems
        if not isinstance(base.data, Mapping):
            message = f"{last.source.shown} extends this file, which holds no keys"
            return source, (base.problem(base.value(()), message, hint="write keys and values"),)
        data = _inherited(base.data, members)
        members.append(Member(source=base, file=target, real=target.resolve(), data=data))
    return (source if len(members) == 1 else Family(members)), ()


def _base(path: Path, shown: str) -> Source:
    source = read_source(path, shown)
    mend_job(source)
    return source


def _fault(
    text: str, place: Ground, target: Path, members: list[Member]
) -> tuple[str, str | None] | None:
    """Return message and hint for a file that cannot be extended, or None."""
    if (refused := place.fault(text)) is not None:
        return refused.message, refused.hint
    if is_folder(target):
        return f"{text} is a folder", "name a file in it"
    if not is_file(target):
        return f"there is no file {text}", missing_hint(place.folder, text, _PATH_HINT)
    resolved = target.resolve()
    names = [member.source.shown for member in members]
    for index, member in enumerate(members):
        if member.real == resolved:
            chain = " extends ".join([*names[index:], names[index]])
            return f"the files extend each other in a circle: {chain}", "remove one extends"
    return None


def _inherited(data: Mapping[str, JSON], members: list[Member]) -> Mapping[str, JSON]:
    """Return what is taken over: no action beside the one of a nearer file, and no name.

    Two jobs of one name would write one report.
    """
    dropped: tuple[str, ...] = ("name",)
    asked = [key for key in _ASKING if any(key in member.data for member in members)]
    if asked:
        dropped += tuple(key for key in _ASKING if key not in asked)
    return {key: value for key, value in data.items() if key not in dropped}


def _chosen(over: Mapping[str, JSON], base: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the `vars` of a nearer file; a value for a variable declared below is its default."""
    values, below = over.get("vars"), base.get("vars")
    if not isinstance(values, Mapping) or not isinstance(below, Mapping):
        return {}
    return {
        "vars": {
            name: {"default": value}
            if is_declaration(below.get(name)) and not isinstance(value, Mapping)
            else value
            for name, value in values.items()
        }
    }


def _merged(base: Mapping[str, JSON], over: Mapping[str, JSON]) -> dict[str, JSON]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = _merged(below, value)  # noqa: PLW2901
        merged[key] = value
    return merged


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _paths(data: Mapping[str, JSON], *, is_local: bool) -> list[Where]:
    """Return the places of all paths, and lists of paths, in a job."""
    found: list[Where] = [("results",), ("report", "path"), ("report", "template")]
    where, rows = rows_named(data)
    if isinstance(rows, str):
        found.append(where)
    found.append(("documents",))
    steps = data.get("steps")
    scopes: list[Where] = [(), *(("steps", index) for index in _indices(steps))]
    for scope in scopes:
        found += [(*scope, "output"), (*scope, "input_schema")]
        if is_local:
            found += [(*scope, "source_policy", "include_domains")]
            found += [(*scope, "source_policy", "exclude_domains")]
    return [place for place in found if isinstance(_at(data, place), str | list)]


def _indices(value: JSON) -> range:
    return range(len(value)) if isinstance(value, list) else range(0)


def _at(data: JSON, where: Where) -> JSON:
    for step in where:
        if not _has(data, step):
            return None
        data = data[step]
    return data


def _copied(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def _move(holder: Any, step: str | int, owner: Path, way: str) -> None:
    """Put `way` before a path, or before each path of a list, which comes from one file."""
    value = holder[step]
    if isinstance(value, list):
        for index in range(len(value)):
            _move(value, index, owner, way)
    elif isinstance(value, str) and _is_relative(value, str(step), owner):
        moved = os.path.normpath(os.path.join(way, value))  # noqa: PTH118 - may be very many
        holder[step] = moved.replace(os.sep, "/")


def _is_relative(text: str, key: str, owner: Path) -> bool:
    if key == "output" and text in ("text", "auto"):
        return False
    if key == "template" and not is_file(owner / text):
        return False  # the name of a built-in one
    return bool(text) and not text.startswith(("/", "~", "\\")) and "{{" not in text
