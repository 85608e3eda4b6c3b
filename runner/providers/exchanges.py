"""Requests that were made, as logs and telemetry hear of them: what for, where, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from decimal import Decimal
from typing import Final, TypeAlias

from runner.frozen import frozen
from runner.job.model import Kind
from runner.planning.calls import Call

ACCEPTED: Final = range(200, 300)


@frozen
class Purpose:
    """What a request is for: one call, or many calls that are bought together.

    Attributes:
        calls: How many calls it is for; 0 where it only looks after what was bought before.
        fingerprint: Of the one call it is for; None where there are several.
        key: What that call's row is called.
        price_usd: What the provider charges if it accepts the request.
    """

    step: str | None = None
    kind: Kind | None = None
    calls: int = 0
    fingerprint: str | None = None
    key: str | None = None
    price_usd: Decimal = field(default_factory=Decimal)


NO_PURPOSE: Final = Purpose()


def purpose_of(*calls: Call, price_usd: Decimal | None = None) -> Purpose:
    """Return what a request is for that buys some calls of one step (at least one).

    Its price is that of the calls, where it is not said.
    """
    first, *more = calls
    is_one = not more
    if price_usd is None:
        price_usd = sum((call.price_usd for call in calls), Decimal(0))
    return Purpose(
        step=first.step,
        kind=first.kind,
        calls=len(calls),
        fingerprint=first.fingerprint if is_one else None,
        key=first.key if is_one else None,
        price_usd=price_usd,
    )


@frozen
class Exchange:
    """One request that was made.

    Attributes:
        route: The path, with `{id}` in the place of an id.
        id: That id: a group's, or a run's.
        host: Where it was asked: scheme, host and port, as `https://api.parallel.ai:443`.
        status: The answer's; None where there was none.
        error: Why there was none, in a word.
        attempt: Which try it was, from 1.
    """

    method: str
    route: str
    id: str | None = None
    host: str = ""
    status: int | None
    error: str | None = None
    milliseconds: float
    purpose: Purpose = NO_PURPOSE
    attempt: int = 1

    @property
    def path(self) -> str:
        """The path as it was asked."""
        return self.route if self.id is None else self.route.replace("{id}", self.id)

    @property
    def is_accepted(self) -> bool:
        """Whether the answer was a good one."""
        return self.status is not None and self.status in ACCEPTED

    @property
    def is_failed(self) -> bool:
        """Whether there was no answer, or a bad one."""
        return not self.is_accepted

    @property
    def committed_usd(self) -> Decimal:
        """What the request commits to, in US dollars: its price, where it was accepted."""
        return self.purpose.price_usd if self.is_accepted else Decimal(0)


Listener: TypeAlias = Callable[[Exchange], None]

_current: ContextVar[tuple[Purpose, int]] = ContextVar("_current", default=(NO_PURPOSE, 1))


@contextmanager
def asking_for(purpose: Purpose | None, attempt: int = 1) -> Iterator[None]:
    """Say what the requests inside are for (None: what those around are), and which try they are.

    It holds for the tasks that are started inside, too.
    """
    token = _current.set((_current.get()[0] if purpose is None else purpose, attempt))
    try:
        yield
    finally:
        _current.reset(token)


def current_purpose() -> tuple[Purpose, int]:
    """Return what the current task's requests are for, and which try they are."""
    return _current.get()
