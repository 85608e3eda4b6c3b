"""How much work a template may do: one number, spent by all that can grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError

from runner.jsonvalue import readable

JOB_WORK = 10_000_000
"""What one template of a job file may spend: a character costs 1, an entry of a list or mapping
50, a round of a loop or a call 100."""

REPORT_WORK = 20_000_000_000
"""The same for a report: it loops over every row."""

STEP = 100
ENTRY = 50


class OverspentError(SecurityError):
    """A template does more work than it may."""


class _Allowance:
    """What is left to spend."""

    __slots__ = ("left",)

    def __init__(self, work: int) -> None:
        self.left = work


_current: ContextVar[_Allowance] = ContextVar("_current")


class allowance:  # noqa: N801 - used like a function
    """Let the templates rendered inside spend so much, all together.

    A context manager; written out, for it stands around every rendering.
    """

    __slots__ = ("_token", "_work")

    def __init__(self, work: int) -> None:
        self._work = work

    def __enter__(self) -> None:
        self._token = _current.set(_Allowance(self._work))

    def __exit__(self, *_exception: object) -> None:
        _current.reset(self._token)


def spend(work: int) -> None:
    """Take work off the allowance.

    Raises:
        OverspentError: nothing is left.
    """
    # Jinja works out constant expressions while it compiles, outside of any rendering.
    current = _current.get(None) or _Allowance(JOB_WORK)
    current.left -= work
    if current.left < 0:
        raise OverspentError("the template does too much work")


def counted(values: Iterable[Any], size: int) -> Iterator[Any]:
    """Yield the values of a loop, each for a step and the size of the text in the loop."""
    for value in values:
        spend(STEP + size)
        yield value


def weighed(value: Any) -> Any:
    """Return a value, after spending what it would take to write it out."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            spend(len(part) + ENTRY)
        elif isinstance(part, dict):
            spend(ENTRY)
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            spend(ENTRY)
            waiting += part
        else:
            spend(ENTRY)
    return value


def listed(values: Iterable[Any]) -> list[Any]:
    """Return the values as a list; each is spent before the next is there."""
    found: list[Any] = []
    for value in values:
        spend(ENTRY)
        found.append(value)
    return found


def plain(value: Any) -> str:
    """Return a value as text: nothing is empty, and true and false are as a job writes them."""
    return readable(value) if value is None or isinstance(value, bool) else str(value)


def joined(values: Iterable[Any], separator: Any = "") -> str:
    """Return the values as one text; each is spent before the next is there."""
    between = str(separator)
    texts: list[str] = []
    for value in values:
        text = plain(value)
        spend(len(text) + len(between) + ENTRY)
        texts.append(text)
    return between.join(texts)


def replaced(text: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Return a text with one piece in place of another; the size is spent before it is there."""
    whole, old, new = plain(text), plain(old), plain(new)
    places = whole.count(old) if count is None else min(count, whole.count(old))
    spend(len(whole) + places * len(new))
    return whole.replace(old, new, -1 if count is None else count)
