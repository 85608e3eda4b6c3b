"""HTTP/1.1 over asyncio streams, as small as a test server needs it, with power over the wire.

A framework hides the connection; here a reply may break it off at any byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_BODY = 64 * 1024 * 1024
MAX_HEAD = 64 * 1024
RESET = struct.pack("ii", 1, 0)


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(kw_only=True)
class Response:
    """A whole answer; with `cut_at` the connection closes after so many bytes of the body."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None


@dataclass(kw_only=True)
class ByteStream:
    """An answer in chunks; when the iterator raises `CutError`, the connection closes there."""

    chunks: AsyncIterator[bytes]
    content_type: str = "text/event-stream; charset=utf-8"
    status: int = 200


@dataclass(kw_only=True)
class Hangup:
    """No answer: the connection closes, politely or with a reset."""

    reset: bool = False


class CutError(Exception):
    """The connection is to be closed in the middle of the answer."""


Reply = Response | ByteStream | Hangup
Application = Callable[[Request], Awaitable[Reply]]


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, body=json.dumps(value).encode(), headers=headers or {})


class Connections:
    """Answers every request of every connection; `close` leaves none behind."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._open: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (request := await _read(reader)) is not None:
                    if not await _write(writer, await self._application(request)):
                        break
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = {
        name.lower(): value.strip()
        for name, _, value in (entry.partition(":") for entry in lines if entry)
    }
    size = int(headers.get("content-length", "0"))
    if size > MAX_BODY or "transfer-encoding" in headers:
        raise ConnectionAbortedError("bodies need a length, and an end")
    parts = urlsplit(target)
    return Request(
        method=method,
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=await reader.readexactly(size) if size else b"",
    )


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Send a reply; false when the connection is not to be used again."""
    match reply:
        case Hangup(reset=reset):
            if reset:
                _reset_on_close(writer)
            return False
        case Response():
            head = {"content-length": str(len(reply.body)), **reply.headers}
            body = reply.body if reply.cut_at is None else reply.body[: reply.cut_at]
            writer.write(_head(reply.status, reply.content_type, head) + body)
            await writer.drain()
            return reply.cut_at is None
        case ByteStream():
            head = {"transfer-encoding": "chunked", "cache-control": "no-store"}
            writer.write(_head(reply.status, reply.content_type, head))
            try:
                async with contextlib.aclosing(reply.chunks) as chunks:
                    async for chunk in chunks:
                        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                        await writer.drain()
            except CutError:
                await writer.drain()
                return False
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            return True


def _head(status: int, content_type: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
