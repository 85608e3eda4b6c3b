"""The Parallel provider: search and extract at once, tasks in groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from runner.errors import NotAvailableError
from runner.job.model import Kind
from runner.jsonvalue import JSON
from runner.planning.time import QUOTAS
from runner.providers.base import Answer, Part
from runner.providers.exchanges import Listener
from runner.providers.parallel.address import check_base_url, check_key, edition_of
from runner.providers.parallel.findall import FindAlls
from runner.providers.parallel.groups import TaskGroups

if TYPE_CHECKING:
    from runner.providers.parallel.http import Http

MOST_URLS = 20
"""The most URLs that one extract request may hold."""


class ParallelProvider:
    """Answers calls from the Parallel API. See `open_parallel`."""

    name = "parallel"
    null_is_not_found = False
    warnings: Sequence[str] = ()
    quotas = QUOTAS

    def __init__(self, connect: Callable[[], Http], base_url: str) -> None:
        self._connect = connect
        self._connection: Http | None = None
        self._edition = edition_of(base_url)
        self.runs = TaskGroups(self._http)
        self.findalls = FindAlls(self._http)

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return `parallel`, and where it is asked unless that is the vendor's own address."""
        del body
        return self._edition

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer a search or an extract request (of at most 20 URLs: see `parts`).

        Raises:
            NotAvailableError: tasks and FindAll runs are bought, not asked.
        """
        match kind:
            case "search":
                return _found(await self._http().post("/v1/search", body), ("results",))
            case "extract":
                answer = await self._http().post("/v1/extract", body)
                return _found(answer, ("results", "errors"))
            case _:
                raise NotAvailableError(f"'{kind}' cannot be asked at once")

    def parts(self, kind: Kind, body: Mapping[str, JSON]) -> Sequence[Part]:
        """Return the requests of a call: an extract takes one for every 20 URLs."""
        if kind != "extract":
            return (Part(body=body),)
        urls = body["urls"]
        some = [urls[n : n + MOST_URLS] for n in range(0, len(urls), MOST_URLS)]
        return [Part(body={**body, "urls": each}, weight=len(each)) for each in some]

    def joined(self, answers: Sequence[Answer]) -> Answer:
        """Return the answer of an extract from those of its parts."""
        return Answer(
            output={
                name: [entry for answer in answers for entry in answer.output[name]]
                for name in ("results", "errors")
            },
            warnings=[warning for answer in answers for warning in answer.warnings],
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._connection is not None:
            await self._connection.close()

    def _http(self) -> Http:
        """Return the API's client, made when something is first asked: often all is cached."""
        self._connection = self._connection or self._connect()
        return self._connection


def open_parallel(
    *, key: str | None, base_url: str | None, listener: Listener | None = None
) -> ParallelProvider:
    """Return the provider; nothing is asked yet.

    Raises:
        KeyRefusedError: there is no key.
        UsageError: the base URL is none.
    """
    url, good_key = check_base_url(base_url), check_key(key)

    def connect() -> Http:
        from runner.providers.parallel.http import Http  # noqa: PLC0415 - slow to import

        return Http(base_url=url, key=good_key, listener=listener)

    return ParallelProvider(connect, url)


def _found(answer: Mapping[str, JSON], names: Sequence[str]) -> Answer:
    warnings = answer.get("warnings") or ()
    return Answer(
        output={name: list(answer.get(name) or ()) for name in names},
        run_id=answer.get("search_id") or answer.get("extract_id"),
        warnings=[
            str(each.get("message") if isinstance(each, dict) else each) for each in warnings
        ],
    )
