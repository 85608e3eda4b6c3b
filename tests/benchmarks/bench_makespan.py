"""How long a run takes, against the ideal schedule: run times with a heavy tail, and a rate limit.

Run as `python tests/benchmarks/bench_makespan.py`; it takes under two minutes. The server draws the
time of each run from a lognormal distribution, and takes only a few requests a minute. The ideal
sends rows in their order, each request in the first moment that the limit allows, and is done when
the last run is: it starts up, waits and reads in no time. The same drawn times give both figures.
"""

from __future__ import annotations

import argparse
import compileall
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from bench_parallel import ours  # noqa: E402 - found beside this file

from runner.planning.time import RUNS_A_REQUEST  # noqa: E402 - found from the root
from runner.server.faults import Dice  # noqa: E402
from tests.wire import Faults, WireProcess  # noqa: E402

MINUTE = 60.0
GOAL = 1.05


def ideal(seconds: Sequence[float], per_minute: int) -> float:
    """Return when the last run ends if nothing but the limit takes time.

    The first request of all makes the group; each of the others buys so many runs as it may.
    """
    return max(
        (1 + row // RUNS_A_REQUEST) // per_minute * MINUTE + each
        for row, each in enumerate(seconds)
    )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--median", type=float, default=3.0, help="seconds")
    parser.add_argument("--sigma", type=float, default=0.8, help="of the logarithm")
    parser.add_argument("--per-minute", type=int, default=3, help="requests that create")
    given = parser.parse_args(argv)
    # As in an installed package, whatever this environment says of writing bytecode.
    compileall.compile_dir(ROOT / "runner", quiet=1)
    faults = Faults(
        seed=7, run_seconds=given.median, run_sigma=given.sigma, per_minute=given.per_minute
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "server").mkdir()
        with WireProcess(folder / "server", faults=faults) as server:
            begun = time.perf_counter()
            cost = ours(given.rows)(folder, server.url)
            wall = time.perf_counter() - begun
            bills, requests = server.bills(), server.requests
    if cost.error:
        sys.exit(f"failed: {cost.error}")
    assert len(bills) == len({bill["key"] for bill in bills}) == given.rows
    dice = Dice(faults)
    seconds = [dice.seconds(bill["key"]) for bill in bills]
    best = ideal(seconds, given.per_minute)
    middle = sorted(seconds)[len(seconds) // 2]
    print(
        f"{given.rows:,} rows, runs of {middle:.1f} s in the middle and {max(seconds):.1f} s at "
        f"most, {given.per_minute} requests a minute"
    )
    print(f"{'ideal schedule':34}{best:8.2f} s")
    print(f"{'runner':34}{wall:8.2f} s{wall / best:8.3f} of the ideal (goal {GOAL})")
    print(
        f"{'requests':34}{len(requests):8} {sum(r['status'] == 429 for r in requests):7} of them 429"
    )


if __name__ == "__main__":
    main()
