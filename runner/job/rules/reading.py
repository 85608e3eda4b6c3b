"""The templates of steps, and which steps read each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from runner.errors import TemplateError
from runner.job.rules.unfilled import leaves
from runner.templating import names_read

if TYPE_CHECKING:
    from runner.job.draft import Scope
    from runner.job.model import Where

_MOST = 200
"""In so many steps circles are looked for."""

_TEXTS = ("query", "location", "foreach")
_TREES = ("input", "search", "extract", "findall", "metadata")


def id_of(step: Scope) -> str:
    """Return the id of a step, "" for one that has none."""
    name = step.data.get("id")
    return name if isinstance(name, str) else ""


def templates(step: Scope) -> Iterator[tuple[Where, str]]:
    """Yield place and text of everything in a step that is filled in for each row."""
    for key in _TEXTS:
        if isinstance(step.data.get(key), str):
            yield (key,), step.data[key]
    for key in _TREES:
        yield from leaves(step.data.get(key), (key,))


def expectations(step: Scope) -> Iterator[tuple[Where, str]]:
    """Yield place and text of what the checks of a step expect."""
    checks = step.data.get("checks")
    for index, check in enumerate(checks if isinstance(checks, list) else ()):
        if isinstance(check, Mapping) and isinstance(check.get("expect"), str):
            yield ("checks", index, "expect"), check["expect"]


def steps_read(steps: Iterable[Scope]) -> dict[str, frozenset[str]]:
    """Return which steps each step reads in its templates, or follows, by their ids."""
    found: dict[str, frozenset[str]] = {}
    for step in islice(steps, _MOST):
        follows = step.data.get("follows")
        names = {follows} if isinstance(follows, str) else set()
        for _, text in (*templates(step), *expectations(step)):
            with suppress(TemplateError):
                paths = (path for path, _ in names_read(text))
                names.update(path[1] for path in paths if path[0] == "steps" and len(path) > 1)
        found[id_of(step)] = frozenset(names)
    return found


def way_back(reads: Mapping[str, frozenset[str]], start: str, end: str) -> list[str]:
    """Return the shortest way along what steps read, from a step to another; [] for none."""
    before: dict[str, str] = {start: ""}
    waiting = deque([start])
    while waiting and end not in before:
        step = waiting.popleft()
        for read in sorted(reads.get(step, ())):
            if read not in before:
                before[read] = step
                waiting.append(read)
    way: list[str] = []
    step = end if end in before else ""
    while step:
        way.append(step)
        step = before[step]
    return way[::-1]
