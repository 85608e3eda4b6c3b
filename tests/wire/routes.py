"""The routes of the API and what each does when nothing goes wrong."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.wire import streams, validation
from tests.wire.answers import canonical, extract_answer, search_answer
from tests.wire.faults import Dice
from tests.wire.logs import Billing
from tests.wire.state import ACTIVE, Group, Run, Store, error
from tests.wire.transport import Request, Response, json_response

ELEMENTS = "field-basis-2025-11-25"
HOUR = 3_600.0
STATUSES = frozenset(
    {
        *("queued", "action_required", "running"),
        *("completed", "failed", "cancelling", "cancelled"),
    }
)


@dataclass(kw_only=True)
class Call:
    """One request on its way to its handler."""

    route: str
    request: Request
    names: Mapping[str, str]
    store: Store
    dice: Dice
    billing: Billing
    fault: str = ""

    @property
    def elements(self) -> bool:
        return ELEMENTS in self.request.headers.get("parallel-beta", "")

    def flag(self, name: str, default: bool) -> bool:
        return self.request.query.get(name, str(default)).lower() in {"true", "1"}


@dataclass(kw_only=True)
class Events:
    """An answer as a stream of events, in batches; an empty batch keeps the connection alive."""

    batches: AsyncIterator[list[dict[str, Any]]]


Result = Response | Events


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return json_response(status, {"type": "error", "error": error(message)}, headers)


def unprocessable(call: Call, complaints: list[dict[str, Any]], shape: str = "") -> Response:
    """Refuse a request, on group routes with the body that FastAPI gives."""
    if shape == "detail" or (not shape and call.route.startswith("group")):
        return json_response(422, {"detail": complaints})
    first = complaints[0]
    message = f"Request validation error: {first['msg']}"
    detail = None if shape == "error" else {"errors": complaints}
    return json_response(422, {"type": "error", "error": error(message, detail)})


async def search(call: Call) -> Result:
    body = call.request.json
    if complaints := list(validation.search_complaints(body)):
        return unprocessable(call, complaints)
    return _at_once(call, "search", body, search_answer(body))


async def extract(call: Call) -> Result:
    body = call.request.json
    if complaints := list(validation.extract_complaints(body)):
        return unprocessable(call, complaints)
    return _at_once(call, "extract", body, extract_answer(body))


def _at_once(call: Call, kind: str, body: Mapping[str, Any], answer: dict[str, Any]) -> Response:
    name = f"{kind}_{uuid.uuid4().hex}"
    call.billing.write([{"id": name, "kind": kind, "key": canonical(body), "body": body}])
    session = body.get("session_id") or f"session_{uuid.uuid4().hex}"
    return json_response(200, {f"{kind}_id": name, **answer, "session_id": session})


async def run_create(call: Call) -> Result:
    body = call.request.json
    if complaints := list(validation.run_complaints(body)):
        return unprocessable(call, complaints)
    if body["processor"] not in validation.PROCESSORS:
        return refusal(403, f"Invalid processor {body['processor']!r}")
    (run,) = call.store.accept([body], dice=call.dice, elements=call.elements)
    return json_response(202, run.wire("queued"))


async def run_get(call: Call) -> Result:
    run = _run(call)
    return _no_run() if run is None else json_response(200, run.wire())


async def run_input(call: Call) -> Result:
    run = _run(call)
    return _no_run() if run is None else json_response(200, run.body)


async def run_result(call: Call) -> Result:
    """Block until the run is over, or the time is up."""
    run = _run(call)
    if run is None:
        return _no_run()
    if run.status in ACTIVE:
        run.done = run.done or asyncio.Event()
        try:
            async with asyncio.timeout(float(call.request.query.get("timeout", "600"))):
                await run.done.wait()
        except TimeoutError:
            return refusal(408, "Request timed out; run still active")
    if run.status != "completed":
        return refusal(404, "Run failed or run id not found")
    return json_response(200, {"run": run.wire(), "output": run.output()})


async def run_events(call: Call) -> Result:
    run = _run(call)
    return _no_run() if run is None else Events(batches=streams.progress(run))


async def group_create(call: Call) -> Result:
    group = call.store.new_group((call.request.json or {}).get("metadata"))
    return json_response(200, group.wire())


async def group_get(call: Call) -> Result:
    group = _group(call)
    return _no_group() if group is None else json_response(200, group.wire())


async def group_add(call: Call) -> Result:
    """Accept a batch whole or not at all."""
    group, body = _group(call), call.request.json
    if group is None:
        return _no_group()
    if complaints := list(validation.group_complaints(body)):
        return unprocessable(call, complaints)
    default = body.get("default_task_spec")
    inputs = [
        {**each, "task_spec": default} if default and not each.get("task_spec") else each
        for each in body["inputs"]
    ]
    if unknown := {each["processor"] for each in inputs} - validation.PROCESSORS:
        return refusal(403, f"Invalid processor {min(unknown)!r}")
    cursors = {
        "run_cursor": f"run-{len(group.runs)}" if group.runs else None,
        "event_cursor": f"event-{len(group.ended)}" if group.runs else None,
    }
    stale = group.stale
    runs = call.store.accept(inputs, dice=call.dice, group=group, elements=call.elements)
    status = group.status() if call.flag("refresh_status", default=True) else stale
    return json_response(
        200, {"status": status, "run_ids": [run.run_id for run in runs], **cursors}
    )


async def group_run(call: Call) -> Result:
    run = _run(call)
    if run is None or run.group is not _group(call):
        return _no_run()
    return json_response(200, run.wire())


async def group_runs(call: Call) -> Result:
    """Stream the runs that are there, in the order they came in, and end."""
    group, status = _group(call), call.request.query.get("status")
    if group is None:
        return _no_group()
    if status is not None and status not in STATUSES:
        return _bad_query("status")
    after = _position(call, "run")
    if after is None:
        return _bad_query("last_event_id")
    runs = (run for run in group.runs[after:] if status is None or run.status == status)
    return Events(
        batches=streams.runs(
            runs,
            include_input=call.flag("include_input", default=False),
            include_output=call.flag("include_output", default=False),
        )
    )


async def group_events(call: Call) -> Result:
    """Stream completions and status until no run is active, or the time is up."""
    group = _group(call)
    if group is None:
        return _no_group()
    after = _position(call, "event")
    if after is None:
        return _bad_query("last_event_id")
    seconds = min(float(call.request.query.get("timeout") or HOUR), HOUR)
    return Events(batches=streams.completions(group, after, seconds))


def _position(call: Call, kind: str) -> int | None:
    """Read a cursor; none for one that this stream never gave."""
    text = call.request.query.get("last_event_id", "")
    found = re.fullmatch(rf"{kind}-(\d+)", text)
    return int(found[1]) if found else None if text else 0


def _run(call: Call) -> Run | None:
    return call.store.runs.get(call.names["run"])


def _group(call: Call) -> Group | None:
    return call.store.groups.get(call.names["group"])


def _no_run() -> Response:
    return refusal(404, "Run id not found")


def _no_group() -> Response:
    return refusal(404, "TaskGroup not found")


def _bad_query(name: str) -> Response:
    wrong = {"loc": ["query", name], "msg": "Value is not acceptable", "type": "value_error"}
    return json_response(422, {"detail": [wrong]})


Handler = Callable[[Call], Awaitable[Result]]

ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("search", "POST", r"/v1/search", search),
    ("extract", "POST", r"/v1/extract", extract),
    ("run.create", "POST", r"/v1/tasks/runs", run_create),
    ("run.get", "GET", r"/v1/tasks/runs/(?P<run>\w+)", run_get),
    ("run.input", "GET", r"/v1/tasks/runs/(?P<run>\w+)/input", run_input),
    ("run.result", "GET", r"/v1/tasks/runs/(?P<run>\w+)/result", run_result),
    ("run.events", "GET", r"/v1(?:beta)?/tasks/runs/(?P<run>\w+)/events", run_events),
    ("group.create", "POST", r"/v1(?:beta)?/tasks/groups", group_create),
    ("group.get", "GET", r"/v1(?:beta)?/tasks/groups/(?P<group>\w+)", group_get),
    ("group.add", "POST", r"/v1(?:beta)?/tasks/groups/(?P<group>\w+)/runs", group_add),
    ("group.runs", "GET", r"/v1(?:beta)?/tasks/groups/(?P<group>\w+)/runs", group_runs),
    ("group.run", "GET", r"/v1(?:beta)?/tasks/groups/(?P<group>\w+)/runs/(?P<run>\w+)", group_run),
    ("group.events", "GET", r"/v1(?:beta)?/tasks/groups/(?P<group>\w+)/events", group_events),
)
