"""How lines of YAML are laid out: what begins in them, how far they are indented."""

from __future__ import annotations

import re
from typing import Final

MARK: Final = r"[ \t]*(?:-[ \t]+)*"
"""What stands before a key: blanks, and the dashes of entries."""

KEY: Final = r"[$A-Za-z_][\w-]*"
BEGINS: Final = re.compile(rf"{MARK}{KEY}:(?:\s|$)|[ \t]*-[ \t]")
"""A line that begins a key or an entry."""


def indent_of(line: str) -> int:
    """Return how many blanks of any kind a line starts with."""
    return len(line) - len(line.lstrip())


def is_content(line: str) -> bool:
    """Return whether there is more in a line than a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")
