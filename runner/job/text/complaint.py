"""What a YAML parser says of a text, and what is made of it."""

from __future__ import annotations

from runner.frozen import frozen


@frozen
class Pitfall:
    """A syntax error explained: the index it points at, what is wrong, how to mend it."""

    index: int
    message: str
    hint: str | None = None
    width: int = 1


@frozen
class Complaint:
    """What a YAML parser says of a text.

    Attributes:
        text: The whole file.
        words: The parser's own.
        index: Where it noticed.
        context: Where the construct it was reading starts, if it says so.
        quoted: Where the last value in quotes starts and ends.
        start: Where the line of `index` starts.
        line: That line.
    """

    text: str
    words: str
    index: int
    context: int | None
    quoted: tuple[int, int]
    start: int
    line: str

    @property
    def character(self) -> str:
        """The character at `index`; '' at the end of the file."""
        return self.text[self.index : self.index + 1]

    @property
    def before(self) -> tuple[int, str]:
        """Where the last line before that is not blank starts, and that line."""
        above = self.text[: self.start].rstrip()
        start = above.rfind("\n") + 1
        return start, above[start:]
