"""The server: requests through the key, the faults and the handlers; in a thread or in front."""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.wire import logs
from tests.wire.faults import Dice, Faults
from tests.wire.logs import Billing, Requests
from tests.wire.routes import ROUTES, Call, Handler, refusal
from tests.wire.state import Store
from tests.wire.transport import Connections, Hangup, Reply, Request, json_response
from tests.wire.trouble import Trouble

KEY = "test-key"
HEAD_LIMIT = 64 * 1024


class Service:
    """Answers requests; whatever transport brings them."""

    def __init__(self, *, key: str, faults: Faults, billing: Billing, requests: Requests) -> None:
        self.dice = Dice(faults)
        self.store = Store(billing)
        self.trouble = Trouble()
        self.failures: list[Exception] = []
        self._key, self._billing, self._requests = key, billing, requests
        self._routes = [(name, verb, re.compile(path), act) for name, verb, path, act in ROUTES]

    async def __call__(self, request: Request) -> Reply:
        route, names, handler = self._find(request)
        call = Call(
            route=route,
            request=request,
            names=names,
            store=self.store,
            dice=self.dice,
            billing=self._billing,
        )
        reply = await self._reply(call, handler)
        self._requests.write(
            [
                {
                    "method": request.method,
                    "route": route,
                    "path": request.path,
                    "status": 0 if isinstance(reply, Hangup) else reply.status,
                    "fault": call.fault,
                }
            ]
        )
        return reply

    async def _reply(self, call: Call, handler: Handler | None) -> Reply:
        if handler is None:
            return refusal(404, "Not found")
        if call.request.headers.get("x-api-key") != self._key:
            return refusal(401, "Unauthorized: invalid or missing credentials")
        try:
            sound = isinstance(call.request.json, dict | None)
        except ValueError:
            sound = False
        if not sound:
            wrong = {"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}
            return json_response(422, {"detail": [wrong]})
        self.store.settle()
        try:
            return await self.trouble.around(call, handler)
        except Exception as failure:  # noqa: BLE001 - kept, and raised by WireServer.close
            self.failures.append(failure)
            return refusal(500, f"The test server is wrong: {failure!r}")

    def _find(self, request: Request) -> tuple[str, Mapping[str, str], Handler | None]:
        for name, verb, path, handler in self._routes:
            if verb == request.method and (found := path.fullmatch(request.path)):
                return name, found.groupdict(), handler
        return "", {}, None


class WireServer:
    """The server in a thread of its own.

    Attributes:
        url: The base URL.
        billing: The file with one line per accepted run, search and extract.

    Example:
        with WireServer(faults=Faults(cut_after=0.2)) as server:
            ...
            assert max(server.bought().values()) == 1
    """

    def __init__(
        self,
        *,
        faults: Faults | None = None,
        key: str = KEY,
        billing: Path | None = None,
        requests: Path | None = None,
        port: int = 0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wire-")
        self.key = key
        self.billing = billing or Path(self._folder.name) / "billing.jsonl"
        self._requests_path = requests or Path(self._folder.name) / "requests.jsonl"
        self._port = port
        self._faults = faults or Faults()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def faults(self) -> Faults:
        return self._service.dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        """Change what goes wrong from the next request on; counts begin anew."""
        self._service.dice = Dice(faults)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """All requests so far: `method`, `route`, `path`, `status` (0: none), `fault`."""
        return logs.entries(self._requests_path)

    def bought(self) -> Counter[str]:
        """Count by canonical question how often each was bought."""
        return logs.bought(self.billing)

    def bills(self) -> list[dict[str, Any]]:
        """Return everything billed so far, in order."""
        return logs.entries(self.billing)

    def release(self) -> None:
        """Complete every run that would never end."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (self._service.store.release(), done.set()))
        done.wait()

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._folder.cleanup()
        if self._service.failures:
            raise self._service.failures[0]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        billing, requests = Billing(self.billing), Requests(self._requests_path)
        self._service = Service(
            key=self.key, faults=self._faults, billing=billing, requests=requests
        )
        connections = Connections(self._service)
        try:
            server = await asyncio.start_server(
                connections.serve, "127.0.0.1", self._port, limit=HEAD_LIMIT, backlog=1024
            )
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        except OSError as failure:
            self._failure = failure
            return
        else:
            self._ready.set()
            await self._stop.wait()
            server.close()
            await self._service.trouble.close()
            await connections.close()
            self._service.store.stop()
        finally:
            billing.close()
            requests.close()
            self._ready.set()
