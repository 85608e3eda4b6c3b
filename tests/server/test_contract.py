"""Every response against the vendor's published contract, where `RUNNER_OPENAPI` names its file.

The file is the vendor's and not part of this repository; elsewhere the official client's strict
types are the judge.
"""

import json
import os
import re
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator

from runner.server.faults import Fault, Faults
from tests.server.conftest import SPEC

FILE = os.environ.get("RUNNER_OPENAPI", "")
pytestmark = pytest.mark.skipif(not FILE, reason="RUNNER_OPENAPI names no contract")


class Judge:
    """Knows which schema a response must keep to."""

    def __init__(self) -> None:
        self._contract = json.loads(Path(FILE).read_text(encoding="utf-8"))
        self.seen: set[tuple[str, str, int]] = set()

    def check(self, response: httpx.Response) -> None:
        response.read()
        method, path = response.request.method.lower(), response.request.url.path
        route = self._route(path)
        status = response.status_code
        self.seen.add((method, route, status))
        given = self._contract["paths"][route][method]["responses"]
        schema = {"$ref": "#/components/schemas/ErrorResponse"}
        kind = response.headers["content-type"].split(";")[0]
        if str(status) in given:
            schema = given[str(status)]["content"][kind]["schema"]
        for value in _events(response.text) if kind == "text/event-stream" else [response.json()]:
            self._validate(schema, value)

    def _route(self, path: str) -> str:
        path = path.replace("/v1beta/tasks/groups", "/v1/tasks/groups")
        found = [
            route
            for route in self._contract["paths"]
            if re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", route), path)
        ]
        return found[0]

    def _validate(self, schema: dict, value: object) -> None:
        whole = {**schema, "components": self._contract["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(value))
        assert not errors, (value, errors)


def _events(text: str) -> list[dict]:
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]


def test_a_whole_session_keeps_to_the_contract(start):
    judge = Judge()
    failed = Faults(failed="bad", cancelled="gone", run_seconds=0.05, endless="forever")
    server = start(faults=failed)
    headers = {"x-api-key": server.key, "parallel-beta": "field-basis-2025-11-25"}
    hooks = {"response": [judge.check]}
    with httpx.Client(base_url=server.url, headers=headers, event_hooks=hooks) as http:
        run_all(http)
        http.get("/v1/tasks/runs/none", headers={"x-api-key": "wrong"})
        server.faults = Faults(payment=1.0)
        http.post("/v1/tasks/runs", json={"input": "x", "processor": "base"})
        server.faults = Faults(too_many=1.0)
        http.post("/v1/tasks/runs", json={"input": "x", "processor": "base"})
        server.faults = Faults(error_after=Fault(rate=1.0), error_statuses=(500,))
        http.post("/v1/search", json={"search_queries": ["x"]})
    statuses = {status for _, _, status in judge.seen}
    assert statuses == {200, 202, 401, 402, 403, 404, 408, 422, 429, 500}
    assert len({(method, route) for method, route, _ in judge.seen}) == 14


def run_all(http: httpx.Client) -> None:
    http.post("/v1/search", json={"search_queries": ["Acme"], "objective": "Where is it?"})
    http.post("/v1/search", json={"search_queries": []})
    urls = {"urls": ["acme.md", "missing"], "advanced_settings": {"full_content": True}}
    http.post("/v1/extract", json=urls)
    http.post("/v1/extract", json={})
    ids = []
    for text, spec in (("Acme", SPEC), ("Acme", {"output_schema": "Report"}), ("Acme", None),
                       ("bad", SPEC), ("gone", SPEC)):  # fmt: skip
        body = {"input": text, "processor": "pro", "task_spec": spec, "metadata": {"a": 1}}
        ids.append(http.post("/v1/tasks/runs", json=body).json()["run_id"])
    http.post("/v1/tasks/runs", json={"input": 5, "processor": "base"})
    http.post("/v1/tasks/runs", json={"input": "x", "processor": "psychic"})
    for id_ in (*ids, "none"):
        for rest in ("/result", "", "/input", "/events"):
            http.get(f"/v1/tasks/runs/{id_}{rest}")
        http.get(f"/v1beta/tasks/runs/{id_}/events")
    http.get(f"/v1/tasks/runs/{ids[0]}/result?timeout=soon")
    group = http.post("/v1/tasks/groups", json={"metadata": {"a": "b"}}).json()["taskgroup_id"]
    http.post("/v1/tasks/groups", json={"metadata": {"a": {}}})
    runs = f"/v1/tasks/groups/{group}/runs"
    inputs = [{"input": text, "processor": "pro", "task_spec": SPEC} for text in ("Acme", "bad")]
    added = http.post(runs, json={"inputs": inputs}).json()["run_ids"]
    http.post(f"{runs}?refresh_status=false", json={"inputs": inputs})
    http.post(runs, json={"inputs": [{"input": "x"}]})
    http.get(f"/v1/tasks/groups/{group}/events")
    http.get(f"/v1beta/tasks/groups/{group}/events?last_event_id=event-1")
    http.get(f"{runs}?include_input=true&include_output=true")
    http.get(f"{runs}?status=completed")
    http.get(f"{runs}?status=strange")
    http.get(f"{runs}?last_event_id=strange")
    http.get(f"/v1/tasks/groups/{group}")
    http.get("/v1/tasks/groups/none/events")
    http.get("/v1/tasks/groups/none/runs")
    http.get("/v1/tasks/groups/none")
    http.get(f"{runs}/{added[0]}")
    http.get(f"{runs}/none")
    forever = {"input": "forever", "processor": "base"}
    last = http.post("/v1/tasks/runs", json=forever).json()["run_id"]
    http.get(f"/v1/tasks/runs/{last}/result?timeout=0")
