"""Webhooks out: each run that wants one tells of its end, signed, until it is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import httpx

from runner import __version__
from runner.frozen import frozen
from runner.planning.calls import WEBHOOK_EVENT
from runner.server.archive import Archive, Delivery
from runner.server.runs import Run
from runner.server.signatures import signed_headers
from runner.server.wire import encode, name, now

AT_ONCE: Final = 10
ANSWER_SECONDS: Final = 15.0
OK: Final = range(200, 300)


@frozen
class Patience:
    """How long a webhook is tried: after `first` seconds again, twice as long each time."""

    first: float = 5.0
    longest: float = 3_600.0
    give_up: float = 48 * 3_600.0

    def pause(self, attempts: int) -> float:
        """Return how long to wait after so many attempts."""
        return min(self.longest, self.first * 2.0 ** min(attempts - 1, 40))


class Deliveries:
    """Delivers webhooks; what is not delivered when the server stops goes on when it starts again.

    Args:
        secret: Signs them.
        forward_to: Where all of them go, whatever the run says.
        patience: How long each is tried.
        say: Hears of what was delivered, and what was not.
    """

    def __init__(
        self,
        *,
        secret: str,
        forward_to: str | None = None,
        patience: Patience | None = None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._secret = secret
        self._archive: Archive | None = None
        self._forward_to = forward_to
        self._patience = patience or Patience()
        self._say = say
        self._free = asyncio.Semaphore(AT_ONCE)
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, archive: Archive | None) -> None:
        """Go on with what is under way in the archive, which also remembers what is to come."""
        self._archive = archive
        self._client = httpx.AsyncClient(
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": f"runner/{__version__}", "content-type": "application/json"},
            limits=httpx.Limits(max_connections=AT_ONCE),
        )
        for delivery in () if self._archive is None else self._archive.deliveries():
            self._begin(delivery)

    async def stop(self) -> None:
        """Stop trying."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def announce(self, run: Run) -> None:
        """Tell of a run that is over, if it asked for that."""
        webhook = run.body.get("webhook")
        if not webhook or WEBHOOK_EVENT not in (webhook.get("event_types") or ()):
            return
        body = encode({"type": WEBHOOK_EVENT, "timestamp": now(), "data": run.wire()})
        moment = time.time()
        delivery = Delivery(
            id=name("whmsg"), url=webhook["url"], body=body, first=moment, attempts=0, due=moment
        )
        if self._archive is not None:
            self._archive.keep_delivery(delivery)
        self._begin(delivery)

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        url = self._forward_to or delivery.url
        while True:
            await asyncio.sleep(max(0.0, delivery.due - time.time()))
            async with self._free:
                fault = await self._attempt(url, delivery)
            if fault is None:
                break
            attempts = delivery.attempts + 1
            due = time.time() + self._patience.pause(attempts)
            delivery = replace(delivery, attempts=attempts, due=due)
            if due - delivery.first > self._patience.give_up:
                self._say(f"webhook to {url} given up after {attempts} attempts: {fault}")
                break
            self._say(
                f"webhook to {url} not delivered: {fault}; again in {due - time.time():.0f} s"
            )
            if self._archive is not None:
                self._archive.keep_delivery(delivery)
        if self._archive is not None:
            self._archive.forget_delivery(delivery.id)

    async def _attempt(self, url: str, delivery: Delivery) -> str | None:
        """Send once; return why it was not heard."""
        assert self._client is not None
        headers = signed_headers(self._secret, delivery.id, int(time.time()), delivery.body)
        try:
            answer = await self._client.post(url, content=delivery.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return f"no answer ({type(error).__name__})"
        return None if answer.status_code in OK else f"answered {answer.status_code}"
