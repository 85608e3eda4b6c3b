"""What a run against the API costs in time and memory, as ratios to the least it could cost.

Run as `python tests/benchmarks/bench_parallel.py`; `--large` adds a run of 200,000 rows. All
contenders ask the same server on loopback, which answers without delay; each runs in a process
of its own, several times, and the least of each figure counts.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import peers  # noqa: E402 - found beside this file

from tests.wire import KEY, WireProcess  # noqa: E402 - found from the root

SIZES = (1_000, 5_000)
GATHER_AT_MOST = 1_000
WARM_ROWS = 10_000
SEARCHES = 500
LARGE = 200_000
SHOWN = 300
MIB = 1_024
HEAD = f"{'':34}{'wall s':>8}{'CPU s':>8}{'MiB':>7}{'req/row':>9}{'wall':>8}{'CPU':>6}{'memory':>8}"


@dataclass(frozen=True)
class Cost:
    """What one contender took; `requests` is None where nobody counted."""

    wall: float
    cpu: float
    memory_kib: float
    requests: float | None = None
    error: str = ""


def least(costs: Sequence[Cost]) -> Cost:
    failed = [cost for cost in costs if cost.error]
    if failed:
        return failed[0]
    return Cost(
        wall=min(cost.wall for cost in costs),
        cpu=min(cost.cpu for cost in costs),
        memory_kib=min(cost.memory_kib for cost in costs),
        requests=costs[0].requests,
    )


def measured(command: Sequence[object], folder: Path, **environment: str) -> Cost:
    """Run a command to its end; count what it alone used."""
    with (folder / "said.txt").open("w+", encoding="utf-8") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PARALLEL_API_KEY": KEY, **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        error = ""
        if process.returncode:
            error = f"exit code {process.returncode}: {said.read().strip()[-SHOWN:]}"
    return Cost(
        wall=wall, cpu=used.ru_utime + used.ru_stime, memory_kib=used.ru_maxrss, error=error
    )


def served(folder: Path, rows: int, contender: Callable[[Path, str], Cost]) -> Cost:
    """Measure a contender against a server of its own, and count its requests."""
    folder.mkdir(parents=True)
    logs = folder / "server"
    logs.mkdir()
    with WireProcess(logs, seconds=1_200) as server:
        cost = contender(folder, server.url)
        requests = len(server.requests) / rows
    return replace(cost, requests=requests)


def peer(name: str, rows: int) -> Callable[[Path, str], Cost]:
    def run(folder: Path, url: str) -> Cost:
        out = folder / "rows.jsonl"
        script = ROOT / "tests/benchmarks/peers.py"
        cost = measured([script, name, "--url", url, "--rows", rows, "--out", out], folder)
        return checked(cost, out, rows)

    return run


def ours(rows: int, action: dict | None = None) -> Callable[[Path, str], Cost]:
    """Return a contender that runs a job in a fresh folder."""

    def run(folder: Path, url: str) -> Cost:
        with (folder / "rows.csv").open("w", encoding="utf-8") as file:
            file.write("company\n" + "".join(f"Company {number}\n" for number in range(rows)))
        job = {
            "name": "bench",
            "items": "rows.csv",
            "concurrency": peers.CONCURRENCY,
            "results": "out/rows.jsonl",
            **(action or research()),
        }
        (folder / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
        return again(folder, url, rows)

    return run


def twice(
    folder: Path,
    rows: int,
    repeat: int,
    action: dict | None = None,
    beside: Callable[[], Cost] | None = None,
) -> tuple[Cost, Cost, list[Cost]]:
    """Measure a first run, those after it, which find all answers in the cache, and what else.

    `beside` is measured after each of them, so that a noisy minute hits both alike.
    """
    logs = folder / "server"
    logs.mkdir(parents=True)
    with WireProcess(logs, seconds=1_200) as server:
        cold = ours(rows, action)(folder, server.url)
        first = len(server.requests)
        if cold.error:
            return cold, cold, [cold]
        warm, others = [], []
        for _ in range(repeat):
            warm.append(again(folder, server.url, rows))
            others += [beside()] if beside is not None else []
        later = len(server.requests) - first
    return (
        replace(cold, requests=first / rows),
        replace(least(warm), requests=later / repeat / rows),
        others,
    )


def again(folder: Path, url: str, rows: int) -> Cost:
    cost = measured(
        ["-m", "runner", "run", "job.yaml", "-q"],
        folder,
        PARALLEL_BASE_URL=url,
        RUNNER_STATE_DIR=str(folder / "state"),
    )
    return checked(cost, folder / "out/rows.jsonl", rows)


def research() -> dict:
    return {
        "query": "Key facts about {{ item.company }}",
        "processor": "core",
        "output": peers.SCHEMA,
    }


def searching() -> dict:
    return {
        "search": {
            "objective": "Where is the head office of {{ item.company }}?",
            "queries": ["{{ item.company }} head office"],
        }
    }


def checked(cost: Cost, out: Path, rows: int) -> Cost:
    """Refuse a figure for work that was not done."""
    if not cost.error:
        with out.open(encoding="utf-8") as file:
            lines = sum(1 for _ in file)
        assert lines == rows, f"{out} has {lines} lines for {rows} rows"
    return cost


def show(name: str, cost: Cost, base: Cost | None = None) -> None:
    if cost.error:
        print(f"{name:34}failed: {' '.join(cost.error.split())}")
        return
    requests = "" if cost.requests is None else f"{cost.requests:.4f}"
    line = f"{name:34}{cost.wall:8.2f}{cost.cpu:8.2f}{cost.memory_kib / MIB:7.0f}{requests:>9}"
    if base is not None and not base.error:
        line += f"{cost.wall / base.wall:8.2f}{cost.cpu / base.cpu:6.2f}"
        line += f"{cost.memory_kib / base.memory_kib:8.2f}"
    print(line, flush=True)


def compare(folder: Path, rows: int, repeat: int) -> None:
    """Measure a first run of many rows, in turns, so that a noisy minute hits all alike."""
    contenders = {
        "(a) floor: bare httpx": peer("floor", rows),
        "(b) official client, a group": peer("client", rows),
        "(c) official client, each run": peer("gather", rows),
        "(d) runner": ours(rows),
    }
    if rows > GATHER_AT_MOST:
        del contenders["(c) official client, each run"]
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for turn in range(repeat):
        for number, (name, contender) in enumerate(contenders.items()):
            place = folder / f"{rows}-{turn}-{number}"
            costs[name].append(served(place, rows, contender))
    print(f"\n{rows:,} rows, five fields, to (a)\n{HEAD}")
    base = least(costs["(a) floor: bare httpx"])
    for name, each in costs.items():
        show(name, least(each), base)


def compare_warm(folder: Path, rows: int, repeat: int) -> None:
    """Measure a second run, all of whose answers are in the cache."""
    print(f"\n{rows:,} rows from the cache, to a bare loop over the cache\n{HEAD}")
    out = folder / "bare.jsonl"
    script = ROOT / "tests/benchmarks/peers.py"

    def bare_loop() -> Cost:
        (database,) = (folder / "state").rglob("cache.db")
        command = [script, "cached", "--cache", database.parent, "--out", out]
        return checked(measured(command, folder), out, rows)

    cold, warm, loops = twice(folder, rows, repeat, beside=bare_loop)
    if cold.error:
        show("(e) runner", cold)
        return
    bare = least(loops)
    show("bare loop over the cache", bare, bare)
    show("(e) runner, first run", cold, bare)
    show("(e) runner, second run", warm, bare)


def compare_searches(folder: Path, rows: int, repeat: int) -> None:
    print(f"\n{rows:,} searches, {peers.CONCURRENCY} at a time, to bare httpx\n{HEAD}")
    bare = [served(folder / f"bare-{turn}", rows, peer("searches", rows)) for turn in range(repeat)]
    pairs = [twice(folder / f"ours-{turn}", rows, 1, searching()) for turn in range(repeat)]
    base = least(bare)
    show("bare httpx", base, base)
    show("(f) runner, first run", least([cold for cold, *_ in pairs]), base)
    show("(f) runner, second run", least([warm for _, warm, _ in pairs]), base)


def compare_large(folder: Path, rows: int) -> None:
    print(f"\n{rows:,} rows, to (a)\n{HEAD}")
    base = served(folder / "floor", rows, peer("floor", rows))
    show("(a) floor: bare httpx", base, base)
    show("(g) runner", served(folder / "ours", rows, ours(rows)), base)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--warm-rows", type=int, default=WARM_ROWS)
    parser.add_argument("--searches", type=int, default=SEARCHES)
    parser.add_argument("--large", type=int, nargs="?", const=LARGE, default=0)
    given = parser.parse_args(argv)
    # As in an installed package, whatever this environment says of writing bytecode.
    compileall.compile_dir(ROOT / "runner", quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in given.rows:
            compare(folder / "cold", rows, given.repeat)
        if given.warm_rows:
            compare_warm(folder / "warm", given.warm_rows, given.repeat)
        if given.searches:
            compare_searches(folder / "searches", given.searches, given.repeat)
        if given.large:
            compare_large(folder / "large", given.large)


if __name__ == "__main__":
    main()
