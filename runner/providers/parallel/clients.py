"""HTTP clients with few connections each: as many as are needed for what is under way.

A pool of connections looks at all of them for every request, so that fifty in one pool cost seven
times the processor time of fifty in pools of five (`tests/benchmarks/bench_parallel.py`).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Final

# httpx would load its own command line too, and with it rich: longer than all the rest of it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

if sys.modules["httpx._main"] is None:
    del sys.modules["httpx._main"]

__all__ = ["Clients", "httpx"]

POOL: Final = 5
"""Connections of one client."""


class Clients:
    """Clients made by `make` as they are needed."""

    def __init__(self, make: Callable[[httpx.Limits], httpx.AsyncClient]) -> None:
        self._make = make
        self._clients: list[httpx.AsyncClient] = []
        self._busy: list[int] = []

    @contextlib.contextmanager
    def one(self) -> Iterator[httpx.AsyncClient]:
        """Lend a client that has a connection to spare."""
        least = min(range(len(self._busy)), key=self._busy.__getitem__, default=0)
        if not self._clients or self._busy[least] >= POOL:
            least = len(self._clients)
            # Idle connections are soon closed by servers; a request that is lost that way would
            # have to be looked for, so they are not kept for long.
            limits = httpx.Limits(
                max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=4.0
            )
            self._clients.append(self._make(limits))
            self._busy.append(0)
        self._busy[least] += 1
        try:
            yield self._clients[least]
        finally:
            self._busy[least] -= 1

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            with contextlib.suppress(httpx.HTTPError, OSError, RuntimeError):
                await client.aclose()
