"""The routes of the API and what each does when nothing goes wrong."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator
from typing import TypeAlias

from starlette.responses import Response

from runner.errors import RunnerError
from runner.jsonvalue import JSON
from runner.planning.processors import PROCESSORS
from runner.providers.base import STATUSES
from runner.server import streams, validation
from runner.server.exchange import Events, Exchange, Handler, Result, unprocessable
from runner.server.questions import canonical
from runner.server.replies import json_response, refusal
from runner.server.runs import Group, Run
from runner.server.wire import name

HOUR = 3_600.0
RESULT_SECONDS = 600.0


async def search(exchange: Exchange) -> Result:
    """Answer a search at once."""
    return await _at_once(exchange, "search", validation.search_complaints(exchange.json))


async def extract(exchange: Exchange) -> Result:
    """Answer an extract at once."""
    return await _at_once(exchange, "extract", validation.extract_complaints(exchange.json))


async def _at_once(
    exchange: Exchange, kind: str, complaints: Iterator[validation.Complaint]
) -> Response:
    if wrong := list(complaints):
        return unprocessable(exchange, wrong)
    body, answers = exchange.json, exchange.answers
    try:
        answer = await (answers.search(body) if kind == "search" else answers.extract(body))
    except RunnerError as fault:
        return refusal(500, fault.message)
    id_ = name(kind)
    exchange.billing.write([{"id": id_, "kind": kind, "key": canonical(body), "body": body}])
    session = body.get("session_id") or name("session")
    return json_response(200, {f"{kind}_id": id_, **answer, "session_id": session})


async def run_create(exchange: Exchange) -> Result:
    """Accept one run."""
    body = exchange.json
    if complaints := list(validation.run_complaints(body)) or _unknown(exchange, body, ()):
        return unprocessable(exchange, complaints)
    if body["processor"] not in PROCESSORS:
        return _no_processor(body["processor"])
    (run,) = exchange.store.accept([body], dice=exchange.dice, elements=exchange.elements)
    return json_response(202, run.wire("queued"))


async def run_get(exchange: Exchange) -> Result:
    """Tell how far a run is."""
    run = _run(exchange)
    return _no_run() if run is None else json_response(200, run.wire())


async def run_input(exchange: Exchange) -> Result:
    """Tell what a run was asked."""
    run = _run(exchange)
    return _no_run() if run is None else json_response(200, run.body)


async def run_result(exchange: Exchange) -> Result:
    """Block until the run is over, or the time is up."""
    run = _run(exchange)
    if run is None:
        return _no_run()
    seconds = _seconds(exchange, RESULT_SECONDS)
    if seconds is None:
        return unprocessable(exchange, [_bad_query("timeout")])
    if run.is_active:
        run.done = run.done or asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                await run.done.wait()
        except TimeoutError:
            return refusal(408, "Request timed out; run still active")
    if run.status != "completed":
        return refusal(404, "Run failed or run id not found")
    output = await exchange.store.output(run)
    return json_response(200, {"run": run.wire(), "output": output})


async def run_events(exchange: Exchange) -> Result:
    """Stream what a run does."""
    run = _run(exchange)
    if run is None:
        return _no_run()
    return Events(batches=streams.progress(run, exchange.answers.sources))


async def group_create(exchange: Exchange) -> Result:
    """Open a group."""
    metadata = (exchange.json or {}).get("metadata")
    if metadata is not None and (wrong := list(validation.metadata_complaints(metadata))):
        return unprocessable(exchange, wrong)
    return json_response(200, exchange.store.new_group(metadata).wire())


async def group_get(exchange: Exchange) -> Result:
    """Tell how far a group is."""
    group = _group(exchange)
    return _no_group() if group is None else json_response(200, group.wire())


async def group_add(exchange: Exchange) -> Result:
    """Accept a batch whole or not at all."""
    group, body = _group(exchange), exchange.json
    if group is None:
        return _no_group()
    if complaints := list(validation.group_complaints(body)):
        return unprocessable(exchange, complaints)
    default = body.get("default_task_spec")
    inputs = [
        {**each, "task_spec": default} if default and not each.get("task_spec") else each
        for each in body["inputs"]
    ]
    if unknown := {each["processor"] for each in inputs} - PROCESSORS.keys():
        return _no_processor(min(unknown))
    wrong = [
        each for n, run in enumerate(inputs) for each in _unknown(exchange, run, ("inputs", n))
    ]
    if wrong:
        return unprocessable(exchange, wrong)
    cursors = {
        "run_cursor": f"run-{len(group.runs)}" if group.runs else None,
        "event_cursor": f"event-{len(group.ended)}" if group.runs else None,
    }
    stale = group.stale
    runs = exchange.store.accept(
        inputs, dice=exchange.dice, group=group, elements=exchange.elements
    )
    status = group.status() if exchange.flag("refresh_status", default=True) else stale
    return json_response(
        200, {"status": status, "run_ids": [run.run_id for run in runs], **cursors}
    )


async def group_run(exchange: Exchange) -> Result:
    """Tell how far a run of a group is."""
    run = _run(exchange)
    if run is None or run.group is None or run.group is not _group(exchange):
        return _no_run()
    return json_response(200, run.wire())


async def group_runs(exchange: Exchange) -> Result:
    """Stream the runs that are there, in the order they came in, and end."""
    group, status = _group(exchange), exchange.query.get("status")
    if group is None:
        return _no_group()
    if status is not None and status not in STATUSES:
        return unprocessable(exchange, [_bad_query("status")])
    after = _position(exchange, "run")
    if after is None:
        return unprocessable(exchange, [_bad_query("last_event_id")])
    store = exchange.store
    return Events(
        batches=streams.runs(
            (run for run in group.runs[after:] if status is None or run.status == status),
            include_input=exchange.flag("include_input", default=False),
            output=store.output if exchange.flag("include_output", default=False) else None,
        )
    )


async def group_events(exchange: Exchange) -> Result:
    """Stream completions and status until no run is active, or the time is up."""
    group = _group(exchange)
    if group is None:
        return _no_group()
    after = _position(exchange, "event")
    if after is None:
        return unprocessable(exchange, [_bad_query("last_event_id")])
    seconds = _seconds(exchange, HOUR)
    if seconds is None:
        return unprocessable(exchange, [_bad_query("timeout")])
    return Events(batches=streams.completions(group, after, min(seconds, HOUR)))


def _position(exchange: Exchange, kind: str) -> int | None:
    """Read a cursor; none for one that this stream never gave."""
    text = exchange.query.get("last_event_id", "")
    found = re.fullmatch(rf"{kind}-(\d{{1,12}})", text)
    return int(found[1]) if found else None if text else 0


def _seconds(exchange: Exchange, usual: float) -> float | None:
    """Read `timeout`; none for what is no time."""
    try:
        seconds = float(exchange.query.get("timeout") or usual)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _unknown(exchange: Exchange, run: JSON, where: validation.Place) -> list[validation.Complaint]:
    """Return what is wrong with the interaction that a run follows: this server knows its own."""
    if run.get("previous_interaction_id") is None or exchange.store.earlier(run) is not None:
        return []
    place = (*where, "previous_interaction_id")
    return [validation.complaint(place, "Interaction not found; ask the earlier question again")]


def _run(exchange: Exchange) -> Run | None:
    return exchange.store.runs.get(exchange.names["run"])


def _group(exchange: Exchange) -> Group | None:
    return exchange.store.groups.get(exchange.names["group"])


def _no_run() -> Response:
    return refusal(404, "Run id not found")


def _no_group() -> Response:
    return refusal(404, "TaskGroup not found")


def _no_processor(processor: JSON) -> Response:
    return refusal(403, f"Invalid processor {processor!r}")


def _bad_query(parameter: str) -> validation.Complaint:
    return {"loc": ["query", parameter], "msg": "Value is not acceptable", "type": "value_error"}


_GROUPS = ("/v1/tasks/groups", "/v1beta/tasks/groups")
_RUNS = ("/v1/tasks/runs", "/v1beta/tasks/runs")

Routed: TypeAlias = tuple[str, str, tuple[str, ...], str, Handler]
"""Name, method, where the path begins, how it goes on, and the handler."""

ROUTES: tuple[Routed, ...] = (
    ("search", "POST", ("/v1/search",), "", search),
    ("extract", "POST", ("/v1/extract",), "", extract),
    ("run.create", "POST", _RUNS[:1], "", run_create),
    ("run.get", "GET", _RUNS[:1], "/{run}", run_get),
    ("run.input", "GET", _RUNS[:1], "/{run}/input", run_input),
    ("run.result", "GET", _RUNS[:1], "/{run}/result", run_result),
    ("run.events", "GET", _RUNS, "/{run}/events", run_events),
    ("group.create", "POST", _GROUPS, "", group_create),
    ("group.get", "GET", _GROUPS, "/{group}", group_get),
    ("group.add", "POST", _GROUPS, "/{group}/runs", group_add),
    ("group.runs", "GET", _GROUPS, "/{group}/runs", group_runs),
    ("group.run", "GET", _GROUPS, "/{group}/runs/{run}", group_run),
    ("group.events", "GET", _GROUPS, "/{group}/events", group_events),
)
