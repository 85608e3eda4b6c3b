"""FindAll runs: an objective becomes entities that match conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from runner.errors import AmbiguousError
from runner.jsonvalue import JSON
from runner.providers.base import FINISHED, Answer, Found, Search
from runner.providers.parallel.groups import FINGERPRINT

if TYPE_CHECKING:
    from runner.providers.parallel.http import Http

RUNS = "/v1beta/findall/runs"
RUN = f"{RUNS}/{{id}}"
INGEST = "/v1beta/findall/ingest"

WELL_ENDED = frozenset({"match_limit_met", "candidates_exhausted", "low_match_rate"})
"""Why a run ends that did what it could."""


class FindAlls:
    """FindAll runs over HTTP; see `runner.providers.base.FindAlls`."""

    def __init__(self, http: Callable[[], Http]) -> None:
        self._http = http

    async def prepare(self, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Return the whole request; the API itself fills in what the job leaves open."""
        if "entity_type" in body and "match_conditions" in body:
            return body
        suggested = await self._http().post(INGEST, {"objective": body["objective"]})
        try:
            open_ = {key: suggested[key] for key in ("entity_type", "match_conditions")}
        except KeyError as error:
            raise AmbiguousError(f"POST {INGEST} answered without a specification") from error
        return {**open_, **body}

    async def start(self, fingerprint: str, body: Mapping[str, JSON]) -> str:
        """Buy a run and return its id."""
        metadata = {**(body.get("metadata") or {}), FINGERPRINT: fingerprint}
        run = await self._http().post(RUNS, {**body, "metadata": metadata})
        if not isinstance(run.get("findall_id"), str):
            raise AmbiguousError(f"POST {RUNS} answered without an id")
        return str(run["findall_id"])

    async def look(self, run_id: str) -> Search:
        """Return how far a run is."""
        run = await self._http().get(RUN, run_id)
        status = run.get("status")
        if not isinstance(status, dict):
            raise AmbiguousError(f"GET {RUNS}/{run_id} answered without a status")
        metrics = status.get("metrics") or {}
        return Search(
            is_finished=status.get("status") in FINISHED,
            candidates=int(metrics.get("generated_candidates_count") or 0),
            matches=int(metrics.get("matched_candidates_count") or 0),
            ended=_ended(status),
        )

    async def result(self, run_id: str) -> Found:
        """Return what a run found: the candidates that match."""
        answer = await self._http().get(f"{RUN}/result", run_id)
        candidates = answer.get("candidates")
        if not isinstance(candidates, list):
            raise AmbiguousError(f"GET {RUNS}/{run_id}/result answered without candidates")
        matched = [
            each
            for each in candidates
            if isinstance(each, dict) and each.get("match_status") == "matched"
        ]
        ended = _ended((answer.get("run") or {}).get("status") or {})
        return Found(
            matches=len(matched),
            answer=Answer(
                output={"results": [_entity(each) for each in matched]},
                basis=[
                    {**entry, "field": f"results.{number}.{entry.get('field')}"}
                    for number, each in enumerate(matched)
                    for entry in each.get("basis") or ()
                    if isinstance(entry, dict)
                ],
                run_id=run_id,
                warnings=[] if ended is None else [f"The search ended early: {ended}"],
            ),
        )


def _entity(candidate: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a candidate in the form of a search result; its basis is told apart."""
    kept = {key: value for key, value in candidate.items() if key not in ("basis", "match_status")}
    said = candidate.get("description")
    return {**kept, "title": candidate.get("name"), "excerpts": [said] if said else []}


def _ended(status: Mapping[str, JSON]) -> str | None:
    """Return why a run ended, where it did not do what it could."""
    reason = status.get("termination_reason")
    if status.get("status") not in FINISHED or reason in WELL_ENDED:
        return None
    if status.get("status") == "completed" and not reason:
        return None
    return str(reason or status.get("status")).replace("_", " ")
