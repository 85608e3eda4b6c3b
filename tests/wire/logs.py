"""The logs of a server that is running, read from outside."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any


def entries(path: Path) -> list[dict[str, Any]]:
    """Read the whole lines of a log, which another process may be writing."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def bought(path: Path) -> Counter[str]:
    """Count by canonical question how often each was bought."""
    return Counter(entry["key"] for entry in entries(path))
