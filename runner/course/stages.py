"""The stages of a run as its callers go through them: open, expand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runner.execute.state import State, open_state, state_of
from runner.job.model import Job, Step
from runner.job.rows.items import select_rows
from runner.jsonvalue import JSON
from runner.planning.calls import Call
from runner.planning.expand import Earlier, Edition, expand
from runner.providers.base import Provider
from runner.providers.exchanges import Listener

HELD = 10_000
"""So many calls are held in memory; of more rows each is rendered again when its turn comes."""


def state_for(job: Job) -> State:
    """Return the job's state directory, made if it is not there."""
    return open_state(state_of(job, os.environ, Path.cwd()).folder)


@contextmanager
def edition_for(job: Job, *, allow_outside: bool) -> Iterator[tuple[Edition, State, Sequence[str]]]:
    """Yield who answers a job and from what, its state directory, and the provider's warnings.

    No key is needed, and for a provider on the network nothing is made on disk.
    """
    if job.provider != "parallel":
        state = state_for(job)
        provider = open_provider(job, state, allow_outside=allow_outside)
        try:
            yield provider.edition, state, provider.warnings
        finally:
            _closed(provider)
        return
    from runner.providers.parallel.address import check_base_url, edition_of

    edition = edition_of(check_base_url(os.environ.get("PARALLEL_BASE_URL")))
    yield lambda _body: edition, state_of(job, os.environ, Path.cwd()), ()


def _closed(provider: Provider) -> None:
    """Close a provider, inside an event loop or outside."""
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(provider.close())
        return
    task = loop.create_task(provider.close())
    _CLOSING.add(task)
    task.add_done_callback(_CLOSING.discard)


_CLOSING: set[object] = set()
"""Tasks that close a provider: a loop alone would let them go."""


def open_provider(
    job: Job, state: State, *, allow_outside: bool, listener: Listener | None = None
) -> Provider:
    """Return the provider a job names.

    Raises:
        KeyRefusedError: it needs a key, and there is none.
        UsageError: it is not known, or its documents are not there.
    """
    if job.provider == "local":
        from runner.providers.local.provider import open_local

        folder = job.file.parent
        root = Path(folder.anchor) if allow_outside else job.root
        return open_local(folder, root, job.documents, state.index(folder, job.documents))
    if job.provider == "parallel":
        from runner.providers.parallel.provider import open_parallel

        return open_parallel(
            key=os.environ.get("PARALLEL_API_KEY"),
            base_url=os.environ.get("PARALLEL_BASE_URL"),
            listener=listener,
        )
    from runner.providers.plugins import Opening, open_plugin

    return open_plugin(
        job.provider,
        Opening(
            folder=job.file.parent,
            root=Path(job.file.anchor) if allow_outside else job.root,
            documents=job.documents,
            state=state.folder / "plugins" / job.provider,
        ),
    )


def rows_of(job: Job) -> Iterator[Mapping[str, JSON]]:
    """Yield the job's rows; a job without items has one, without columns."""
    if job.items is None:
        yield {}
    else:
        yield from select_rows(job)


@dataclass(slots=True)
class Calls:
    """Calls to walk over more than once; few are held, many are made again at every walk."""

    expand: Callable[[], Iterator[Call]]
    held: list[Call] | None = None

    def __iter__(self) -> Iterator[Call]:
        if self.held is not None:
            yield from self.held
            return
        held: list[Call] | None = []
        for call in self.expand():
            if held is not None:
                held.append(call)
                if len(held) > HELD:
                    held = None
            yield call
        self.held = held


def calls_of(
    job: Job,
    steps: Sequence[Step],
    edition: Edition,
    limit: int | None,
    earlier: Callable[[], Earlier] | None = None,
) -> Calls:
    """Return the calls of steps; every walk over them renders every template.

    `earlier` opens what the steps before them left, for one walk; without it, walking raises
    `JobProblemsError` where a template, an input or a value does not fit a row.
    """
    today = datetime.now(tz=UTC).date()
    return Calls(
        lambda: expand(
            job,
            rows_of(job),
            edition=edition,
            today=today,
            steps=steps,
            earlier=None if earlier is None else earlier(),
            limit=limit,
        )
    )
