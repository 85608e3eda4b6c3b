"""Where the faults strike: around the handlers, and nowhere else."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from email.utils import formatdate

from starlette.responses import Response

from runner.jsonvalue import JSON
from runner.server import sse
from runner.server.exchange import Events, Exchange, Handler, Result, unprocessable
from runner.server.questions import canonical_json
from runner.server.replies import (
    CutBody,
    CutError,
    EventStream,
    Hangup,
    busy_page,
    refusal,
)
from runner.server.validation import complaint

CLASSES = {
    "search": "search",
    "extract": "extract",
    "run.create": "tasks",
    "group.create": "tasks",
    "group.add": "tasks",
}
LONGEST_BEFORE_A_CUT = 20
INTERNAL = 500


class Trouble:
    """Lets a request through to its handler and back, unless a fault strikes."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}
        self._hidden: set[str] = set()
        self._later: set[asyncio.Task[None]] = set()

    async def around(self, exchange: Exchange, handler: Handler) -> Response:
        """Answer a request, well or badly."""
        refused = _refused(exchange) or self._too_many(exchange) or _lost_before(exchange)
        if refused is not None:
            return refused
        if _strikes(exchange, "cut_later"):
            task = asyncio.ensure_future(_accept_later(exchange, handler))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            return Hangup()
        result = await handler(exchange)
        if _strikes(exchange, "slow"):
            await asyncio.sleep(exchange.dice.faults.slow_seconds)
        lost = _lost_after(exchange, result)
        if lost is not None:
            return lost
        if isinstance(result, Events):
            cut, short = _strikes(exchange, "stream_cut"), _strikes(exchange, "stream_short")
            return EventStream(self._streamed(exchange, result.batches, cut=cut, short=short))
        return result

    async def close(self) -> None:
        """Forget what was to be accepted later."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def _too_many(self, exchange: Exchange) -> Response | None:
        faults = exchange.dice.faults
        if _strikes(exchange, "too_many"):
            return _slow_down(exchange, faults.retry_after)
        kind = CLASSES.get(exchange.route)
        if not faults.per_minute or kind is None:
            return None
        recent, moment = self._recent.setdefault(kind, deque()), time.monotonic()
        while recent and recent[0] <= moment - faults.minute:
            recent.popleft()
        if len(recent) >= faults.per_minute:
            exchange.fault = "per_minute"
            return _slow_down(exchange, math.ceil(recent[0] + faults.minute - moment))
        recent.append(moment)
        return None

    async def _streamed(
        self, exchange: Exchange, batches: AsyncIterator[list[JSON]], *, cut: bool, short: bool
    ) -> AsyncIterator[bytes]:
        """Encode events; hide outputs, add noise, break off."""
        dice = exchange.dice
        left = _events_before_the_end(exchange, "stream_cut" if cut else "stream_short")
        encode = sse.encode_event
        if dice.faults.stream_noise:
            noise = dice.chance("stream_noise")
            encode = lambda event: sse.encode_noisily(event, noise)  # noqa: E731
        async for batch in batches:
            if dice.sets("output_hidden"):
                batch = [self._without_output(exchange, event) for event in batch]  # noqa: PLW2901
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

    def _without_output(self, exchange: Exchange, event: dict[str, JSON]) -> dict[str, JSON]:
        if not event.get("output") or event["run"]["run_id"] in self._hidden:
            return event
        run_id = event["run"]["run_id"]
        self._hidden.add(run_id)
        struck = exchange.dice.strikes("output_hidden", route=exchange.route, key=run_id)
        return {**event, "output": None} if struck else event


async def _accept_later(exchange: Exchange, handler: Handler) -> None:
    await asyncio.sleep(exchange.dice.faults.later_seconds)
    await handler(exchange)


def _strikes(exchange: Exchange, name: str) -> bool:
    """Decide whether a fault strikes a request, and note it for the log."""
    text = exchange.body.decode(errors="replace") if exchange.dice.reads(name) else ""
    struck = exchange.dice.strikes(name, route=exchange.route, text=text)
    if struck:
        exchange.fault = name
    return struck


def _refused(exchange: Exchange) -> Response | None:
    """Refuse what the API would refuse for a reason."""
    if _strikes(exchange, "unauthorized"):
        return refusal(401, "Unauthorized: invalid or missing credentials")
    if exchange.route in {"search", "extract"} and _strikes(exchange, "payment"):
        return refusal(402, "Payment required: insufficient credit in account")
    if exchange.route in {"run.create", "group.add"}:
        refused = _refused_runs(exchange)
        if refused is not None:
            return refused
    if (
        exchange.route.startswith("group")
        and exchange.names
        and _strikes(exchange, "group_missing")
    ):
        return refusal(404, "TaskGroup not found")
    if exchange.route.endswith("events") and _strikes(exchange, "stream_refused"):
        return refusal(exchange.dice.faults.stream_status, "Event streams are not available")
    return None


def _refused_runs(exchange: Exchange) -> Response | None:
    faults, store = exchange.dice.faults, exchange.store
    if _strikes(exchange, "forbidden"):
        return refusal(403, "Forbidden: invalid processor in request")
    inputs = (exchange.json or {}).get("inputs", [exchange.json])
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        return None
    total, active = len(store.runs) + len(inputs), store.in_flight + len(inputs)
    limits = ((faults.credit_runs, total), (faults.credit_in_flight, active))
    over = any(limit is not None and wanted > limit for limit, wanted in limits)
    if _strikes(exchange, "payment") or over:
        exchange.fault = "payment"
        return refusal(402, "Payment required: insufficient credit in account")
    return _invalid(exchange, inputs)


def _invalid(exchange: Exchange, inputs: list[dict[str, JSON]]) -> Response | None:
    if not exchange.dice.sets("invalid"):
        return None
    prefix = ("inputs",) if exchange.route == "group.add" else ()
    complaints = []
    for number, each in enumerate(inputs):
        text = canonical_json(each.get("input"))
        if exchange.dice.strikes("invalid", route=exchange.route, text=text, key=text):
            where = (*prefix, number, "input") if prefix else ("input",)
            complaints.append(complaint(where, "Input does not match the schema"))
    if not complaints:
        return None
    exchange.fault = "invalid"
    return unprocessable(exchange, complaints, exchange.dice.faults.invalid_shape)


def _slow_down(exchange: Exchange, seconds: float) -> Response:
    headers = {}
    match exchange.dice.faults.retry_after_form:
        case "seconds":
            headers["retry-after"] = f"{seconds:g}"
        case "date":
            headers["retry-after"] = formatdate(time.time() + seconds, usegmt=True)
    return refusal(429, "Too many requests: quota temporarily exceeded", headers)


def _lost_before(exchange: Exchange) -> Response | None:
    """Answer wrongly, or not at all, before anything was accepted."""
    if _strikes(exchange, "error_before"):
        return _server_error(exchange)
    if _strikes(exchange, "html_before"):
        return busy_page(200)
    if _strikes(exchange, "cut_before"):
        return Hangup(reset=exchange.dice.chance("reset").choice((False, True)))
    return None


def _lost_after(exchange: Exchange, result: Result) -> Response | None:
    """Answer wrongly, or not at all, after the request took effect."""
    if _strikes(exchange, "error_after"):
        return _server_error(exchange)
    if _strikes(exchange, "html_after"):
        return busy_page(200)
    if _strikes(exchange, "cut_after"):
        return Hangup(reset=exchange.dice.chance("reset").choice((False, True)))
    if isinstance(result, Response):
        if _strikes(exchange, "cut_body"):
            return CutBody(result.body, result.status_code, media_type=result.media_type)
        if _strikes(exchange, "truncated"):
            half = bytes(result.body[: len(result.body) // 2])
            return Response(half, result.status_code, media_type=result.media_type)
    return None


def _server_error(exchange: Exchange) -> Response:
    """Fail as the API does (500), or as a proxy before it (502, 503), with a page of HTML."""
    status = exchange.dice.chance("status").choice(exchange.dice.faults.error_statuses)
    if status == INTERNAL:
        return refusal(500, "Internal server error")
    return busy_page(status)


def _events_before_the_end(exchange: Exchange, name: str) -> int:
    after = exchange.dice.faults.stream_after
    drawn = exchange.dice.chance(f"{name}:after").randint(0, LONGEST_BEFORE_A_CUT)
    return after if after >= 0 else drawn
