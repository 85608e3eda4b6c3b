"""What planning costs: a million rows against a bare loop, and the start of the command.

Run as `python tests/benchmarks/bench_plan.py [--rows N]`.
"""

import argparse
import csv
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

JOB = """\
name: bench
items: rows.csv
query: Key facts about {{ item.company }} ({{ item.domain }})
processor: core
output: {founded_year: integer, headquarters: City, employees: integer, ceo: Name, products: List}
"""
FLOOR = "import click, yaml, jsonschema, jinja2"


def bare_loop(file: Path) -> None:
    """Read the rows and take a digest of each: what no planner can do without."""
    seen = set()
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text = f"Key facts about {row['company']} ({row['domain']})"
            seen.add(hashlib.sha256(json.dumps({"input": text}).encode()).digest())


def measured(*arguments: str, folder: Path) -> tuple[float, float, int]:
    """Return the seconds on the clock and of the processor, and the peak in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    wall = time.perf_counter() - started
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.yaml").write_text(JOB)
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file).writerow
            write(["company", "domain", "note"])
            for n in range(asked.rows):  # One at a time: a child's peak begins with its parent's.
                write([f"Company {n}", f"c{n}.com", "x"])
        loop = f"import bench_plan, pathlib; bench_plan.bare_loop(pathlib.Path({str(folder / 'rows.csv')!r}))"
        _, floor, held = measured("-c", loop, folder=folder)
        _, ours, peak = measured("-m", "runner", "plan", "job.yaml", "--json", folder=folder)
        print(f"{asked.rows:,} rows, seconds of the processor and peak memory:")
        print(f"  bare csv and hashlib loop  {floor:6.2f} s  {held:4} MiB")
        print(
            f"  runner plan                {ours:6.2f} s  {peak:4} MiB  "
            f"{ours / floor:.2f} times, {asked.rows / ours:,.0f} rows a second"
        )
    print(f"start, median of {asked.repeat}, as a multiple of python -c '{FLOOR}':")
    jobs = ("company-enrichment", "auto-processor", "web-search", "topic-summary")
    times: dict[str, list[float]] = {job: [] for job in ("", *jobs)}
    for _ in range(asked.repeat):
        times[""].append(measured("-c", FLOOR, folder=ROOT)[1])
        for job in jobs:
            arguments = ("-m", "runner", "plan", f"jobs/{job}.yaml", "--json")
            times[job].append(measured(*arguments, folder=ROOT)[1])
    base = statistics.median(times[""])
    for job in jobs:
        print(f"  {job:20} {statistics.median(times[job]) / base:.2f}")


if __name__ == "__main__":
    main()
