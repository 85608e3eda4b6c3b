"""The server in a thread of its own."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from runner.server.answers import Answers
from runner.server.app import Service
from runner.server.archive import Archive
from runner.server.deliveries import Deliveries
from runner.server.faults import Dice, Faults
from runner.server.logs import Log
from runner.server.routes import ROUTES
from runner.server.serving import listen, serve, url_of
from tests.wire import logs
from tests.wire.answers import DrawnAnswers
from tests.wire.findall import FindAlls

KEY = "test-key"


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
        state: Path | None = None,
        deliveries: Deliveries | None = None,
        answers: Callable[[], Answers] = DrawnAnswers,
    ) -> None:
        self._answers = answers
        self.findalls = FindAlls()
        self._state, self._deliveries = state, deliveries
        self._folder = tempfile.TemporaryDirectory(prefix="wire-")
        self.key = key
        self.billing = billing or Path(self._folder.name) / "billing.jsonl"
        self._requests_path = requests or Path(self._folder.name) / "requests.jsonl"
        self._port = port
        self._faults = faults or Faults()
        self._failures: list[Exception] = []
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
        if self._failures:
            raise self._failures[0]

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - raised in the thread that started this one
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._service = Service(
            answers=self._answers(),
            key=self.key,
            faults=self._faults,
            billing=Log(self.billing),
            requests=Log(self._requests_path),
            archive=None if self._state is None else Archive(self._state),
            deliveries=self._deliveries,
            routes=(*ROUTES, *self.findalls.routes()),
            failed=self._failures.append,
        )
        listener = listen("127.0.0.1", self._port)
        self.url = url_of(listener)
        async with self._service.running():
            self._ready.set()
            await serve(self._service.app(), listener, self._stop)
