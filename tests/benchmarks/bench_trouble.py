"""What is bought, and what comes back, when answers are lost, streams end early, processes die.

Run as `python tests/benchmarks/bench_trouble.py`. Each contender asks the same questions of a
`runner serve` that makes trouble on purpose; the server's own list says what was bought. An answer
that stands in the file twice counts twice.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
PEERS = Path(__file__).with_name("peers.py")
TROUBLE = {
    "one answer in five is lost (seed 1)": {"cut_after": 0.2, "seed": 1},
    "one answer in five is lost (seed 2)": {"cut_after": 0.2, "seed": 2},
    "one answer in five is lost (seed 3)": {"cut_after": 0.2, "seed": 3},
    "a stream ends too early": {"stream_short": 1, "seed": 1},
    "killed near its end, and run again": {"run_seconds": 2.0},
}
CONTENDERS = ("client, one run a row", "parallel-cli enrich run", "runner run")
JOB = """\
name: trouble
items: rows.csv
query: Key facts about {{ item.company }}
processor: core
output: {founded_year: integer}
retry: {attempts: 8, backoff: 0.2s, max_backoff: 1s}
results: out.csv
"""
KILLED_AT = 0.9
PATIENCE = 120.0


def prepare(folder: Path, rows: int) -> None:
    notes = folder / "notes"
    notes.mkdir()
    for number in range(rows):
        text = f"# Company {number}\n\nFounded: {1900 + number % 100}\n"
        (notes / f"{number}.md").write_text(text, encoding="utf-8")
    lines = "".join(f"Company {number}\n" for number in range(rows))
    (folder / "rows.csv").write_text(f"company\n{lines}", encoding="utf-8")
    (folder / "runner.yaml").write_text("{}\n", encoding="utf-8")
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")


def command_of(contender: str, url: str, rows: int, out: Path) -> list[object]:
    if contender == "runner run":
        return [BIN / "runner", "run", "job.yaml", "--quiet"]
    if contender.startswith("client"):
        return [sys.executable, PEERS, "gather", "--url", url, "--rows", rows, "--out", out]
    columns = '[{"name": "company", "description": "Company"}]'
    asked = '[{"name": "founded_year", "description": "Year it was founded", "type": "int"}]'
    return [
        *(BIN / "parallel-cli", "enrich", "run", "--processor", "core"),
        *("--source-type", "csv", "--source", "rows.csv", "--target", out),
        *("--source-columns", columns, "--enriched-columns", asked),
    ]


def answers_in(out: Path) -> int:
    if not out.exists():
        return 0
    with out.open(encoding="utf-8", newline="") as file:
        if out.suffix == ".csv":
            return sum(bool(row["founded_year"]) for row in csv.DictReader(file))
        return sum(bool(line.strip()) for line in file)


def bought(billing: Path) -> int:
    return billing.read_bytes().count(b"\n") if billing.exists() else 0


def run(contender: str, faults: dict[str, float], rows: int, *, is_killed: bool) -> str:
    """Ask all rows, after being killed once where that is the trouble; return a line about it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, rows)
        billing = folder / "billing.jsonl"
        out = folder / ("out.jsonl" if contender.startswith("client") else "out.csv")
        serve = [BIN / "runner", "serve", "--documents", "notes", "--port", "0", "--quiet"]
        server = subprocess.Popen(
            [*map(str, serve), "--billing", str(billing), "--faults", json.dumps(faults)],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url = server.stdout.readline().strip()
            names = ("PARALLEL_BASE_URL", "PARALLEL_API_URL")
            environment = {**os.environ, "PARALLEL_API_KEY": "any", **dict.fromkeys(names, url)}
            asking = {
                "args": [str(word) for word in command_of(contender, url, rows, out)],
                "cwd": folder,
                "env": environment,
                "stdout": subprocess.DEVNULL,
                "stderr": subprocess.DEVNULL,
            }
            if is_killed:
                first = subprocess.Popen(**asking)
                end = time.monotonic() + PATIENCE
                while bought(billing) < KILLED_AT * rows and time.monotonic() < end:
                    time.sleep(0.02)
                first.kill()
                first.wait()
            code = subprocess.run(**asking, check=False, timeout=PATIENCE).returncode
            return (
                f"  {contender:26}{bought(billing):6,} bought{answers_in(out):6,} answers"
                f"   exit code {code}"
            )
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500)
    rows = parser.parse_args().rows
    for trouble, faults in TROUBLE.items():
        print(f"{trouble}, {rows:,} rows")
        for contender in CONTENDERS:
            print(run(contender, faults, rows, is_killed="killed" in trouble), flush=True)


if __name__ == "__main__":
    main()
