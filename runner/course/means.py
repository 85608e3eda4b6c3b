"""What a run works with, opened together and closed together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from runner.course.stages import open_provider
from runner.course.voice import Voice
from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from runner.execute.limits import Pace, SharedWindows
from runner.execute.state import State
from runner.frozen import frozen
from runner.job.model import Job
from runner.providers.base import Provider
from runner.providers.exchanges import Listener


@frozen
class Means:
    """What a run works with; `pace` is one for all its requests."""

    state: State
    provider: Provider
    cache: Cache
    ledger: Ledger
    pace: Pace


@asynccontextmanager
async def open_means(
    job: Job, state: State, *, allow_outside: bool, voice: Voice, listener: Listener | None = None
) -> AsyncIterator[Means]:
    """Open what a run of a job works with; the provider's warnings are said.

    Raises:
        RunnerError: the state directory or the provider cannot be used.
    """
    provider = open_provider(job, state, allow_outside=allow_outside, listener=listener)
    try:
        voice.warn(provider.warnings)
        with ExitStack() as stack:
            windows = stack.enter_context(SharedWindows(state.limits))
            yield Means(
                state=state,
                provider=provider,
                cache=stack.enter_context(Cache(state.cache, time.time)),
                ledger=stack.enter_context(Ledger(state.ledger)),
                pace=Pace(provider.quotas, windows),
            )
    finally:
        await provider.close()
