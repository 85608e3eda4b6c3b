"""The stages of a run as the commands call them: load, open, expand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from runner.cli.messages import show_problems
from runner.errors import NotAvailableError, UsageError
from runner.execute.state import State, state_of
from runner.job.items import select_rows
from runner.job.load import load_with_warnings
from runner.job.model import Job
from runner.jsonvalue import JSON
from runner.plan.calls import Call
from runner.plan.expand import expand
from runner.providers.base import Provider

Listener: TypeAlias = Callable[[Any], None]

HELD = 10_000
"""So many calls are held in memory; of more rows each is rendered again when its turn comes."""

LATER = {
    "steps": "several steps",
    "foreach": "steps over earlier results",
    "follows": "following an earlier step",
    "findall": "FindAll",
    "webhook": "webhooks",
    "verify": "verification of citations",
    "checks": "quality gates",
}


def load_runnable(
    file: Path,
    *,
    variables: Mapping[str, str],
    provider: str | None,
    allow_outside: bool,
    quiet: bool,
) -> Job:
    """Return a job that this version can run; its warnings are printed.

    Raises:
        JobProblemsError: the job file has errors.
        NotAvailableError: it asks for something that comes later.
    """
    job, warnings = load_with_warnings(
        file, variables=variables, provider=provider, allow_outside=allow_outside
    )
    if warnings and not quiet:
        show_problems(warnings, "text")
    for where in job.unavailable:
        place = job.source.key(where)
        word = str(where[-1])
        raise NotAvailableError(
            f"{job.source.shown}:{place.line}:{place.column}: "
            f"'{word}' ({LATER.get(word, word)}) is not available yet",
            hint="The file is valid; this version of runner cannot run that part",
        )
    return job


def state_for(job: Job) -> State:
    """Return the job's state directory."""
    return state_of(job, os.environ, Path.cwd())


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
    raise UsageError(f"There is no provider '{job.provider}'", hint="Use 'parallel' or 'local'")


def rows_of(job: Job) -> Iterator[Mapping[str, JSON]]:
    """Yield the job's rows; a job without items has one, without columns."""
    if job.items is None:
        yield {}
    else:
        yield from select_rows(job)


@dataclass(slots=True, kw_only=True)
class Planned:
    """The calls of a job, counted; few are held, many are made again when they are walked over.

    `rows_beyond` are those after `--limit`; `cost_usd` is the price of all distinct calls within.
    """

    expand: Callable[[], Iterator[Call]]
    limit: int | None
    rows: int = 0
    rows_beyond: int = 0
    distinct: int = 0
    cost_usd: Decimal = field(default_factory=Decimal)
    held: list[Call] | None = None

    def within(self) -> Iterator[Call]:
        """Yield the calls of the rows up to the limit."""
        for call in self.held if self.held is not None else self.expand():
            if self.limit is not None and call.row >= self.limit:
                return
            yield call

    def beyond(self) -> Iterator[Call]:
        """Yield the calls of the rows after the limit."""
        if self.limit is not None and self.rows_beyond:
            for call in self.held if self.held is not None else self.expand():
                if call.row >= self.limit:
                    yield call


def plan_calls(job: Job, provider: Provider, limit: int | None) -> Planned:
    """Return the calls of a job; every template has been rendered for every row.

    Raises:
        JobProblemsError: a template, an input or a value does not fit a row.
    """
    today = datetime.now(tz=UTC).date()

    def expanded() -> Iterator[Call]:
        return expand(job, rows_of(job), edition=provider.edition, today=today)

    planned = Planned(expand=expanded, limit=limit, held=[])
    seen: set[bytes] = set()
    last = -1
    for call in expanded():
        if planned.held is not None:
            planned.held.append(call)
            if len(planned.held) > HELD:
                planned.held = None
        if call.row != last:
            last = call.row
            planned.rows += 1
            planned.rows_beyond += limit is not None and call.row >= limit
        fingerprint = bytes.fromhex(call.fingerprint)
        if fingerprint not in seen and (limit is None or call.row < limit):
            seen.add(fingerprint)
            planned.distinct += 1
            planned.cost_usd += call.price_usd
    return planned
