"""An ASGI app on a socket (the only import of uvicorn)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from runner.errors import UsageError, reason
from runner.server.replies import CONNECTION

KEEP_ALIVE_SECONDS = 75
BACKLOG = 1_024


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that others can connect to; port 0 takes a free one.

    Raises:
        UsageError: the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Only where the protocol is named does asyncio send small answers without delay.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be listened on: {reason(error)}",
            hint="Choose another --port, or stop the server that has it",
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listener: socket.socket, stop: asyncio.Event) -> None:
    """Answer requests until `stop` is set; then every connection is closed at once."""
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=BACKLOG,
    )
    await _Server(config, stop).serve(sockets=[listener])


class _Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Shows the app its transport, so that an answer may break off."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        app: ASGIApp = self.app  # type: ignore[has-type]

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            scope[CONNECTION] = transport
            await app(scope, receive, send)

        self.app = with_connection


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command line."""
        yield

    async def main_loop(self) -> None:
        await self._stop.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        """Close everything; a stream may last an hour, so none is waited for."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        tasks = tuple(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lifespan.shutdown()
