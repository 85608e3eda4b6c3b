"""What the event streams say: runs as they are, completions as they come, progress of one run.

Each is an iterator of batches of events; an empty batch keeps the connection alive.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

from tests.wire.answers import SITES
from tests.wire.state import ACTIVE, Group, Run, now

BATCH = 50
KEEP_ALIVE_SECONDS = 5.0
STAGES = (
    ("plan", "Planning what to look for"),
    ("search", "Searching the web"),
    ("tool_call", "Reading a page"),
    ("exec_status", "Comparing what the pages say"),
    ("result", "Writing the answer"),
)
LONGEST_PROGRESS = 60.0


async def runs(
    chosen: Iterable[Run], *, include_input: bool, include_output: bool
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the runs that are there, each as it is now, and end."""
    batch = []
    for run in chosen:
        event = _state_event(run, f"run-{run.index + 1}")
        event["input"] = run.body if include_input else None
        event["output"] = run.output() if include_output else None
        batch.append(event)
        if len(batch) == BATCH:
            yield batch
            batch = []
            await asyncio.sleep(0)
    if batch:
        yield batch


async def completions(
    group: Group, after: int, seconds: float
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the runs that end, and the group's status, while the group is active."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    yield [_status_event(group, after)]
    while True:
        group.changed.clear()
        while fresh := group.ended[after : after + BATCH]:
            batch = [_state_event(run, f"event-{after + n}") for n, run in enumerate(fresh, 1)]
            after += len(fresh)
            yield [*batch, _status_event(group, after)]
        if not group.active or clock() >= deadline:
            return
        if not await _wait(group.changed, min(deadline - clock(), KEEP_ALIVE_SECONDS)):
            yield []


async def progress(run: Run) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield what a run does as its time passes, and its last state when it is over."""
    clock = asyncio.get_running_loop().time
    run.done = run.done or asyncio.Event()
    length = min(run.ends - run.starts, LONGEST_PROGRESS)
    for number, (stage, message) in enumerate(STAGES if run.watched() else ()):
        moment = run.starts + length * number / len(STAGES)
        while run.status in ACTIVE and (left := moment - clock()) > 0:
            if not await _wait(run.done, min(left, KEEP_ALIVE_SECONDS)):
                yield []
        yield [_message(stage, message), _statistics(run, number + 1)]
    while run.status in ACTIVE:
        if not await _wait(run.done, KEEP_ALIVE_SECONDS):
            yield []
    yield [_state_event(run, None)]


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _state_event(run: Run, event_id: str | None) -> dict[str, Any]:
    return {
        "type": "task_run.state",
        "event_id": event_id,
        "input": None,
        "run": run.wire(),
        "output": None,
    }


def _status_event(group: Group, position: int) -> dict[str, Any]:
    return {
        "type": "task_group_status",
        "event_id": f"event-{position}",
        "status": group.status(),
    }


def _message(stage: str, message: str) -> dict[str, Any]:
    return {"type": f"task_run.progress_msg.{stage}", "message": message, "timestamp": now()}


def _statistics(run: Run, done: int) -> dict[str, Any]:
    seed = hashlib.sha256(run.key.encode()).digest()
    return {
        "type": "task_run.progress_stats",
        "source_stats": {
            "num_sources_considered": done * (3 + seed[0] % 8),
            "num_sources_read": done * (1 + seed[1] % 3),
            "sources_read_sample": [f"https://{site}/{seed[:3].hex()}" for site in SITES[:done]],
        },
        "progress_meter": 100 * done / len(STAGES),
    }
