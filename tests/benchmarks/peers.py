"""What else one could run instead of `runner`, each as a process of its own.

Run as `python tests/benchmarks/peers.py NAME --url URL --rows N --out FILE`.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

BATCH = 1_000
CONCURRENCY = 50
GROUPS = "/v1/tasks/groups"
KEY = os.environ.get("PARALLEL_API_KEY", "test-key")
FIELDS = {
    "founded_year": {"type": "integer", "description": "Year the company was founded"},
    "headquarters": {"type": "string", "description": "City and country of the head office"},
    "employees": {"type": "integer", "description": "Number of employees"},
    "listed": {"type": "boolean", "description": "Whether its shares are listed"},
    "business": {"type": "string", "description": "What it does, in one sentence"},
}
SCHEMA = {
    "type": "object",
    "properties": FIELDS,
    "required": list(FIELDS),
    "additionalProperties": False,
}


def question(number: int) -> dict[str, Any]:
    return {
        "input": f"Key facts about Company {number}",
        "processor": "core",
        "task_spec": {"output_schema": {"type": "json", "json_schema": SCHEMA}},
    }


def search_question(number: int) -> dict[str, Any]:
    return {
        "objective": f"Where is the head office of Company {number}?",
        "search_queries": [f"Company {number} head office"],
    }


def batches(rows: int) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, rows, BATCH):
        yield [question(number) for number in range(first, min(first + BATCH, rows))]


def floor(given: argparse.Namespace) -> None:
    """Fill one task group with httpx and read it back; nothing else."""
    import httpx  # noqa: PLC0415 - each pays for its own imports only

    headers = {"x-api-key": KEY}
    with (
        httpx.Client(base_url=given.url, headers=headers, timeout=600) as client,
        given.out.open("w", encoding="utf-8") as out,
    ):
        group = client.post(GROUPS, json={}).json()["taskgroup_id"]
        for batch in batches(given.rows):
            client.post(f"{GROUPS}/{group}/runs", json={"inputs": batch}).raise_for_status()
        with client.stream("GET", f"{GROUPS}/{group}/runs?include_output=true") as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    out.write(json.dumps(json.loads(line[6:])["output"]) + "\n")


def client(given: argparse.Namespace) -> None:
    """Fill one task group with the official client and read it back."""
    from parallel import Parallel  # noqa: PLC0415

    with (
        Parallel(api_key=KEY, base_url=given.url, timeout=600) as official,
        given.out.open("w", encoding="utf-8") as out,
    ):
        group = official.task_group.create().task_group_id
        for batch in batches(given.rows):
            official.task_group.add_runs(group, inputs=batch)
        for event in official.task_group.get_runs(group, include_output=True):
            out.write(event.output.model_dump_json() + "\n")


def gather(given: argparse.Namespace) -> None:
    """Create each run and wait for its result with the official asynchronous client.

    A row whose requests fail, after the client's own attempts, fails alone.
    """
    from parallel import AsyncParallel  # noqa: PLC0415

    async def main() -> list[str]:
        async with AsyncParallel(api_key=KEY, base_url=given.url, timeout=600) as official:
            free = asyncio.Semaphore(CONCURRENCY)

            async def one(number: int) -> str:
                async with free:
                    run = await official.task_run.create(**question(number))
                    result = await official.task_run.result(run.run_id)
                    return result.output.model_dump_json()

            answers = await asyncio.gather(
                *(one(number) for number in range(given.rows)), return_exceptions=True
            )
            return [answer for answer in answers if isinstance(answer, str)]

    given.out.write_text("\n".join(asyncio.run(main())) + "\n", encoding="utf-8")


def searches(given: argparse.Namespace) -> None:
    """Search once per row with httpx, fifty at a time."""
    import httpx  # noqa: PLC0415 - each pays for its own imports only

    async def main() -> list[str]:
        limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
        headers = {"x-api-key": KEY}
        async with httpx.AsyncClient(
            base_url=given.url, headers=headers, limits=limits, timeout=600
        ) as bare:
            free = asyncio.Semaphore(CONCURRENCY)

            async def one(number: int) -> str:
                async with free:
                    response = await bare.post("/v1/search", json=search_question(number))
                    return json.dumps(response.json()["results"])

            return await asyncio.gather(*(one(number) for number in range(given.rows)))

    given.out.write_text("\n".join(asyncio.run(main())) + "\n", encoding="utf-8")


def cached(given: argparse.Namespace) -> None:
    """Read every answer from the cache that a run left, and write one line for each."""
    import diskcache  # noqa: PLC0415

    class Plain(diskcache.JSONDisk):
        """Keys and small values as `runner` stores them: as they are."""

        def put(self, key: str) -> tuple[str, bool]:
            return key, True

        def get(self, key: str, _: bool) -> str:
            return key

        def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
            if value is None or value[:1] == b"x":
                return super().fetch(mode, filename, value, read)
            return json.loads(value)

    with (
        closing(diskcache.Cache(str(given.cache), disk=Plain)) as cache,
        given.out.open("w", encoding="utf-8") as out,
    ):
        for number, key in enumerate(cache):
            stored = cache[key]
            answer = stored.get("answer", stored)
            line = {
                "step": "main",
                "key": f"Company {number}",
                "item": {"company": f"Company {number}"},
                "status": "ok",
                "output": answer["output"],
                "basis": answer["basis"],
                "run_id": answer["run_id"],
                "processor": "core",
                "cost_usd": 0.0,
                "cached": True,
                "warnings": answer["warnings"],
                "error": None,
            }
            out.write(json.dumps(line) + "\n")


PEERS = {each.__name__: each for each in (floor, client, gather, searches, cached)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--url", default="")
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    PEERS[given.peer](given)


if __name__ == "__main__":
    main()
