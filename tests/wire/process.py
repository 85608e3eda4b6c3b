"""The server as a process of its own, for tests that kill their clients, and for measurements."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Self

from runner.server.faults import Faults
from tests.wire import logs
from tests.wire.server import KEY

ROOT = Path(__file__).parents[2]


class WireProcess:
    """A server that outlives its clients; its logs lie in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        faults: Faults | None = None,
        key: str = KEY,
        seconds: float = 600,
    ) -> None:
        self.key = key
        self.billing, self._requests = folder / "billing.jsonl", folder / "requests.jsonl"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.wire", "--key", key, "--seconds", str(seconds)),
                *("--billing", str(self.billing), "--requests", str(self._requests)),
                *("--faults", (faults or Faults()).to_json()),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.close()
            raise RuntimeError("The wire server did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> list[dict[str, Any]]:
        return logs.entries(self._requests)

    def bought(self) -> Counter[str]:
        return logs.bought(self.billing)

    def bills(self) -> list[dict[str, Any]]:
        return logs.entries(self.billing)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
