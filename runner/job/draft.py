"""A job file on its way to a `Job`: its data, and where the project around it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.paths import Ground

if TYPE_CHECKING:
    from pathlib import Path

    from runner.job.diagnostics import Problem, Severity
    from runner.job.model import Where
    from runner.job.shelf import Shelf
    from runner.job.text.lines import Position
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

ACTIONS = ("query", "input", "search", "extract", "findall")
BUILT_IN = ("parallel", "local")
"""The providers that are no plugins."""


@frozen
class Scope:
    """A mapping in a file, with the place where it stands: what most rules look at."""

    source: Source
    where: Where
    data: Mapping[str, JSON]

    def value(self, *path: str | int) -> Position:
        """Return the position of a value below this mapping."""
        return self.source.value((*self.where, *path))

    def key(self, *path: str | int) -> Position:
        """Return the position of a key below this mapping."""
        return self.source.key((*self.where, *path))

    def problem(
        self,
        position: Position,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem in this file."""
        return self.source.problem(position, message, hint=hint, severity=severity)


@frozen
class Project:
    """What surrounds a job: the project root, and runner.yaml where there is one.

    Attributes:
        root: Nothing outside it is read or written.
        defaults: The `defaults:` of runner.yaml, or None.
        policies: The `source_policies:` of runner.yaml, or None.
        prices: The `prices:` of runner.yaml, or None.
        problems: What is wrong with runner.yaml.
        is_known: Whether its policies can be read, or there are none.
    """

    root: Path
    defaults: Scope | None = None
    policies: Scope | None = None
    prices: Scope | None = None
    problems: tuple[Problem, ...] = ()
    is_known: bool = True


@frozen
class Draft:
    """A job file as read, before it is known to be right: any value may be of any type.

    Attributes:
        job: The file's top-level mapping.
        file: The job file, absolute.
        ground: Where the job's paths start.
        provider: Who will answer: from the command line, the job or runner.yaml.
        shelf: What this job shares with others of the same call.
        variables: The names that templates may read as `vars.<name>`; None where they cannot be
            known.
        columns: The names a row has; None where they are not known or there are no rows.
    """

    job: Scope
    file: Path
    project: Project
    ground: Ground
    provider: str
    shelf: Shelf
    columns: tuple[str, ...] | None = None
    variables: tuple[str, ...] | None = ()

    @property
    def is_local(self) -> bool:
        """Whether the user's own documents are asked."""
        return self.provider == "local"

    @property
    def project_ground(self) -> Ground:
        """Where the paths of runner.yaml start."""
        ground = self.ground
        return Ground(
            folder=self.project.root, root=ground.root, allow_outside=ground.allow_outside
        )

    def completed(
        self, *, columns: tuple[str, ...] | None, variables: tuple[str, ...] | None
    ) -> Draft:
        """Return the draft with what its rows and variables are called."""
        return replace(self, columns=columns, variables=variables)

    def steps(self) -> Iterator[Scope]:
        """Yield each mapping that holds an action: the steps, or else the job itself."""
        steps = self.job.data.get("steps")
        if not isinstance(steps, list):
            yield self.job
            return
        for index, step in enumerate(steps):
            if isinstance(step, Mapping):
                where = ("steps", index)
                yield Scope(source=self.job.source, where=where, data=step)

    def scopes(self) -> Iterator[Scope]:
        """Yield each mapping that holds settings: the job, its steps, and the defaults."""
        yield self.job
        yield from (step for step in self.steps() if step is not self.job)
        if self.project.defaults is not None:
            yield self.project.defaults

    def holder(self, step: Scope, key: str) -> Scope | None:
        """Return the mapping a step takes a setting from: its own, the job's, runner.yaml's."""
        for scope in (step, self.job, self.project.defaults):
            if scope is not None and key in scope.data:
                return scope
        return None

    def setting(self, step: Scope, key: str) -> JSON:
        """Return the value of a setting for a step, or None where nobody sets it."""
        holder = self.holder(step, key)
        return None if holder is None else holder.data[key]
