"""Calls become outcomes: each distinct fingerprint is answered once, by cache or provider."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from runner.errors import ExitCode, RunnerError
from runner.execute.cache import Cache
from runner.execute.outcomes import Outcome, Status
from runner.job.model import JsonOutput, Step, Task
from runner.job.schema import validate_value
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.providers.base import Answer, Provider

WINDOW = 4
"""Calls looked at ahead of the oldest unanswered one, in multiples of the concurrency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How calls are to be executed.

    Attributes:
        refresh: Do not read the cache; what is answered is still stored.
        offline: Read only the cache; what is not there is `skipped`.
    """

    steps: Mapping[str, Step]
    concurrency: int
    refresh: bool = False
    offline: bool = False


class _Executor:
    def __init__(self, execution: Execution, cache: Cache, provider: Provider) -> None:
        self._execution = execution
        self._cache = cache
        self._provider = provider
        self._free = asyncio.Semaphore(execution.concurrency)
        self._under_way: dict[str, asyncio.Task[Answer | RunnerError]] = {}

    async def outcome(self, call: Call) -> Outcome:
        """Return what becomes of one call; the row fails alone."""
        step = self._execution.steps[call.step]
        known = self._known(call, step)
        if known is not None:
            return self._answered(call, step, known, cached=True)
        if self._execution.offline:
            return unanswered(call, "skipped", "Not in the cache (--offline)")
        task = self._under_way.get(call.fingerprint)
        first = task is None
        if task is None:
            task = asyncio.ensure_future(self._asked(call, step))
            self._under_way[call.fingerprint] = task
        answer = await asyncio.shield(task)
        if isinstance(answer, RunnerError):
            return unanswered(call, "failed", _sentence(answer))
        return self._answered(
            call, step, answer, cached=False, cost=call.price_usd if first else Decimal(0)
        )

    def _known(self, call: Call, step: Step) -> Answer | None:
        """Return the cached answer, if it may be used."""
        execution = self._execution
        age = step.cache
        if execution.offline:
            age = timedelta.max
        elif call.fingerprint in self._under_way or execution.refresh or age is None:
            return None
        stored = self._cache.get(call.fingerprint, age)
        return None if stored is None else Answer(**stored)

    async def _asked(self, call: Call, step: Step) -> Answer | RunnerError:
        async with self._free:
            try:
                limit = None if step.timeout is None else step.timeout.total_seconds()
                async with asyncio.timeout(limit):
                    answer = await self._provider.ask(call.kind, call.body)
            except TimeoutError:
                return RunnerError("There was no answer before the timeout")
            except RunnerError as error:
                if error.exit_code is ExitCode.KEY:
                    raise
                return error
            self._cache.put(
                call.fingerprint,
                {
                    "output": answer.output,
                    "basis": [dict(entry) for entry in answer.basis],
                    "run_id": answer.run_id,
                    "warnings": list(answer.warnings),
                    "output_schema": answer.output_schema,
                },
            )
            return answer

    def _answered(
        self,
        call: Call,
        step: Step,
        answer: Answer,
        *,
        cached: bool,
        cost: Decimal = Decimal(0),
    ) -> Outcome:
        complaints = self._complaints(step, answer.output)
        return Outcome(
            step=call.step,
            row=call.row,
            key=call.key,
            item=call.item,
            status="invalid" if complaints else "ok",
            output=answer.output,
            basis=answer.basis,
            run_id=answer.run_id,
            processor=call.body.get("processor"),
            cost_usd=cost,
            cached=cached,
            warnings=tuple(answer.warnings),
            error=f"The answer breaks the output schema: {complaints[0]}" if complaints else None,
        )

    def _complaints(self, step: Step, output: JSON) -> Sequence[str]:
        if not isinstance(step.action, Task) or not isinstance(step.action.output, JsonOutput):
            return ()
        schema = step.action.output.schema
        if self._provider.null_is_not_found:
            output = _without_nulls(output)
            schema = _without_required(schema)
        return validate_value(schema, output)


async def execute(
    calls: Iterable[Call], *, execution: Execution, cache: Cache, provider: Provider
) -> AsyncIterator[Outcome]:
    """Yield exactly one outcome per call, in the order of the calls.

    Raises:
        StateError: the cache cannot be used.
        KeyRefusedError: the provider refuses the key; nothing more is asked.
    """
    executor = _Executor(execution, cache, provider)
    ahead: deque[asyncio.Task[Outcome]] = deque()
    try:
        for call in calls:
            ahead.append(asyncio.ensure_future(executor.outcome(call)))
            if len(ahead) >= execution.concurrency * WINDOW:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for task in (*ahead, *executor._under_way.values()):  # noqa: SLF001 - same module
            task.cancel()


def unanswered(call: Call, status: Status, error: str) -> Outcome:
    """Return the outcome of a call that has no answer, and why."""
    return Outcome(
        step=call.step,
        row=call.row,
        key=call.key,
        item=call.item,
        status=status,
        processor=call.body.get("processor"),
        error=error,
    )


def _sentence(error: RunnerError) -> str:
    return error.message if error.hint is None else f"{error.message}. {error.hint}"


def _without_nulls(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(entry) for entry in value if entry is not None]
    return value


def _without_required(schema: JSON) -> JSON:
    if isinstance(schema, Mapping):
        return {
            key: _without_required(value)
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, list))
        }
    if isinstance(schema, list):
        return [_without_required(entry) for entry in schema]
    return schema
