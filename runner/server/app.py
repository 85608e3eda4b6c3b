"""The API as an ASGI app: requests through the key, the faults and the handlers."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runner.server.answers import Answers
from runner.server.archive import Archive
from runner.server.deliveries import Deliveries
from runner.server.exchange import Exchange, Handler, unprocessable
from runner.server.faults import Dice, Faults
from runner.server.logs import Log
from runner.server.loopback import is_loopback
from runner.server.replies import Hangup, refusal
from runner.server.routes import ROUTES, Routed
from runner.server.store import Store
from runner.server.trouble import Trouble

MAX_BODY = 64 * 1024 * 1024


class Service:
    """One server's state, and its answer to each request.

    Without a key everyone is answered who asks under a loopback name: a web page that a browser
    shows cannot, whatever name it has given to this machine. `failed` hears of the server's own
    mistakes, which are answered with 500.
    """

    def __init__(
        self,
        *,
        answers: Answers,
        key: str | None = None,
        faults: Faults | None = None,
        archive: Archive | None = None,
        billing: Log | None = None,
        requests: Log | None = None,
        deliveries: Deliveries | None = None,
        routes: Sequence[Routed] = ROUTES,
        failed: Callable[[Exception], None] = lambda _failure: None,
    ) -> None:
        self.dice = Dice(faults or Faults())
        self._failed = failed
        self._routes = routes
        self._answers = answers
        self._key = key
        self._archive = archive
        self._billing = billing or Log(None)
        self._requests = requests or Log(None)
        self._deliveries = deliveries
        self._trouble = Trouble()
        self.store = Store(
            answers=answers,
            billing=self._billing,
            archive=archive,
            ended=(lambda _run: None) if deliveries is None else deliveries.announce,
        )

    def app(self) -> Starlette:
        """Return the app; it answers while the service is running."""
        routes = [
            Route(start + rest, self._endpoint(name, handler), methods=[method])
            for name, method, starts, rest, handler in self._routes
            for start in starts
        ]
        elsewhere = self._endpoint("", None)

        async def missing(request: Request, _error: Exception) -> Response:
            return await elsewhere(request)

        return Starlette(routes=routes, exception_handlers={404: missing, 405: missing})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take up what the archive holds, and let runs move on; at the end close all files.

        Raises:
            StateError: the archive cannot be read.
        """
        self.store.start(self.dice)
        if self._deliveries is not None:
            self._deliveries.start(self._archive)
        try:
            yield
        finally:
            await self._trouble.close()
            await self.store.stop()
            if self._deliveries is not None:
                await self._deliveries.stop()
            await self._answers.close()
            for each in (self._billing, self._requests, self._archive):
                if each is not None:
                    each.close()

    def _endpoint(
        self, route: str, handler: Handler | None
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            body = await _body(request)
            exchange = Exchange(
                route=route,
                body=body or b"",
                json=None,
                names=request.path_params,
                query=request.query_params,
                betas=request.headers.get("parallel-beta", ""),
                store=self.store,
                answers=self._answers,
                dice=self.dice,
                billing=self._billing,
            )
            if body is None:
                reply = refusal(413, "The request is too large")
            else:
                reply = await self._reply(request, exchange, handler)
            self._requests.write(
                [
                    {
                        "method": request.method,
                        "route": route,
                        "path": request.url.path,
                        "status": 0 if isinstance(reply, Hangup) else reply.status_code,
                        "fault": exchange.fault,
                    }
                ]
            )
            return reply

        return answer

    async def _reply(
        self, request: Request, exchange: Exchange, handler: Handler | None
    ) -> Response:
        refused = self._stranger(request)
        if refused is not None:
            return refused
        if handler is None:
            return refusal(404, "Not found")
        try:
            exchange.json = orjson.loads(exchange.body) if exchange.body else None
            sound = isinstance(exchange.json, dict | None)
        except orjson.JSONDecodeError:
            sound = False
        if not sound:
            wrong = {"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}
            return unprocessable(exchange, [wrong])
        self.store.settle()
        try:
            return await self._trouble.around(exchange, handler)
        except Exception as failure:  # noqa: BLE001 - one request fails, the server goes on
            self._failed(failure)
            return refusal(500, f"The server is wrong: {type(failure).__name__}")

    def _stranger(self, request: Request) -> Response | None:
        """Refuse who may not ask."""
        if self._key is None:
            origin = request.headers.get("origin")
            places = [f"//{request.headers.get('host', '')}", *([origin] if origin else [])]
            if all(is_loopback(_hostname(place)) for place in places):
                return None
            return refusal(421, "This server answers at 127.0.0.1 and localhost only")
        given = request.headers.get("x-api-key", "")
        if hmac.compare_digest(given.encode(), self._key.encode()):
            return None
        return refusal(401, "Unauthorized: invalid or missing credentials")


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def _body(request: Request) -> bytes | None:
    """Read the body; None where it is too large."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
