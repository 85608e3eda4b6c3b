"""The protocol every provider speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runner.jsonvalue import JSON
from runner.plan.calls import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider said, in the API's own shapes.

    Attributes:
        output: For a task its content (a dict, or text); for search and extract
            `{"results": [...]}` (extract also `"errors"`).
        basis: A task's list of `{field, reasoning, citations, confidence}`.
        run_id: The provider's name for the run, or None.
        warnings: What the reader should know, one sentence each.
        output_schema: The JSON Schema of `output`, where the provider chose it (auto output).
    """

    output: JSON
    basis: Sequence[Mapping[str, JSON]] = ()
    run_id: str | None = None
    warnings: Sequence[str] = ()
    output_schema: Mapping[str, JSON] | None = field(default=None)


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

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return the provider's name and the state of what it answers from."""
        ...

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer one request."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
