"""Word lists, written as blocks of text that are easy to read and to mend."""

from __future__ import annotations


def word_set(block: str) -> frozenset[str]:
    """Return the words of a block of text."""
    return frozenset(block.split())
