"""Problems as GitHub's workflow commands: annotations at a line of a file.

GitHub shows at most ten of a kind in a step. What goes beyond is printed to the step's log, and
counted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from runner.job.diagnostics import Problem, render

MOST = 10
"""So many annotations of a kind GitHub shows of a step."""

_SHOWN = "runner.annotated"
"""Where it is kept in the context of a command how many of each kind were printed."""


def workflow_commands(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a workflow command for each problem, at most ten of a kind in a call of `runner`."""
    context = click.get_current_context(silent=True)
    kept = {} if context is None else context.meta
    shown: Counter[str] = kept.setdefault(_SHOWN, Counter())
    more: Counter[str] = Counter()
    for problem in problems:
        if shown[problem.severity] < MOST:
            shown[problem.severity] += 1
            yield _annotation(problem)
        else:
            more[problem.severity] += 1
            yield render(problem)
    for severity, count in more.items():
        said = f"{count:,} more {severity}{'' if count == 1 else 's'} in the log of this step"
        yield f"::notice::{said}" if shown["notice"] < MOST else said
        shown["notice"] += 1


def _annotation(problem: Problem) -> str:
    place: dict[str, object] = {"file": _in_repository(problem.file)}
    if problem.line:
        place["line"] = problem.line
    if problem.line and problem.column:
        place["col"] = problem.column
        place["endColumn"] = problem.column + max(1, problem.width)
    properties = ",".join(
        f"{name}={_escaped(str(value), inside=True)}" for name, value in place.items() if value
    )
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    command = f"{problem.severity} {properties}".rstrip()
    return f"::{command}::{_escaped(text, inside=False)}"


def _in_repository(file: str) -> str:
    """Return a path as GitHub knows it: from the top of the repository."""
    top = os.environ.get("GITHUB_WORKSPACE")
    if not file or not top:
        return file
    path = Path(os.path.abspath(file))  # noqa: PTH100 - links stay, unlike with resolve
    for root in (Path(top), Path(top).resolve()):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file


def _escaped(text: str, *, inside: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if inside else text
