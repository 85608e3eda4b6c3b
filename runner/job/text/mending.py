"""Reading on after a fault in the YAML, as if it were mended, so that all problems come at once.

A fault ends the parser's reading. Here its line is changed as the user would most likely mend it,
so that what follows is read, too; what is found behind a change in its line is not told, for the
user did not write it. Where no change leads on, as little as possible is left away: a value, a
line, what belongs to it, and at last the rest of the file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from runner.frozen import frozen
from runner.job.diagnostics import JobProblemsError
from runner.job.text.composing import NotYamlError, compose
from runner.job.text.cutting import cut_off, cuts
from runner.job.text.guessing import guesses
from runner.job.text.layout import BEGINS, indent_of
from runner.job.text.lines import is_untouched
from runner.job.text.pitfalls import INDENTATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.job.diagnostics import Problem
    from runner.job.text.composing import Node
    from runner.job.text.guessing import Change

MOST_MENDED: Final = 50
"""A file with more faults is mended step by step."""

MOST_READ: Final = 2_000_000
"""So many characters are parsed of a file, in search of changes that lead on."""

_STARTS = re.compile(r"[ \t]*(?:-|[\w-]+[ \t]*[:=])")

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
    text = text.replace("\r\n", "\n")
    search = _Search(shown, MOST_READ)
    faults: list[Problem] = []
    changes: dict[int, int] = {}
    while True:
        faults.append(error.fault)
        found = search.best(text, error) if len(faults) < MOST_MENDED else None
        best = found or search.ended(text, error)
        if found is None and isinstance(best.outcome, JobProblemsError):
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


@dataclass(slots=True)
class _Search:
    """A search for changes that lead on, and how many characters it may still read.

    `_doubtful` is the best of those after which the next fault may be the same one still.
    """

    shown: str
    left: int
    _doubtful: _Attempt | None = None

    def best(self, text: str, error: NotYamlError) -> _Attempt | None:
        """Return the change that leads on farthest, the least that is cut, or None."""
        self._doubtful = None
        least = self.left // 2
        tried = self._attempts(text, error, guesses(text, error), least)
        found = max(_until_the_end(tried), key=_reached, default=None)
        found = found or next(self._attempts(text, error, cuts(text, error), 0), None)
        return found or self._doubtful

    def ended(self, text: str, error: NotYamlError) -> _Attempt:
        """Return what stands before a fault."""
        changed, changes = cut_off(text, min(error.fault.line, error.begun))
        return self._read(changed, changes)

    def _attempts(
        self, text: str, error: NotYamlError, found: Iterable[Change], least: int
    ) -> Iterator[_Attempt]:
        """Yield the changes that lead on from a fault, the likeliest first."""
        tried = {text}
        is_start = bool(_STARTS.match(text.split("\n")[error.fault.line - 1]))
        for changed, changes in found:
            if changed in tried:
                continue
            if self.left - len(text) < least:
                return
            self.left -= len(text)
            tried.add(changed)
            attempt = self._read(changed, changes)
            last = max(error.fault.line, *changes)
            is_on = attempt.reached > last or (
                attempt.reached == last and _is_behind(attempt, error.fault)
            )
            if is_on and not (is_start and _is_same(attempt, last)):
                yield attempt
            elif is_on:
                self._doubtful = max(self._doubtful or attempt, attempt, key=_reached)

    def _read(self, text: str, changes: Mapping[int, int]) -> _Attempt:
        """Return what a text is, and the line in which it has a fault; infinity for none."""
        outcome: Outcome
        reached = math.inf
        try:
            outcome = compose(text, self.shown)
        except NotYamlError as error:
            outcome, reached = _bare(error), error.fault.line
        except JobProblemsError as error:
            outcome, reached = _bare(error), error.problems[-1].line
        return _Attempt(text=text, changes=changes, outcome=outcome, reached=reached)


def _bare(error: JobProblemsError) -> JobProblemsError:
    """Return an error without its traceback, which holds all that was read until then."""
    error.__context__ = None
    return error.with_traceback(None)


def _until_the_end(attempts: Iterable[_Attempt]) -> Iterator[_Attempt]:
    """Yield attempts until one of them reads all there is."""
    for attempt in attempts:
        yield attempt
        if attempt.reached == math.inf:
            return


def _is_behind(attempt: _Attempt, fault: Problem) -> bool:
    """Return whether the next fault stands in the same line, farther on, which was not changed."""
    return (
        isinstance(attempt.outcome, NotYamlError)
        and fault.line not in attempt.changes
        and attempt.outcome.fault.line == fault.line
        and attempt.outcome.fault.column > fault.column
    )


def _is_same(attempt: _Attempt, last: int) -> bool:
    """Return whether the next fault may come from a line that starts in a wrong column still.

    It does not where a line between the two, after the `last` one that was changed, starts
    something outside of what was changed.
    """
    if not isinstance(attempt.outcome, NotYamlError):
        return False
    fault = attempt.outcome.fault
    said = f"{fault.message} {fault.hint}"
    if not any(words in said for words in (INDENTATION, "no colon", "an entry of the list")):
        return False
    lines = attempt.text.split("\n")
    most = max(indent_of(lines[last - 1]), 1)
    between = lines[last : fault.line - 1]
    return not any(BEGINS.match(each) and indent_of(each) < most for each in between)
