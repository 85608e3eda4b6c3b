"""How long commands take to start, as ratios to `python -c "import click"`.

Run as `python tests/benchmarks/bench_start.py [--repeat N] [--imports COMMAND]`. Machines are noisy:
all commands take turns, many times; given are the least and the median, of wall time and of
processor time. What is asked of them: `--help` within twice, `validate` of one job within three
times the wall time of the import. `--imports "validate job.yaml"` lists instead what takes longest
to load, each module with the least of five readings.
"""

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = 20
SHOWN = 25
FLOOR = "python -c 'import click'"
ASKED = {"runner --help": 2.0, "python -m runner --help": 2.0, "runner validate JOB": 3.0}
JOB = """\
name: bench
provider: local
documents: [notes]
items: rows.csv
query: Key facts about {{ item.company }}
output: {founded_year: integer, headquarters: City of the head office}
results: out/bench.csv
"""


@dataclass
class Times:
    """Seconds that a command took, each time."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def build(folder: Path) -> None:
    """Write a job, and run it once, so that later runs find every answer."""
    (folder / "notes").mkdir()
    names = [f"Company {number}" for number in range(ROWS)]
    for name in names:
        note = f"# {name}\n\nFounded: 1999\nHeadquarters: Bern\n"
        (folder / "notes" / f"{name}.md").write_text(note, encoding="utf-8")
    (folder / "rows.csv").write_text("company\n" + "\n".join(names) + "\n", encoding="utf-8")
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")
    once(runner("run", "job.yaml", "-q"), folder)


def runner(*arguments: str) -> Sequence[str]:
    """Return a command line as the installed script has it."""
    script = "import sys; sys.argv[0] = 'runner'; from runner.cli.main import main; main()"
    return (sys.executable, "-c", script, *arguments)


def once(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command to its end; return wall and processor time."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "RUNNER_"))}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return wall, used.ru_utime + used.ru_stime


def measured(commands: Mapping[str, Sequence[str]], folder: Path, repeat: int) -> dict[str, Times]:
    """Return the times of each command; they take turns, so that a noisy minute hits all alike."""
    times = {name: Times() for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            wall, cpu = once(command, folder)
            times[name].wall.append(wall)
            times[name].cpu.append(cpu)
    return times


def show(times: Mapping[str, Times]) -> None:
    floor = times[FLOOR]
    print(f"{'':28}{'wall ms':>16}{'CPU ms':>16}{'to the import':>22}")
    print(f"{'':28}{'least  median':>16}{'least  median':>16}{'wall  median    CPU':>22}")
    for name, each in times.items():
        wall, cpu = min(each.wall), min(each.cpu)
        middle = statistics.median(each.wall)
        line = f"{name:28}{wall * 1e3:8.0f}{middle * 1e3:8.0f}"
        line += f"{cpu * 1e3:8.0f}{statistics.median(each.cpu) * 1e3:8.0f}"
        line += f"{wall / min(floor.wall):8.2f}{middle / statistics.median(floor.wall):7.2f}"
        line += f"{cpu / min(floor.cpu):7.2f}"
        if name in ASKED:
            line += f"   at most {ASKED[name]:.0f}"
        print(line)


def show_imports(arguments: Sequence[str], folder: Path) -> None:
    """Print which modules of a command take longest to load, without what they import."""
    least: dict[str, int] = {}
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "runner", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stderr.splitlines():
            own, _, name = (
                line.removeprefix("import time:").split("|") if "|" in line else ("",) * 3
            )
            if own.strip().isdigit():
                name = name.strip()
                least[name] = min(int(own), least.get(name, int(own)))
    for name, own in sorted(least.items(), key=lambda pair: -pair[1])[:SHOWN]:
        print(f"{own / 1e3:8.1f} ms  {name}")
    print(f"{sum(least.values()) / 1e3:8.1f} ms  {len(least)} modules")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--imports", metavar="COMMAND")
    parser.add_argument("--json", action="store_true", help="print all times as JSON")
    given = parser.parse_args()
    # As in an installed package, whatever this environment says of writing bytecode.
    compileall.compile_dir(ROOT / "runner", quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        if given.imports:
            show_imports(given.imports.split(), folder)
            return
        python = sys.executable
        commands: dict[str, Sequence[str]] = {
            "python -c pass": (python, "-c", "pass"),
            FLOOR: (python, "-c", "import click"),
            "runner --help": runner("--help"),
            "python -m runner --help": (python, "-m", "runner", "--help"),
            "runner --version": runner("--version"),
            "runner validate JOB": runner("validate", "job.yaml"),
            "runner plan JOB": runner("plan", "job.yaml"),
            f"runner run JOB ({ROWS} cached)": runner("run", "job.yaml", "-q"),
        }
        times = measured(commands, folder, given.repeat)
    if given.json:
        print(json.dumps({name: {"wall": t.wall, "cpu": t.cpu} for name, t in times.items()}))
    else:
        show(times)


if __name__ == "__main__":
    main()
