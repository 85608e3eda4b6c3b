"""What the event streams say: runs as they are, completions as they come, progress of one run.

Each is an iterator of batches of events; an empty batch keeps the connection alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from runner.jsonvalue import JSON
from runner.server.runs import Group, Run
from runner.server.wire import now

BATCH = 50
KEEP_ALIVE_SECONDS = 5.0
PAUSE_SECONDS = 0.02
"""Runs that end at nearly the same time are told of together."""

STAGES = (
    ("plan", "Planning what to look for"),
    ("search", "Searching the sources"),
    ("tool_call", "Reading a source"),
    ("exec_status", "Comparing what the sources say"),
    ("result", "Writing the answer"),
)
LONGEST_PROGRESS = 60.0
SAMPLE = 5


async def runs(
    chosen: Iterable[Run],
    *,
    include_input: bool,
    output: Callable[[Run], Awaitable[JSON]] | None,
) -> AsyncIterator[list[JSON]]:
    """Yield the runs that are there, each as it is now, and end; `output` tells what one said."""
    batch = []
    for run in chosen:
        event = _state_event(run, f"run-{run.index + 1}")
        event["input"] = run.body if include_input else None
        event["output"] = None if output is None else await output(run)
        batch.append(event)
        if len(batch) == BATCH:
            yield batch
            batch = []
            await asyncio.sleep(0)
    if batch:
        yield batch


async def completions(group: Group, after: int, seconds: float) -> AsyncIterator[list[JSON]]:
    """Yield the runs that end, and the group's status, while the group is active."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    yield [_status_event(group, after)]
    while True:
        changed = group.changed
        while fresh := group.ended[after : after + BATCH]:
            batch = [_state_event(run, f"event-{after + n}") for n, run in enumerate(fresh, 1)]
            after += len(fresh)
            yield [*batch, _status_event(group, after)]
        if not group.active or clock() >= deadline:
            return
        if await _wait(changed, min(deadline - clock(), KEEP_ALIVE_SECONDS)):
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            yield []


async def progress(run: Run, sources: Sequence[str]) -> AsyncIterator[list[JSON]]:
    """Yield what a run does as its time passes, and its last state when it is over."""
    clock = asyncio.get_running_loop().time
    run.done = run.done or asyncio.Event()
    length = min(run.ends - run.starts, LONGEST_PROGRESS)
    for number, (stage, message) in enumerate(STAGES if run.watched() else ()):
        moment = run.starts + length * number / len(STAGES)
        while run.is_active and (left := moment - clock()) > 0:
            if not await _wait(run.done, min(left, KEEP_ALIVE_SECONDS)):
                yield []
        yield [_message(stage, message), _statistics(sources, number + 1)]
    while run.is_active:
        if not await _wait(run.done, KEEP_ALIVE_SECONDS):
            yield []
    yield [_state_event(run, None)]


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _state_event(run: Run, event_id: str | None) -> dict[str, JSON]:
    return {
        "type": "task_run.state",
        "event_id": event_id,
        "input": None,
        "run": run.wire(),
        "output": None,
    }


def _status_event(group: Group, position: int) -> dict[str, JSON]:
    return {
        "type": "task_group_status",
        "event_id": f"event-{position}",
        "status": group.status(),
    }


def _message(stage: str, message: str) -> dict[str, JSON]:
    return {"type": f"task_run.progress_msg.{stage}", "message": message, "timestamp": now()}


def _statistics(sources: Sequence[str], done: int) -> dict[str, JSON]:
    read = len(sources) * done // len(STAGES)
    return {
        "type": "task_run.progress_stats",
        "source_stats": {
            "num_sources_considered": len(sources),
            "num_sources_read": read,
            "sources_read_sample": list(sources[: min(read, SAMPLE)]),
        },
        "progress_meter": 100 * done / len(STAGES),
    }
