"""Where the faults strike: around the handlers, and nowhere else."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

from tests.wire import sse
from tests.wire.answers import canonical_json
from tests.wire.routes import Call, Events, Handler, Result, refusal, unprocessable
from tests.wire.transport import ByteStream, CutError, Hangup, Reply, Response
from tests.wire.validation import complaint

HTML = b"<!doctype html>\n<html><head><title>One moment</title></head><body>Busy</body></html>\n"
CLASSES = {
    "search": "search",
    "extract": "extract",
    "run.create": "tasks",
    "group.create": "tasks",
    "group.add": "tasks",
}
LONGEST_BEFORE_A_CUT = 20


class Trouble:
    """Lets a request through to its handler and back, unless a fault strikes."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}
        self._hidden: set[str] = set()
        self._later: set[asyncio.Task[None]] = set()

    async def around(self, call: Call, handler: Handler) -> Reply:
        refused = _refused(call) or self._too_many(call) or _lost_before(call)
        if refused is not None:
            return refused
        if _strikes(call, "cut_later"):
            task = asyncio.ensure_future(_accept_later(call, handler))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            return Hangup()
        result = await handler(call)
        if _strikes(call, "slow"):
            await asyncio.sleep(call.dice.faults.slow_seconds)
        lost = _lost_after(call, result)
        if lost is not None:
            return lost
        if isinstance(result, Events):
            cut, short = _strikes(call, "stream_cut"), _strikes(call, "stream_short")
            return ByteStream(chunks=self._streamed(call, result.batches, cut=cut, short=short))
        return result

    async def close(self) -> None:
        """Forget what was to be accepted later."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def _too_many(self, call: Call) -> Response | None:
        faults = call.dice.faults
        if _strikes(call, "too_many"):
            return _slow_down(call, faults.retry_after)
        kind = CLASSES.get(call.route)
        if not faults.per_minute or kind is None:
            return None
        recent, moment = self._recent.setdefault(kind, deque()), time.monotonic()
        while recent and recent[0] <= moment - faults.minute:
            recent.popleft()
        if len(recent) >= faults.per_minute:
            call.fault = "per_minute"
            return _slow_down(call, math.ceil(recent[0] + faults.minute - moment))
        recent.append(moment)
        return None

    async def _streamed(
        self, call: Call, batches: AsyncIterator[list[dict[str, Any]]], *, cut: bool, short: bool
    ) -> AsyncIterator[bytes]:
        """Encode events; hide outputs, add noise, break off."""
        dice = call.dice
        left = _events_before_the_end(call, "stream_cut" if cut else "stream_short")
        encode = sse.encode
        if dice.faults.stream_noise:
            noise = dice.chance("stream_noise")
            encode = lambda event: sse.encode_noisily(event, noise)  # noqa: E731
        async for batch in batches:
            if dice.sets("output_hidden"):
                batch = [self._without_output(call, event) for event in batch]  # noqa: PLW2901
            blocks = [encode(event) for event in batch]
            if not (cut or short) or len(blocks) <= left:
                left -= len(blocks)
                yield b"".join(blocks) or sse.KEEP_ALIVE
                continue
            broken = blocks[left][: len(blocks[left]) // 2] if cut else b""
            if whole := b"".join(blocks[:left]) + broken:
                yield whole
            if cut:
                raise CutError
            return
        if cut:
            raise CutError

    def _without_output(self, call: Call, event: dict[str, Any]) -> dict[str, Any]:
        if not event.get("output") or event["run"]["run_id"] in self._hidden:
            return event
        run_id = event["run"]["run_id"]
        self._hidden.add(run_id)
        struck = call.dice.strikes("output_hidden", route=call.route, key=run_id)
        return {**event, "output": None} if struck else event


async def _accept_later(call: Call, handler: Handler) -> None:
    await asyncio.sleep(call.dice.faults.later_seconds)
    await handler(call)


def _strikes(call: Call, name: str) -> bool:
    """Decide whether a fault strikes a request, and note it for the log."""
    text = call.request.body.decode(errors="replace") if call.dice.reads(name) else ""
    struck = call.dice.strikes(name, route=call.route, text=text)
    if struck:
        call.fault = name
    return struck


def _refused(call: Call) -> Response | None:
    """Refuse what the API would refuse for a reason."""
    if _strikes(call, "unauthorized"):
        return refusal(401, "Unauthorized: invalid or missing credentials")
    if call.route in {"search", "extract"} and _strikes(call, "payment"):
        return refusal(402, "Payment required: insufficient credit in account")
    if call.route in {"run.create", "group.add"}:
        refused = _refused_runs(call)
        if refused is not None:
            return refused
    if call.route.startswith("group") and call.names and _strikes(call, "group_missing"):
        return refusal(404, "TaskGroup not found")
    if call.route.endswith("events") and _strikes(call, "stream_refused"):
        return refusal(call.dice.faults.stream_status, "Event streams are not available")
    return None


def _refused_runs(call: Call) -> Response | None:
    faults, store = call.dice.faults, call.store
    if _strikes(call, "forbidden"):
        return refusal(403, "Forbidden: invalid processor in request")
    inputs = (call.request.json or {}).get("inputs", [call.request.json])
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        return None
    total, active = len(store.runs) + len(inputs), store.in_flight + len(inputs)
    limits = ((faults.credit_runs, total), (faults.credit_in_flight, active))
    over = any(limit is not None and wanted > limit for limit, wanted in limits)
    if _strikes(call, "payment") or over:
        call.fault = "payment"
        return refusal(402, "Payment required: insufficient credit in account")
    return _invalid(call, inputs)


def _invalid(call: Call, inputs: list[dict[str, Any]]) -> Response | None:
    if not call.dice.sets("invalid"):
        return None
    prefix = ("inputs",) if call.route == "group.add" else ()
    complaints = []
    for number, each in enumerate(inputs):
        text = canonical_json(each.get("input"))
        if call.dice.strikes("invalid", route=call.route, text=text, key=text):
            where = (*prefix, number, "input") if prefix else ("input",)
            complaints.append(complaint(where, "Input does not match the schema"))
    if not complaints:
        return None
    call.fault = "invalid"
    return unprocessable(call, complaints, call.dice.faults.invalid_shape)


def _slow_down(call: Call, seconds: float) -> Response:
    headers = {}
    match call.dice.faults.retry_after_form:
        case "seconds":
            headers["retry-after"] = f"{seconds:g}"
        case "date":
            headers["retry-after"] = formatdate(time.time() + seconds, usegmt=True)
    return refusal(429, "Too many requests: quota temporarily exceeded", headers)


def _lost_before(call: Call) -> Reply | None:
    """Answer wrongly, or not at all, before anything was accepted."""
    if _strikes(call, "error_before"):
        return _server_error(call)
    if _strikes(call, "html_before"):
        return Response(status=200, body=HTML, content_type="text/html")
    if _strikes(call, "cut_before"):
        return Hangup(reset=call.dice.chance("reset").random() < 0.5)
    return None


def _lost_after(call: Call, result: Result) -> Reply | None:
    """Answer wrongly, or not at all, after the request took effect."""
    if _strikes(call, "error_after"):
        return _server_error(call)
    if _strikes(call, "html_after"):
        return Response(status=200, body=HTML, content_type="text/html")
    if _strikes(call, "cut_after"):
        return Hangup(reset=call.dice.chance("reset").random() < 0.5)
    if isinstance(result, Response):
        if _strikes(call, "cut_body"):
            return Response(status=result.status, body=result.body, cut_at=len(result.body) // 2)
        if _strikes(call, "truncated"):
            return Response(status=result.status, body=result.body[: len(result.body) // 2])
    return None


def _server_error(call: Call) -> Response:
    """Fail as the API does (500), or as a proxy before it (502, 503), with a page of HTML."""
    status = call.dice.chance("status").choice(call.dice.faults.error_statuses)
    if status == 500:
        return refusal(500, "Internal server error")
    return Response(status=status, body=HTML, content_type="text/html")


def _events_before_the_end(call: Call, name: str) -> int:
    after = call.dice.faults.stream_after
    drawn = call.dice.chance(f"{name}:after").randint(0, LONGEST_BEFORE_A_CUT)
    return after if after >= 0 else drawn
