"""Answers as Starlette's responses, and some with power over the wire: they may break it off.

`CONNECTION` in a request's scope is its transport; see `runner.server.serving`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from runner.jsonvalue import JSON
from runner.server.wire import encode, error

CONNECTION = "runner.connection"
_RESET = struct.pack("ii", 1, 0)
_HTML = b"<!doctype html>\n<html><head><title>One moment</title></head><body>Busy</body></html>\n"


class CutError(Exception):
    """The connection is to be closed in the middle of the answer."""


def json_response(status: int, value: JSON, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value as a whole answer."""
    return Response(encode(value), status, headers, media_type="application/json")


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that says no, with the API's error body."""
    return json_response(status, {"type": "error", "error": error(message)}, headers)


def busy_page(status: int) -> Response:
    """Return a page of HTML, as a proxy shows it."""
    return Response(_HTML, status, media_type="text/html")


class Hangup(Response):
    """No answer: the connection closes, politely or with a reset."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(status_code=500)
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        del send
        await _hang_up(scope, reset=self._reset)
        await _gone(receive)


class CutBody(Response):
    """An answer whose connection closes in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of what was promised."""
        head = {"type": "http.response.start", "status": self.status_code}
        await send({**head, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(scope)
        await _gone(receive)


class EventStream(StreamingResponse):
    """An answer in chunks; when the iterator raises `CutError`, the connection closes there."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        super().__init__(
            chunks, headers={"cache-control": "no-store"}, media_type="text/event-stream"
        )
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the iterator yields, until the client leaves."""
        stream = asyncio.ensure_future(self._stream(scope, receive, send))
        leave = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({stream, leave}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stream.cancel()
            leave.cancel()
            ended, _ = await asyncio.gather(stream, leave, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with contextlib.aclosing(self._chunks):  # type: ignore[type-var]
            try:
                await self.stream_response(send)
            except CutError:
                await _hang_up(scope)
                await _gone(receive)


async def _hang_up(scope: Scope, *, reset: bool = False) -> None:
    transport: asyncio.Transport = scope[CONNECTION]
    if reset:
        connection: socket.socket = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.close()


async def _gone(receive: Receive) -> None:
    """Return when the client is not there any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
