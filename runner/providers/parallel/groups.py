"""Task groups: runs are bought in batches, and read back with inputs and outputs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from runner.errors import AmbiguousError, UnknownRunError
from runner.jsonvalue import JSON
from runner.providers.base import (
    FINISHED,
    STATUSES,
    Added,
    Answer,
    GroupStatus,
    Run,
    RunProgress,
    RunStatus,
)

if TYPE_CHECKING:
    from runner.providers.parallel.http import Http

FINGERPRINT = "runner_fp"
"""The metadata key under which each run carries its call's fingerprint."""

GROUPS = "/v1/tasks/groups"
GROUP = f"{GROUPS}/{{id}}"
GROUP_RUNS = f"{GROUP}/runs"
RUN = "/v1/tasks/runs/{id}"
TOLD = 3
"""So few runs are asked to tell of their progress."""


class TaskGroups:
    """Tasks of the Parallel API, bought in groups. See `runner.providers.base.Runs`."""

    def __init__(self, http: Callable[[], Http]) -> None:
        self._http = http

    async def create_group(self) -> str:
        """Return the id of a new group."""
        answer = await self._http().post(GROUPS, {})
        group = answer.get("taskgroup_id")
        if not isinstance(group, str):
            raise AmbiguousError(f"POST {GROUPS} answered without a taskgroup_id")
        return group

    async def add(self, group: str, bodies: Mapping[str, Mapping[str, JSON]]) -> Added:
        """Buy one run per fingerprint and body."""
        inputs = [
            {**body, "metadata": {**(body.get("metadata") or {}), FINGERPRINT: fingerprint}}
            for fingerprint, body in bodies.items()
        ]
        if len(inputs) <= TOLD:
            # Such runs are watched one by one; only those that track events can tell of them.
            inputs = [{**each, "enable_events": True} for each in inputs]
        answer = await self._http().post(GROUP_RUNS, {"inputs": inputs}, group)
        run_ids = answer.get("run_ids")
        if not isinstance(run_ids, list) or len(run_ids) != len(inputs):
            raise AmbiguousError(f"{group} took runs on without an id for every run")
        return Added(run_ids=run_ids, status=_status(answer.get("status"), None))

    async def read(
        self,
        group: str,
        after: str | None = None,
        *,
        inputs: bool = False,
        outputs: bool = False,
    ) -> AsyncIterator[Run]:
        """Yield the group's runs as they are now, from a cursor on."""
        wanted = {"last_event_id": after} if after else {}
        if inputs:
            wanted["include_input"] = "true"
        if outputs:
            wanted["include_output"] = "true"
        async for event in self._http().stream(GROUP_RUNS, group, wanted):
            run = _event(event)
            if run is not None:
                yield run

    async def watch(self, group: str, after: str | None) -> AsyncIterator[Run | GroupStatus]:
        """Yield completions and statuses of a group from a cursor on."""
        cursor = {"last_event_id": after} if after else {}
        async for event in self._http().stream(f"{GROUP}/events", group, cursor):
            if event.get("type") == "task_group_status":
                yield _status(event.get("status"), event.get("event_id"))
            else:
                run = _event(event)
                if run is not None:
                    yield run

    async def status(self, group: str) -> GroupStatus:
        """Return the group's status."""
        answer = await self._http().get(GROUP, group)
        return _status(answer.get("status"), None)

    async def result(self, run_id: str) -> Run:
        """Return one run, with its answer if it is completed."""
        run = _run(await self._http().get(RUN, run_id), None, None)
        if run is None:
            raise AmbiguousError(f"The answer about {run_id} holds no run")
        if run.status != "completed":
            return run
        try:
            answer = await self._http().get(f"{RUN}/result", run_id)
        except UnknownRunError as error:
            # The result of a run that has just failed is 404, like that of an unknown one.
            raise AmbiguousError(f"The result of {run_id} is not there yet") from error
        found = _run(answer.get("run"), answer.get("output"), None)
        if found is None or found.answer is None:
            raise AmbiguousError(f"The result of {run_id} came without an output")
        return found

    async def progress(self, run_id: str) -> AsyncIterator[RunProgress]:
        """Yield what one run says of itself."""
        async for event in self._http().stream(f"{RUN}/events", run_id):
            said = _progress(event)
            if said is not None:
                yield said


def _progress(event: Mapping[str, JSON]) -> RunProgress | None:
    kind = str(event.get("type"))
    if kind.startswith("task_run.progress_msg"):
        return RunProgress(message=" ".join(str(event.get("message") or "").split()))
    if kind == "task_run.progress_stats":
        stats = event.get("source_stats") or {}
        return RunProgress(
            sources_considered=stats.get("num_sources_considered"),
            sources_read=stats.get("num_sources_read"),
            percent=event.get("progress_meter"),
        )
    return None


def _event(event: JSON) -> Run | None:
    """Return the run that an event tells of, None where it tells of something else."""
    if event.get("type") != "task_run.state":
        return None
    given = event.get("input")
    metadata = given.get("metadata") if isinstance(given, dict) else None
    return _run(event.get("run"), event.get("output"), event.get("event_id"), metadata)


def _run(run: JSON, output: JSON, cursor: JSON, metadata: JSON = None) -> Run | None:
    if not isinstance(run, dict) or not isinstance(run.get("run_id"), str):
        return None
    known = run.get("metadata") or metadata
    status: RunStatus = run.get("status", "running")
    return Run(
        run_id=run["run_id"],
        status=status if status in STATUSES else "running",  # A status of later days.
        fingerprint=known.get(FINGERPRINT) if isinstance(known, dict) else None,
        answer=_answer(run, output) if status == "completed" else None,
        error=_why(run) if status in ("failed", "cancelled") else None,
        cursor=cursor,
        ended_at=_moment(run.get("modified_at")) if status in FINISHED else None,
    )


def _moment(text: JSON) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None


def _answer(run: Mapping[str, JSON], output: JSON) -> Answer | None:
    if not isinstance(output, dict) or "content" not in output:
        return None
    return Answer(
        output=output["content"],
        basis=[entry for entry in output.get("basis") or () if isinstance(entry, dict)],
        run_id=run["run_id"],
        warnings=[_message(each) for each in run.get("warnings") or ()],
        output_schema=output.get("output_schema"),
        interaction_id=run.get("interaction_id"),
    )


def _message(warning: JSON) -> str:
    return str(warning.get("message") if isinstance(warning, dict) else warning)


def _why(run: Mapping[str, JSON]) -> str:
    error = run.get("error")
    if isinstance(error, dict) and error.get("message"):
        detail = error.get("detail")
        more = f" ({orjson.dumps(detail).decode()[:300]})" if detail else ""
        return f"The run {run['status']}: {error['message']}{more}"
    return f"The run was {run['status']}" if run["status"] == "cancelled" else "The run failed"


def _status(status: JSON, cursor: JSON) -> GroupStatus:
    counts = status.get("task_run_status_counts") if isinstance(status, dict) else None
    whole = counts if isinstance(counts, dict) else {}
    total = status.get("num_task_runs") if isinstance(status, dict) else None
    return GroupStatus(
        total=total if isinstance(total, int) else 0,
        counts={name: count for name, count in whole.items() if isinstance(count, int)},
        cursor=cursor if isinstance(cursor, str) else None,
    )
