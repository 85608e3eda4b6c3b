"""Bad input ends in a clean exit: 0 or 2, no traceback, in little time and memory.

A few hundred broken files by default; `RUNNER_FUZZ=full` tries 20,000, and `RUNNER_FUZZ=7` the
files of that seed (with as many as by default).
"""

import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.main import main

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from mutations import JOBS, SAMPLES, corpus, mutated

ASKED = os.environ.get("RUNNER_FUZZ", "1")
COUNT = 20_000 if ASKED == "full" else 400
SEED = 1 if ASKED == "full" else int(ASKED)
SECONDS = 2
MEGABYTES = 300


def try_out(folder, count, seed):
    """Validate so many broken files in a folder; return what went wrong, and the costs."""
    chance = random.Random(seed)
    texts = corpus()
    data = [
        file
        for part in ("data", "schemas", "runner.yaml", "ok/family")
        for file in ([folder / part] if part.endswith(".yaml") else sorted((folder / part).iterdir()))
    ]  # fmt: skip
    faults, slowest, codes = [], (0.0, 0), {}
    for number in range(count):
        job = folder / "ok" / "fuzz.yaml"
        whole = None
        if chance.random() < 0.15:
            # What a job names is broken, too: its data, its schema, what it extends.
            victim = chance.choice(data)
            whole = victim.read_bytes()
            victim.write_bytes(mutated([*texts, whole, whole, whole], chance))
            job.write_bytes(chance.choice(texts))
        else:
            job.write_bytes(mutated(texts, chance))
        started = time.process_time()
        done = CliRunner().invoke(main, ["validate", "ok/fuzz.yaml"], prog_name="runner")
        spent = time.process_time() - started
        slowest = max(slowest, (spent, number))
        codes[done.exit_code] = codes.get(done.exit_code, 0) + 1
        if done.exit_code not in (0, 2) or "Traceback" in done.output or spent > SECONDS:
            faults.append((number, done.exit_code, round(spent, 2), done.output[-300:]))
            shutil.copy(job, folder / f"fault-{number}.yaml")
        if whole is not None:
            victim.write_bytes(whole)
    return faults, slowest, codes


def _peak():
    """Return the most memory this process has held, in MiB.

    Linux counts the parent's into a child's `ru_maxrss`, so it is asked itself where it is there.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(count, seed):
    faults, slowest, codes = try_out(Path.cwd(), count, seed)
    for fault in faults[:20]:
        print("fault", *map(repr, fault))
    peak = _peak()
    print(
        f"exit codes {codes}, slowest {slowest[0]:.2f} s (number {slowest[1]}), peak {peak:.0f} MiB"
    )
    return not faults and peak < MEGABYTES


@pytest.fixture
def project(tmp_path):
    for name in ("ok", "data", "schemas", "notes", "runner.yaml"):
        copy = shutil.copytree if (JOBS / name).is_dir() else shutil.copy
        copy(JOBS / name, tmp_path / name)
    for name in ("data", "documents"):
        shutil.copytree(SAMPLES / name, tmp_path / "ok" / name)
    return tmp_path


def test_broken_files_end_cleanly_quickly_and_in_little_memory(project):
    """In a process of its own, so that its memory is that of validation only."""
    done = subprocess.run(
        [sys.executable, __file__, str(COUNT), str(SEED)],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(0 if report(int(sys.argv[1]), int(sys.argv[2])) else 1)
