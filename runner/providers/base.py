"""The protocols every provider speaks, and what flows through them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import field
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

from runner.frozen import frozen
from runner.job.model import Kind
from runner.jsonvalue import JSON

RunStatus: TypeAlias = Literal[
    "queued", "action_required", "running", "completed", "failed", "cancelling", "cancelled"
]
"""The API's own statuses of a task run."""

STATUSES: frozenset[str] = frozenset(get_args(RunStatus))

FINISHED: frozenset[str] = frozenset({"completed", "failed", "cancelled"})
"""The statuses that a run does not leave."""


@frozen
class Answer:
    """What a provider said, in the API's own shapes.

    Attributes:
        output: For a task its content (a dict, or text); for search and extract
            `{"results": [...]}` (extract also `"errors"`).
        basis: A task's list of `{field, reasoning, citations, confidence}`.
        run_id: The provider's name for the run, or None.
        warnings: What the reader should know, one sentence each.
        output_schema: The JSON Schema of `output`, where the provider chose it (auto output).
        interaction_id: The provider's name for a task's research context.
    """

    output: JSON
    basis: Sequence[Mapping[str, JSON]] = ()
    run_id: str | None = None
    warnings: Sequence[str] = ()
    output_schema: Mapping[str, JSON] | None = field(default=None)
    interaction_id: str | None = None


@frozen
class Run:
    """A task run as its group tells of it.

    Attributes:
        fingerprint: Of the call it was bought for, where its metadata came along.
        answer: Where the run is completed and its output was asked for.
        error: Why the run failed or was cancelled, in one sentence.
        cursor: Where in the group's stream it stands.
        ended_at: When it ended, by the provider's clock, in seconds since 1970.
    """

    run_id: str
    status: RunStatus
    fingerprint: str | None = None
    answer: Answer | None = None
    error: str | None = None
    cursor: str | None = None
    ended_at: float | None = None


@frozen
class GroupStatus:
    """How many runs a group has, and how many of each status; `cursor` for its event stream."""

    total: int
    counts: Mapping[str, int]
    cursor: str | None = None

    @property
    def finished(self) -> int:
        """How many runs are done, well or badly."""
        return sum(self.counts.get(status, 0) for status in FINISHED)


@frozen
class RunProgress:
    """How far one run is, as it says itself: a message, or sources and percent (0 to 100)."""

    message: str | None = None
    sources_considered: int | None = None
    sources_read: int | None = None
    percent: float | None = None


@frozen
class Added:
    """Runs taken on: their ids in the order of the inputs, and the group's status then."""

    run_ids: Sequence[str]
    status: GroupStatus


class Runs(Protocol):
    """Tasks that are bought now and answered later, in groups that can be read back.

    Every method may raise `KeyRefusedError`, `ProcessorRefusedError` or `UnreachableError`;
    reading may raise `UnknownRunError`.
    """

    async def create_group(self) -> str:
        """Return the id of a new, empty group; it costs nothing."""
        ...

    async def add(self, group: str, bodies: Mapping[str, Mapping[str, JSON]]) -> Added:
        """Buy one run per fingerprint and body (at most 1,000), all or none.

        Raises:
            AmbiguousError: the answer was lost; the runs may have been bought.
            InvalidRequestError: refused; nothing was bought.
            BudgetError: too little credit; nothing was bought.
        """
        ...

    def read(
        self,
        group: str,
        after: str | None = None,
        *,
        inputs: bool = False,
        outputs: bool = False,
    ) -> AsyncIterator[Run]:
        """Yield the group's runs as they are now, from a cursor on; it may end before its end."""
        ...

    def watch(self, group: str, after: str | None) -> AsyncIterator[Run | GroupStatus]:
        """Yield what happens in a group, from a cursor on; the stream may be cut at any time."""
        ...

    async def status(self, group: str) -> GroupStatus:
        """Return the group's status."""
        ...

    async def result(self, run_id: str) -> Run:
        """Return one run, with its answer if it is completed."""
        ...

    def progress(self, run_id: str) -> AsyncIterator[RunProgress]:
        """Yield what one run says of itself; the stream may be cut at any time."""
        ...


@frozen
class Search:
    """How far a FindAll run is: `ended` says why it ended early, None where it did not."""

    is_finished: bool
    candidates: int
    matches: int
    ended: str | None = None


@frozen
class Found:
    """What a FindAll run found; each of its `matches` is paid for."""

    matches: int
    answer: Answer


class FindAlls(Protocol):
    """FindAll runs: bought one at a time, and answered later. They cannot be listed.

    Every method may raise `KeyRefusedError`, `UnreachableError` or `AmbiguousError`; those that
    read may raise `UnknownRunError`.
    """

    async def prepare(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Return the whole request for a body that may leave parts open; buys nothing."""
        ...

    async def start(self, fingerprint: str, body: Mapping[str, JSON]) -> str:
        """Buy a run; return its id.

        Raises:
            AmbiguousError: the answer was lost; the run may have been bought, and cannot be found.
            InvalidRequestError: refused; nothing was bought.
            BudgetError: too little credit; nothing was bought.
        """
        ...

    async def look(self, run_id: str) -> Search:
        """Return how far a run is."""
        ...

    async def result(self, run_id: str) -> Found:
        """Return what a run has found."""
        ...


class Provider(Protocol):
    """Something that answers calls. Plugins satisfy it; nothing is inherited.

    `edition` says what, besides the request, decides the answer (it becomes part of the
    fingerprint); `ask` answers one request and raises `ProviderError` when it cannot.
    """

    name: str
    null_is_not_found: bool
    """Null says "not found" in any field, whatever the schema's type."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the reader should know before the first call, one sentence each."""
        ...

    @property
    def runs(self) -> Runs | None:
        """How tasks are bought in groups; None where `ask` answers them at once."""
        ...

    @property
    def findalls(self) -> FindAlls | None:
        """How FindAll runs are bought; None where there are none."""
        ...

    @property
    def quotas(self) -> Mapping[str, int]:
        """Requests a minute that it takes, by kind of call; no limit where a kind is not named."""
        ...

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return the provider's name and the state of what it answers from."""
        ...

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer one request."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...


@frozen
class Part:
    """One of the requests that a call takes; the call's price is shared out by `weight`."""

    body: Mapping[str, JSON]
    weight: int = 1


@runtime_checkable
class Splitting(Protocol):
    """A provider some of whose calls take several requests, each asked by itself."""

    def parts(self, kind: Kind, body: Mapping[str, JSON]) -> Sequence[Part]:
        """Return the requests that a call takes; most take one."""
        ...

    def joined(self, answers: Sequence[Answer]) -> Answer:
        """Return the answer of a call from those of its parts, in their order."""
        ...
