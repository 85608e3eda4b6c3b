"""The steps of a run, each asked as soon as what it reads is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from runner.execute.executor import Executor
from runner.execute.watching import Watcher
from runner.planning.calls import Call
from runner.planning.waves import Wave


async def ask_alone(executor: Executor, step: str, calls: Iterable[Call], watcher: Watcher) -> None:
    """Ask the only step of an executor, to its end; `watcher` is told when it begins and ends."""
    watcher.began([step])
    await executor.ask([step], calls)
    await executor.answered(step)
    watcher.ended([step])


async def walk(
    waves: Sequence[Wave],
    executor: Executor,
    calls: Callable[[Wave], Awaitable[Iterable[Call]]],
    watcher: Watcher,
) -> None:
    """Ask all waves, side by side where none waits for the other.

    Args:
        waves: The job's.
        executor: Who answers.
        calls: Returns the calls of a wave whose time has come.
        watcher: Is told when steps begin and end.

    Raises:
        ExceptionGroup: of what `calls` or the executor raises; the first fault ends all.
    """
    done = {id_: asyncio.Event() for wave in waves for id_ in wave.ids}

    async def ask(wave: Wave) -> None:
        for id_ in wave.after:
            await done[id_].wait()
        found = await calls(wave)
        watcher.began(wave.ids)
        await executor.ask(wave.ids, found)
        for id_ in wave.ids:
            tasks.create_task(end(id_))

    async def end(step: str) -> None:
        await executor.answered(step)
        watcher.ended([step])
        done[step].set()

    async with asyncio.TaskGroup() as tasks:
        for wave in waves:
            tasks.create_task(ask(wave))
