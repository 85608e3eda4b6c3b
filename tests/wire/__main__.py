"""The server as a process of its own: `python -m tests.wire --port 0 --billing FILE`.

The first line on stdout is its URL. It ends with the process that started it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from runner.server.faults import Faults
from tests.wire.server import KEY, WireServer

TICK = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.wire", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY, help="the key that x-api-key must hold")
    parser.add_argument("--billing", type=Path, help="where to log what was billed")
    parser.add_argument("--requests", type=Path, help="where to log requests")
    parser.add_argument(
        "--faults", default="{}", help="faults as JSON, see runner/server/faults.py"
    )
    parser.add_argument("--seconds", type=float, default=600, help="how long to live at most")
    given = parser.parse_args()
    parent, ends = os.getppid(), time.monotonic() + given.seconds
    with WireServer(
        faults=Faults.from_json(given.faults),
        key=given.key,
        billing=given.billing,
        requests=given.requests,
        port=given.port,
    ) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            while os.getppid() == parent and time.monotonic() < ends:
                time.sleep(TICK)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
