"""The receiver of webhooks as an ASGI app: it verifies, writes down, and answers at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runner.errors import StateError
from runner.planning.calls import WEBHOOK_EVENT
from runner.server.inbox import Inbox
from runner.server.replies import json_response
from runner.server.signatures import SignatureRefusedError, verify
from runner.server.wire import ACTIVE

MAX_BODY = 1 << 20


def receiver(
    *,
    path: str,
    secret: str,
    inbox: Inbox,
    came: Callable[[], None],
    say: Callable[[str], None] = lambda _line: None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return the app.

    Args:
        path: Where webhooks are posted.
        secret: What they are signed with.
        inbox: Where those that are genuine and new are written down.
        came: Is called when there is something in the inbox.
        say: Hears of those that were refused.
        clock: Seconds since 1970.
    """

    async def receive(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            say("webhook refused: its body is over 1 MiB")
            return json_response(413, {"error": "The body is too large"}, {"connection": "close"})
        try:
            webhook_id = verify(secret, request.headers, body, clock())
        except SignatureRefusedError as error:
            say(f"webhook refused: {str(error).lower()}")
            return json_response(401, {"error": str(error)})
        run_id = _run_told_of(body)
        if run_id is None:
            return json_response(200, {"status": "ignored"})
        try:
            is_new = inbox.take(webhook_id, run_id, clock())
        except StateError as error:
            say(error.message)
            return json_response(503, {"error": "It cannot be written down; send it again"})
        if is_new:
            came()
        return json_response(200, {"status": "ok" if is_new else "duplicate"})

    return Starlette(routes=[Route(path, receive, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """Read the body; None where it is too large, of which no more is read than need be."""
    promised = request.headers.get("content-length", "0")
    if promised.isdigit() and int(promised) > MAX_BODY:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _run_told_of(body: bytes) -> str | None:
    """Return the id of the run that a webhook says is over; None where it says something else."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, Mapping) or event.get("type") != WEBHOOK_EVENT:
        return None
    run = event.get("data")
    if not isinstance(run, Mapping) or run.get("status") in ACTIVE:
        return None
    run_id = run.get("run_id")
    return run_id if isinstance(run_id, str) and run_id else None
