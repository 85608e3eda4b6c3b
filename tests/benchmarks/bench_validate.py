"""How fast `runner validate` is on 1,000 job files in one call, beside check-jsonschema.

Run as `python tests/benchmarks/bench_validate.py [--jobs N] [--peer COMMAND]`; the peer is
`check-jsonschema` on the PATH, or left away where there is none. Machines are noisy, so that the
three take turns and the least processor time of each counts (none of them does two things at
once), given as a ratio to a floor measured in the same run: a bare loop of PyYAML's C loader and jsonschema, which knows no positions, templates,
data files or rules.
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "job.schema.json"
FLOOR = """
import json, sys, yaml
from jsonschema import Draft202012Validator
validator = Draft202012Validator(json.load(open(sys.argv[1])))
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as file:
        data = yaml.load(file, Loader=yaml.CSafeLoader)
    # YAML 1.1 reads dates, which JSON Schema does not know.
    assert all("date" in error.message for error in validator.iter_errors(data)), name
"""


def write_jobs(folder: Path, count: int) -> Sequence[str]:
    """Write so many jobs, each with a name and a text of its own, made from the sample jobs."""
    for part in ("schemas", "jobs/data", "jobs/documents"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "runner.yaml").write_text("", encoding="utf-8")
    samples = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "jobs").glob("*.yaml"))]
    names = []
    for number in range(count):
        text = samples[number % len(samples)]
        text = re.sub(r"^name: (\S+)", rf"name: \1-{number}", text, count=1, flags=re.MULTILINE)
        text = re.sub(r"(?<![\"'])\{\{", f"{number} {{{{", text)
        text = re.sub(r"(query|objective): (?=[A-Z])", rf"\1: Number {number}, ", text)
        names.append(f"jobs/job-{number:05}.yaml")
        (folder / names[-1]).write_text(text, encoding="utf-8")
    return names


def spent() -> float:
    """Return the processor time that the commands so far have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of(command: Sequence[str], folder: Path) -> float:
    """Return the processor time of a command that must find nothing wrong."""
    started = spent()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {(done.stderr or done.stdout)[-500:]}")
    return spent() - started


def measured(commands: Mapping[str, Sequence[str]], folder: Path, times: int) -> dict[str, float]:
    """Return the least time of each command; they take turns."""
    turns = [{name: seconds_of(command, folder) for name, command in commands.items()}
             for _ in range(times)]  # fmt: skip
    return {name: min(turn[name] for turn in turns) for name in commands}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peer", default=shutil.which("check-jsonschema"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_jobs(folder, given.jobs)
        commands: dict[str, Sequence[str]] = {
            "floor": (sys.executable, "-c", FLOOR, str(SCHEMA), *files),
            "runner validate": (sys.executable, "-m", "runner", "validate", "--quiet", *files),
        }
        if given.peer:
            commands["check-jsonschema"] = (given.peer, "--schemafile", str(SCHEMA), *files)
        else:
            print("check-jsonschema is not on the PATH: left away")
        found = measured(commands, folder, given.times)
    for label, seconds in found.items():
        print(f"{label:18} {seconds:6.2f} s  {seconds / found['floor']:5.2f} x the floor")
    if given.peer:
        ratio = found["check-jsonschema"] / found["runner validate"]
        print(f"runner validate is {ratio:.2f} times as fast as check-jsonschema")


if __name__ == "__main__":
    main()
