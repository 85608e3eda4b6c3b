"""What `runner serve` bears: a thousand runs in a group, and hundreds of clients that wait.

Run as `python tests/benchmarks/bench_serve.py`. The server is a process of its own over the sample
documents; the official async client asks it. Each part has a fresh server. A part fails loudly
when any answer is missing or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx
from parallel import AsyncParallel, DefaultAsyncHttpxClient

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "jobs/documents"
RUNS = 1_000
WAITING = 200
MOST_MIB = 300
SPEC = {
    "output_schema": {
        "type": "json",
        "json_schema": {
            "type": "object",
            "properties": {
                "founded_year": {"type": "integer", "description": "Year of foundation"},
                "headquarters": {"type": "string", "description": "City of the head office"},
            },
        },
    }
}
COMPANIES = ("Airbus", "Siemens", "Lego", "Nestle", "Novo Nordisk")


class Server:
    """`runner serve` as a process of its own, and what it used."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "runner", "serve", "--documents", str(DOCUMENTS)]
        self._process = subprocess.Popen(
            [*command, "--port", "0", "--state", str(folder), "-q", *words],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def end(self) -> tuple[float, float]:
        """Stop it; return its processor seconds and its greatest memory in MiB."""
        self._process.send_signal(signal.SIGINT)
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        assert self._process.returncode == 0
        self._process.stdout.close()
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1_024


def client_of(url: str) -> AsyncParallel:
    limits = httpx.Limits(max_connections=2 * WAITING, max_keepalive_connections=2 * WAITING)
    http = DefaultAsyncHttpxClient(limits=limits, timeout=600)
    return AsyncParallel(api_key="any", base_url=url, http_client=http, max_retries=0)


def question(number: int) -> dict:
    company = COMPANIES[number % len(COMPANIES)]
    return {"input": f"Facts about {company}, {number}", "processor": "core", "task_spec": SPEC}


async def group_of_runs(client: AsyncParallel) -> int:
    """Ask a thousand questions in one group, listen until they are done, and read the answers."""
    group = (await client.task_group.create()).task_group_id
    await client.task_group.add_runs(group, inputs=[question(n) for n in range(RUNS)])
    ended = 0
    async for event in await client.task_group.events(group):
        ended += event.type == "task_run.state"
    stream = await client.task_group.get_runs(group, include_output=True)
    answered = [event.output is not None async for event in stream]
    assert (ended, len(answered), all(answered)) == (RUNS, RUNS, True)
    return ended


async def blocking_results(client: AsyncParallel) -> int:
    """Wait for many results at once, each on a connection of its own."""
    group = (await client.task_group.create()).task_group_id
    added = await client.task_group.add_runs(group, inputs=[question(n) for n in range(WAITING)])
    results = await asyncio.gather(*(client.task_run.result(id_) for id_ in added.run_ids))
    assert all(result.output.basis for result in results)
    return len(results)


async def open_streams(client: AsyncParallel) -> int:
    """Listen to one busy group with many clients at once; each hears of every run."""
    group = (await client.task_group.create()).task_group_id
    inputs = [question(n) for n in range(WAITING)]
    added = await client.task_group.add_runs(group, inputs=inputs)
    everyone = set(added.run_ids)

    async def listen() -> None:
        heard = set()
        async for event in await client.task_group.events(group):
            if event.type == "task_run.state":
                heard.add(event.run.run_id)
        assert heard == everyone

    await asyncio.gather(*(listen() for _ in range(WAITING)))
    return WAITING


async def all_at_once(client: AsyncParallel) -> int:
    """Do all three side by side."""
    counts = await asyncio.gather(
        group_of_runs(client), blocking_results(client), open_streams(client)
    )
    return sum(counts)


PARTS: dict[str, tuple[Callable[[AsyncParallel], Awaitable[int]], tuple[str, ...]]] = {
    f"{RUNS:,} runs in one group": (group_of_runs, ()),
    f"{WAITING} blocking results": (blocking_results, ("--latency", "3")),
    f"{WAITING} open event streams": (open_streams, ("--latency", "3")),
    "all of it at once": (all_at_once, ("--latency", "3")),
}


def measure(name: str, folder: Path) -> tuple[float, float, float]:
    part, words = PARTS[name]
    server = Server(folder, *words)

    async def go() -> None:
        async with client_of(server.url) as client:
            await part(client)

    begun = time.perf_counter()
    asyncio.run(go())
    wall = time.perf_counter() - begun
    return wall, *server.end()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args(argv)
    print(f"{'':28}{'wall s':>8}{'server CPU s':>14}{'server MiB':>12}")
    for name in PARTS:
        for turn in range(given.repeat):
            with tempfile.TemporaryDirectory() as folder:
                wall, cpu, memory = measure(name, Path(folder))
            over = "" if memory < MOST_MIB else f"  over {MOST_MIB} MiB"
            print(f"{name if not turn else '':28}{wall:8.2f}{cpu:14.2f}{memory:12.0f}{over}")


if __name__ == "__main__":
    main()
