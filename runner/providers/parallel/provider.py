"""The Parallel provider: search and extract at once, tasks in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.errors import NotAvailableError
from runner.jsonvalue import JSON
from runner.plan.calls import Kind
from runner.plan.time import QUOTAS
from runner.providers.base import Answer, Listener
from runner.providers.parallel.address import check_base_url, edition_of
from runner.providers.parallel.findall import FindAlls
from runner.providers.parallel.groups import TaskGroups
from runner.providers.parallel.http import Http, check_key

MOST_URLS = 20
"""The most URLs that one extract request may hold."""


class ParallelProvider:
    """Answers calls from the Parallel API. See `open_parallel`."""

    name = "parallel"
    null_is_not_found = False
    warnings: Sequence[str] = ()
    quotas = QUOTAS

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._edition = edition_of(base_url)
        self.runs = TaskGroups(http)
        self.findalls = FindAlls(http)

    def edition(self, body: Mapping[str, JSON]) -> str:
        """Return `parallel`, and where it is asked unless that is the vendor's own address."""
        del body
        return self._edition

    async def ask(self, kind: Kind, body: Mapping[str, JSON]) -> Answer:
        """Answer a search or an extract request.

        Raises:
            NotAvailableError: tasks and FindAll runs are bought, not asked.
        """
        match kind:
            case "search":
                return _found(await self._http.post("/v1/search", body), ("results",))
            case "extract":
                return await self._extract(body)
            case _:
                raise NotAvailableError(f"'{kind}' cannot be asked at once")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _extract(self, body: Mapping[str, JSON]) -> Answer:
        """Extract any number of URLs, at most 20 a request."""
        urls = body["urls"]
        parts = [
            _found(
                await self._http.post("/v1/extract", {**body, "urls": urls[n : n + MOST_URLS]}),
                ("results", "errors"),
            )
            for n in range(0, len(urls), MOST_URLS)
        ]
        if len(parts) == 1:
            return parts[0]
        return Answer(
            output={
                name: [entry for part in parts for entry in part.output[name]]
                for name in ("results", "errors")
            },
            warnings=[warning for part in parts for warning in part.warnings],
        )


def open_parallel(
    *, key: str | None, base_url: str | None, listener: Listener | None = None
) -> ParallelProvider:
    """Return the provider; nothing is asked yet.

    Raises:
        KeyRefusedError: there is no key.
        UsageError: the base URL is none.
    """
    url = check_base_url(base_url)
    http = Http(base_url=url, key=check_key(key), listener=listener)
    return ParallelProvider(http, url)


def _found(answer: Mapping[str, JSON], names: Sequence[str]) -> Answer:
    warnings = answer.get("warnings") or ()
    return Answer(
        output={name: list(answer.get(name) or ()) for name in names},
        run_id=answer.get("search_id") or answer.get("extract_id"),
        warnings=[
            str(each.get("message") if isinstance(each, dict) else each) for each in warnings
        ],
    )
