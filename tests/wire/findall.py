"""FindAll on the test server: drawn candidates, of which every second matches."""

from __future__ import annotations

import hashlib
from typing import Any

from runner.server.exchange import Exchange, Result, unprocessable
from runner.server.questions import canonical
from runner.server.replies import json_response, refusal
from runner.server.routes import Routed
from runner.server.validation import complaint
from runner.server.wire import name

RUNS = "/v1beta/findall/runs"
REQUIRED = ("objective", "entity_type", "match_conditions", "generator", "match_limit")


class FindAlls:
    """The FindAll runs of one server; a run is over when it has been looked at `looks` times."""

    def __init__(self) -> None:
        self.looks = 1
        self._runs: dict[str, dict[str, Any]] = {}

    def routes(self) -> tuple[Routed, ...]:
        return (
            ("findall.ingest", "POST", ("/v1beta/findall/ingest",), "", self._ingest),
            ("findall.create", "POST", (RUNS,), "", self._create),
            ("findall.get", "GET", (RUNS,), "/{findall}", self._get),
            ("findall.result", "GET", (RUNS,), "/{findall}/result", self._result),
        )

    async def _ingest(self, exchange: Exchange) -> Result:
        objective = exchange.json["objective"]
        condition = {"name": "fits", "description": f"It is one of: {objective}"}
        return json_response(
            200,
            {"objective": objective, "entity_type": "things", "match_conditions": [condition]},
        )

    async def _create(self, exchange: Exchange) -> Result:
        body = exchange.json
        missing = [key for key in REQUIRED if key not in body]
        if missing:
            return unprocessable(exchange, [complaint((missing[0],), "Field required", "missing")])
        if not 5 <= body["match_limit"] <= 1_000:
            return unprocessable(
                exchange, [complaint(("match_limit",), "must be from 5 to 1000", "value_error")]
            )
        run_id = name("findall")
        question = {key: value for key, value in body.items() if key != "metadata"}
        bill = {"id": run_id, "kind": "findall", "key": canonical(question), "body": body}
        exchange.billing.write([bill])
        self._runs[run_id] = {"body": body, "looks": 0}
        return json_response(200, self._wire(run_id))

    async def _get(self, exchange: Exchange) -> Result:
        run = self._runs.get(exchange.names["findall"])
        if run is None:
            return refusal(404, "FindAll run not found")
        run["looks"] += 1
        return json_response(200, self._wire(exchange.names["findall"]))

    async def _result(self, exchange: Exchange) -> Result:
        run_id = exchange.names["findall"]
        if run_id not in self._runs:
            return refusal(404, "FindAll run not found")
        return json_response(
            200,
            {
                "run": self._wire(run_id),
                "candidates": self._candidates(run_id),
                "last_event_id": None,
            },
        )

    def _wire(self, run_id: str) -> dict[str, Any]:
        run = self._runs[run_id]
        over = run["looks"] > self.looks
        return {
            "findall_id": run_id,
            "generator": run["body"]["generator"],
            "metadata": run["body"].get("metadata"),
            "created_at": "2026-01-01T00:00:00Z",
            "modified_at": "2026-01-01T00:00:00Z",
            "status": {
                "status": "completed" if over else "running",
                "is_active": not over,
                "metrics": {
                    "generated_candidates_count": run["body"]["match_limit"],
                    "matched_candidates_count": len(matched(self._candidates(run_id))),
                },
                "termination_reason": "candidates_exhausted" if over else None,
            },
        }

    def _candidates(self, run_id: str) -> list[dict[str, Any]]:
        body = self._runs[run_id]["body"]
        return candidates(body["objective"], body["match_limit"])


def candidates(objective: str, limit: int) -> list[dict[str, Any]]:
    """Return what the server finds; every second candidate matches."""
    found = []
    for number in range(limit):
        drawn = hashlib.sha256(f"{objective}{number}".encode()).hexdigest()[:8]
        found.append(
            {
                "candidate_id": f"candidate_{drawn}",
                "name": f"Company {drawn}",
                "url": f"https://{drawn}.example.com",
                "description": f"It makes {drawn}.",
                "match_status": "unmatched" if number % 2 else "matched",
                "output": {"fits": {"value": "yes", "type": "match_condition"}},
                "basis": [
                    {
                        "field": "fits",
                        "reasoning": "Its page says so.",
                        "citations": [{"url": f"https://{drawn}.example.com/about"}],
                        "confidence": "high",
                    }
                ],
            }
        )
    return found


def matched(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in found if each["match_status"] == "matched"]
