"""The protocol of what the server answers with, in the API's own shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from runner.frozen import frozen
from runner.jsonvalue import JSON


@frozen
class Output:
    """What a task came to.

    Attributes:
        output: The API's `output` object.
        warnings: What the reader should know.
        left: For the tasks that follow: their body has it as `previous_interaction_id`.
    """

    output: Mapping[str, JSON]
    warnings: Sequence[str] = ()
    left: str | None = None


class Answers(Protocol):
    """Who knows the answers; requests have passed validation before they come here.

    Every method may raise `RunnerError` where it has no answer.

    Attributes:
        is_repeatable: The same question always has the same answer, at once: a run's output is
            worked out whenever it is read, and kept nowhere.
    """

    is_repeatable: bool

    @property
    def sources(self) -> Sequence[str]:
        """What the answers are taken from, for the progress of runs."""
        ...

    async def task(self, body: Mapping[str, JSON], *, elements: bool) -> Output:
        """Answer a task run.

        Args:
            body: The run's input; `task_spec` is as it was given, or not there, and
                `previous_interaction_id` is what the answer to the earlier run left.
            elements: Whether the basis also holds the elements of arrays.
        """
        ...

    async def search(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Answer a search, without `search_id` and `session_id`."""
        ...

    async def extract(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Answer an extract, without `extract_id` and `session_id`."""
        ...

    async def close(self) -> None:
        """Release files."""
        ...
