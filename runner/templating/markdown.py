"""What a report prints as it is."""

from __future__ import annotations


class Markdown(str):
    """Text that a report prints as it is: it was written as markdown, not read from data."""

    __slots__ = ()
