"""Finding out what became of a request whose answer was lost, before anything is sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from runner.errors import AmbiguousError
from runner.execute.limits import Pace
from runner.job.model import Retry
from runner.providers.base import Runs

LOOKS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look: a request may be accepted after its connection was cut."""


async def looks(
    runs: Runs,
    group: str,
    lost: Iterable[str],
    *,
    pace: Pace,
    retry: Retry,
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncIterator[dict[str, str]]:
    """Yield the run ids of lost fingerprints as they are found, until all are or hope is given up.

    Raises:
        RunnerError: the group cannot be read.
    """
    missing = set(lost)
    for pause in LOOKS:
        await sleep(pause)
        found = await pace.patiently(
            "status", partial(look, runs, group, missing), retry, resend=True
        )
        if found:
            missing -= set(found)
            yield found
        if not missing:
            return


async def look(runs: Runs, group: str, missing: AbstractSet[str]) -> dict[str, str]:
    """Return the run ids of those of the fingerprints that a group holds.

    Raises:
        AmbiguousError: the group could not be read to its end, so that absence proves nothing.
    """
    status = await runs.status(group)
    found: dict[str, str] = {}
    seen = 0
    async for run in runs.read(group, inputs=True):
        seen += 1
        if run.fingerprint is not None and run.fingerprint in missing:
            found.setdefault(run.fingerprint, run.run_id)
    if seen < status.total and len(found) < len(missing):
        raise AmbiguousError(f"The group {group} could not be read to its end")
    return found
