"""`runner serve` and `runner webhook` as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Command:
    """A command that serves; `url` is the first line it prints."""

    def __init__(self, *words: object, folder: Path, **environment: str) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RUNNER_", "PARALLEL_"))
        }
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runner", *map(str, words)],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.close()
            raise AssertionError("".join(self.said))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_for(self, words: str) -> None:
        """Wait until it has said something."""
        ends = time.monotonic() + PATIENCE
        while not any(words in line for line in self.said):
            assert time.monotonic() < ends, "".join(self.said)
            assert self._process.poll() is None, "".join(self.said)
            time.sleep(0.02)

    def close(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        code = self._process.wait(PATIENCE)
        self._listener.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self.said.extend(iter(self._process.stderr.readline, ""))
