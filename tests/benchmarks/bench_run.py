"""What a run costs in time: first run, second run, and a bare interpreter as the floor.

Run as `python tests/benchmarks/bench_run.py`.
"""

import compileall
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = 1_000
ROWS = 1_000

JOB = """\
name: bench
provider: local
documents: [notes]
items: rows.csv
query: Key facts about {{ item.company }}
output:
  founded_year: integer
  headquarters: City of the head office
  employees: integer
"""
SEARCH = """\
name: bench-search
provider: local
documents: [notes]
items: rows.csv
search: {objective: "Where is the head office of {{ item.company }}?"}
"""


def build(folder: Path) -> None:
    chance = random.Random(7)
    syllables = ["ba", "cor", "del", "fin", "gra", "hol", "kin", "lum", "mar", "nex", "por", "ter"]
    names = sorted({"".join(chance.choices(syllables, k=4)).title() for _ in range(DOCUMENTS * 2)})[
        :DOCUMENTS
    ]
    (folder / "notes").mkdir()
    for name in names:
        year, staff = chance.randint(1850, 2020), chance.randint(10, 90_000)
        city = chance.choice(["Oslo, Norway", "Bern, Switzerland", "Kyoto, Japan", "Lyon, France"])
        filler = " ".join(chance.choices(syllables, k=300))
        (folder / "notes" / f"{name}.md").write_text(
            f"# {name}\n\nFounded: {year}\nHeadquarters: {city}\n\n"
            f"{name} employs about {staff:,} people. {filler}.\n",
            encoding="utf-8",
        )
    (folder / "rows.csv").write_text("company\n" + "\n".join(names[:ROWS]) + "\n")
    (folder / "job.yaml").write_text(JOB)
    (folder / "search.yaml").write_text(SEARCH)


def timed(folder: Path, *arguments: str) -> tuple[float, dict]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - started
    return seconds, json.loads(done.stdout) if done.stdout.startswith("{") else {}


def main() -> None:
    # As in an installed package, whatever this environment says of writing bytecode.
    compileall.compile_dir(ROOT / "runner", quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        floor = min(timed(folder, "-c", "import click")[0] for _ in range(5))
        first, one = timed(folder, "-m", "runner", "run", "job.yaml", "-q", "--json")
        second, two = timed(folder, "-m", "runner", "run", "job.yaml", "-q", "--json")
        search, _ = timed(folder, "-m", "runner", "run", "search.yaml", "-q", "--json")
        assert one["new"] >= ROWS - 5
        assert two["new"] == 0
    print(f"documents {DOCUMENTS:,}, rows {len(range(ROWS)):,}")
    print(f"{'floor: python -c import click':34} {floor:8.2f} s")
    print(f"{'first run (index and answers)':34} {first:8.2f} s   {ROWS / first:6.0f} rows/s")
    print(f"{'second run (cache)':34} {second:8.2f} s   {second / first:6.2f} of the first")
    print(f"{'search, index warm':34} {search:8.2f} s   {ROWS / search:6.0f} searches/s")


if __name__ == "__main__":
    main()
