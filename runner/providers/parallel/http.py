"""One request over HTTP, and what its failure means for money (httpx is imported here and beside).

A request is tried once here; who calls decides what may be sent again. A failure is told apart by
what may have happened at the other end: `UnreachableError` (nothing was sent), a refusal (nothing
was accepted), `AmbiguousError` (it may have been accepted, and the answer was lost).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import cast

import orjson

from runner import __version__
from runner.errors import AmbiguousError, RateLimitedError, UnreachableError
from runner.jsonvalue import JSON
from runner.providers.exchanges import ACCEPTED, Exchange, Listener, current_purpose
from runner.providers.parallel import errors
from runner.providers.parallel.clients import Clients, httpx
from runner.providers.parallel.streams import events

BETAS = "field-basis-2025-11-25,events-sse-2025-07-24,webhook-2025-08-12,findall-2025-09-15"
"""Basis for elements of lists; full event streams; webhooks; FindAll."""

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 120.0
POOL_SECONDS = 60.0
"""How long to wait for a free connection; there is one for every request that may be under way."""

QUIET_SECONDS = 90.0
"""A stream that says nothing for so long is taken for dead, and opened again."""

_NONE: Mapping[str, str] = MappingProxyType({})


class Http:
    """The API at a base URL, asked with a key."""

    def __init__(
        self,
        *,
        base_url: str,
        key: str,
        listener: Listener | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._listener = listener
        self._now = now
        self._host = _host(base_url)
        # Certificates take a while to load, and a plain address on loopback has none.
        verify = False if base_url.startswith("http://") else httpx.create_ssl_context()

        def make(limits: httpx.Limits) -> httpx.AsyncClient:
            return httpx.AsyncClient(
                base_url=base_url,
                headers={
                    "x-api-key": key,
                    "parallel-beta": BETAS,
                    "user-agent": f"research-runner/{__version__}",
                },
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=POOL_SECONDS),
                limits=limits,
                follow_redirects=False,
                verify=verify,
            )

        self._clients = Clients(make)

    async def get(self, route: str, id_: str | None = None) -> JSON:
        """Return the JSON answer of a GET; `id_` is put in the place of `{id}` in the route.

        Raises:
            RunnerError: see the module's docstring.
        """
        return await self._send("GET", route, id_)

    async def post(self, route: str, body: Mapping[str, JSON], id_: str | None = None) -> JSON:
        """Return the JSON answer of a POST; `id_` as in `get`.

        Raises:
            RunnerError: see the module's docstring.
        """
        return await self._send("POST", route, id_, content=orjson.dumps(body))

    async def stream(
        self, route: str, id_: str, params: Mapping[str, str] = _NONE
    ) -> AsyncIterator[JSON]:
        """Yield the events of a stream; its clean end says nothing about completeness.

        `id_` is put in the place of `{id}` in the route.

        Raises:
            AmbiguousError: the stream was cut or is no event stream.
        """
        started = time.perf_counter()
        status: int | None = None
        path = _filled(route, id_)
        try:
            with self._clients.one() as client:
                request = client.build_request(
                    "GET",
                    path,
                    params=params,
                    # Plain bytes: they are read below httpx's own decoding, see `_chunks`.
                    headers={"accept": "text/event-stream", "accept-encoding": "identity"},
                    timeout=httpx.Timeout(
                        QUIET_SECONDS, connect=CONNECT_SECONDS, pool=POOL_SECONDS
                    ),
                )
                response = await client.send(request, stream=True)
                try:
                    status = response.status_code
                    if status not in ACCEPTED:
                        self._refused(response, await response.aread())
                    kind = response.headers.get("content-type", "")
                    if not kind.startswith("text/event-stream"):
                        raise AmbiguousError(f"GET {path} answered '{kind}', no event stream")
                    async for event in events(_chunks(response)):
                        yield event
                finally:
                    await _close(response)
        except httpx.HTTPError as error:
            raise _lost("GET", path, error) from error
        finally:
            self._tell("GET", route, id_, status, started)

    async def close(self) -> None:
        """Close the connections."""
        await self._clients.close()

    async def _send(
        self,
        method: str,
        route: str,
        id_: str | None,
        *,
        content: bytes | None = None,
    ) -> JSON:
        started = time.perf_counter()
        status = None
        path = _filled(route, id_)
        headers = {"content-type": "application/json"} if content is not None else None
        try:
            with self._clients.one() as client:
                response = await client.request(method, path, content=content, headers=headers)
            # It leads back to the response: a circle that would keep the request's body for long.
            response.stream = httpx.ByteStream(b"")
            status = response.status_code
        except httpx.HTTPError as error:
            raise _lost(method, path, error) from error
        finally:
            self._tell(method, route, id_, status, started)
        if status not in ACCEPTED:
            self._refused(response, response.content)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise AmbiguousError(f"{method} {path} answered something that is no JSON") from error
        if not isinstance(answer, dict):
            raise AmbiguousError(f"{method} {path} answered JSON that is no object")
        return answer

    def _refused(self, response: httpx.Response, body: bytes) -> None:
        status = response.status_code
        request = response.request
        asked = f"{request.method} {request.url.path}"
        if status == errors.TOO_MANY_REQUESTS:
            seconds = errors.retry_after(response.headers.get("retry-after"), self._now())
            raise RateLimitedError(f"{asked} met the rate limit", seconds=seconds)
        if status >= errors.SERVER_ERROR or status == errors.STILL_ACTIVE:
            said = errors.message_of(body)
            raise AmbiguousError(f"{asked} answered {status}{': ' + said if said else ''}")
        raise errors.refusal(status, body, self._key)

    def _tell(
        self, method: str, route: str, id_: str | None, status: int | None, started: float
    ) -> None:
        if self._listener is None:
            return
        purpose, attempt = current_purpose()
        error = sys.exception()
        self._listener(
            Exchange(
                method=method,
                route=route,
                id=id_,
                host=self._host,
                status=status,
                error=None if status is not None or error is None else type(error).__name__,
                milliseconds=(time.perf_counter() - started) * 1000,
                purpose=purpose,
                attempt=attempt,
            )
        )


def _filled(route: str, id_: str | None) -> str:
    return route if id_ is None else route.replace("{id}", id_)


def _host(base_url: str) -> str:
    """Return scheme, host and port of an address; a user name and a password stay out."""
    url = httpx.URL(base_url)
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or (443 if url.scheme == "https" else 80)
    return f"{url.scheme}://{host}:{port}"


async def _close(response: httpx.Response) -> None:
    """Give a response's connection back, even where the task is cancelled meanwhile.

    A task that is cancelled while httpx closes a response leaves its connection in the pool for
    good; so the closing is a task of its own.
    """
    await asyncio.shield(asyncio.ensure_future(response.aclose()))


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a response's bytes without closing it at their end."""
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        yield chunk


_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


def _lost(method: str, route: str, error: httpx.HTTPError) -> UnreachableError | AmbiguousError:
    reason = str(error) or type(error).__name__
    if isinstance(error, _NEVER_SENT):
        return UnreachableError(
            f"The provider cannot be reached: {reason}",
            hint="Check the network and PARALLEL_BASE_URL, then run again; nothing is lost",
        )
    return AmbiguousError(f"{method} {route} got no answer: {reason}")
