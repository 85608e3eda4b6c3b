"""Reading on after a fault in the YAML, as if it were mended, so that all problems come at once.

A fault ends the parser's reading. Here its line is changed as the user would most likely mend it,
so that what follows is read, too; what is found behind a change in its line is not told, for the
user did not write it. Where no change leads on, reading ends.
"""

from __future__ import annotations

import math
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError
from runner.job.text.composing import NotYamlError, compose
from runner.job.text.guessing import guesses
from runner.job.text.lines import is_untouched
from runner.job.text.pitfalls import INDENTATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.job.diagnostics import Problem
    from runner.job.text.composing import Node

MOST_MENDED: Final = 10
"""A file with more faults is mended step by step."""

MOST_READ: Final = 200_000
"""So many characters are parsed for each fault, in search of a change that leads on."""

Outcome: TypeAlias = "tuple[Node, tuple[Problem, ...]] | JobProblemsError"


@frozen
class Mended:
    """What a text with faults would be if they were mended.

    Attributes:
        text: With as many lines, each in its place.
        root: Its data.
        problems: The faults, and what else is wrong with the YAML.
        changes: By line that was changed the column from which on, both from 1.
    """

    text: str
    root: Node
    problems: tuple[Problem, ...]
    changes: Mapping[int, int]


def mended(text: str, shown: str, error: NotYamlError) -> Mended:
    """Return what a text is when the fault in it, and those after it, are mended.

    Raises:
        JobProblemsError: they cannot all be mended; with those that were found.
    """
    faults: list[Problem] = []
    changes: dict[int, int] = {}
    while True:
        faults.append(error.fault)
        best = max(_attempts(text, shown, error), key=_reached, default=None)
        if best is None or best.changes.keys() & changes or len(faults) >= MOST_MENDED:
            raise JobProblemsError((*faults, *_untouched(error.before, changes))) from None
        text, changes = best.text, {**changes, **best.changes}
        if isinstance(best.outcome, NotYamlError):
            error = best.outcome
            continue
        if isinstance(best.outcome, JobProblemsError):
            kept = _untouched(best.outcome.problems, changes)
            raise JobProblemsError((*faults, *kept)) from None
        root, problems = best.outcome
        kept = _untouched(problems, changes)
        return Mended(text=text, root=root, problems=(*faults, *kept), changes=changes)


def _untouched(problems: Iterable[Problem], changes: Mapping[int, int]) -> list[Problem]:
    return [each for each in problems if is_untouched(each, changes)]


@frozen
class _Attempt:
    """A changed text, what became of it, and the line of its next fault."""

    text: str
    changes: Mapping[int, int]
    outcome: Outcome
    reached: float


_reached = attrgetter("reached")


def _attempts(text: str, shown: str, error: NotYamlError) -> Iterator[_Attempt]:
    """Yield the changes that lead on from a fault, the likeliest first."""
    tried = {text}
    most = MOST_READ // (len(text) + 1)
    for changed, changes in islice(guesses(text, error), most):
        if changed in tried:
            continue
        tried.add(changed)
        outcome, reached = _read(changed, shown)
        is_same = isinstance(outcome, NotYamlError) and _is_indentation(outcome.fault)
        if reached > max(error.fault.line, *changes) and not is_same:
            yield _Attempt(text=changed, changes=changes, outcome=outcome, reached=reached)


def _read(text: str, shown: str) -> tuple[Outcome, float]:
    """Return what a text is, and the line in which it has a fault; infinity for none."""
    try:
        return compose(text, shown), math.inf
    except NotYamlError as error:
        return error, error.fault.line
    except JobProblemsError as error:
        return error, error.problems[-1].line


def _is_indentation(fault: Problem) -> bool:
    """Return whether a fault may come from an earlier line that starts in a wrong column."""
    said = f"{fault.message} {fault.hint}"
    return any(words in said for words in (INDENTATION, "no colon", "an entry of the list"))
