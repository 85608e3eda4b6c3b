"""A file's data, and the position of every key and value."""

from __future__ import annotations

import re
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.job.diagnostics import JobProblemsError, Problem, Severity
from runner.job.text import scalars
from runner.job.text.composing import MAX_DEPTH, Node, NotYamlError, compose
from runner.job.text.lines import Lines, Position, is_untouched
from runner.job.text.textfile import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from runner.job.model import Where
    from runner.job.text.composing import Child
    from runner.jsonvalue import JSON

_WIDEST = 1_000
"""More than any screen shows of a marked value."""

_WORD = re.compile(r"[\w-]+")
_KEY = re.compile(r"""[ \t]*(?:-[ \t]+)*["']?([A-Za-z_][\w-]*)""")
_EMPTY = re.compile(r" has no value$| is empty$")
_MISSED = re.compile(r"\b(?:no (?!effect|value)|not run\b|nothing\b|needs\b|missing\b)")
_QUOTED = re.compile(r"'([\w-]+)'")
_NO_CHANGES: Mapping[int, int] = MappingProxyType({})


class Source:
    """A file's text, its data, and the position of every key and value.

    Attributes:
        shown: The path as messages name it.
        text: The whole file, without a byte-order mark, as it is read.
        data: Plain data: dict with text keys, list, str, int, float, bool, None.
        problems: What is wrong with the YAML although it could be read (a key twice, a tag).
        parts: The files it is made of, itself first.
        changes: Of each line that is read as if it were mended, the column from which on.
    """

    def __init__(
        self,
        *,
        shown: str,
        text: str,
        root: Node,
        problems: Iterable[Problem] = (),
        written: str | None = None,
        changes: Mapping[int, int] = _NO_CHANGES,
    ) -> None:
        self.shown = shown
        self.text = text
        self.data = root.data
        self.problems = tuple(problems)
        self.parts: tuple[Source, ...] = (self,)
        self.changes = changes
        self._original = written
        self._root = root

    def rename(self, where: Where, key: str, name: str) -> None:
        """Give a key of the mapping at a place another name; what it holds and its place stay."""
        node = self._root
        for step in where:
            node = node.children[step][1]
        if key in node.children and name not in node.children:
            node.children[name] = node.children.pop(key)
            node.data[name] = node.data.pop(key)

    def value(self, where: Where) -> Position:
        """Return the position of a value; of the nearest one around it where it is not there."""
        _, node = self._find(where)
        return self._position(node)

    def key(self, where: Where) -> Position:
        """Return the position of the key that leads to a value (of the value, in a list)."""
        key, node = self._find(where)
        return self._position(key or node)

    def inside(self, where: Where, line: int, column: int, width: int = 1) -> Position:
        """Return the position of a character inside a text value.

        Args:
            where: A scalar, in any of YAML's styles.
            line: Of the character in the value, from 1.
            column: Likewise, from 1.
            width: How much to mark.
        """
        _, node = self._find(where)
        if node.text is None:
            return self._position(node)
        lines = node.text.split("\n")
        before = sum(len(text) + 1 for text in lines[: max(0, line - 1)])
        offset = before + max(0, column - 1)
        written = self.text[node.start : node.end]
        found = self._lines.position(node.start + scalars.place(written, node.text, offset))
        room = len(self._lines.line(found.line)) - found.column + 1
        return Position(line=found.line, column=found.column, width=max(1, min(width, room)))

    def written(self, where: Where) -> str | None:
        """Return the source text of a scalar on one line; None for anything else."""
        _, node = self._find(where)
        text = self.text[node.start : node.end] if node.text is not None else ""
        return text if text and "\n" not in text else None

    def at(self, index: int, width: int = 1) -> Position:
        """Return the position of an index into the text."""
        return self._lines.position(index, width)

    def line(self, position: Position) -> str:
        """Return the line of a position, as written."""
        return self._written.line(position.line)

    def problem(
        self,
        position: Position,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem at a position of this file."""
        return self._written.problem(self.shown, position, message, hint=hint, severity=severity)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def _written(self) -> Lines:
        return self._lines if self._original is None else Lines(self._original)

    def _find(self, where: Where) -> Child:
        found: Child = (None, self._root)
        for step in where:
            child = found[1].children.get(step)
            if child is None:
                break
            found = child
        return found

    def _position(self, node: Node) -> Position:
        end = node.end if node.text is not None else node.start + 1
        written = self.text[node.start : min(end, node.start + _WIDEST)]
        return self._lines.position(node.start, max(1, len(written.split("\n", 1)[0].rstrip())))


def read_source(path: Path, shown: str) -> Source:
    """Return a YAML file's data and positions; what is not YAML is read as if it were mended.

    Raises:
        JobProblemsError: the file cannot be read at all: missing, too large, not UTF-8, not YAML.
    """
    text = read_text(path, shown)
    try:
        return parse_source(text, shown)
    except NotYamlError as error:
        from runner.job.text.mending import mended

        found = mended(text, shown, error)
        return Source(
            shown=shown,
            text=found.text,
            root=found.root,
            problems=found.problems,
            written=text,
            changes=found.changes,
        )


def json_source(text: str, shown: str, data: JSON) -> Source:
    """Return the positions of a JSON text whose data were read by a JSON parser.

    JSON is nearly all YAML; what is not (some escapes) costs the positions, not the data.

    Raises:
        JobProblemsError: the values are nested too deeply.
    """
    try:
        source = parse_source(text, shown)
    except JobProblemsError:
        if _deeper(data, MAX_DEPTH):
            raise
        return Source(shown=shown, text=text, root=Node(0, 0, data))
    source.data = data
    return source


def parse_source(text: str, shown: str) -> Source:
    """Return the data and positions of YAML text.

    Raises:
        NotYamlError: it cannot be read to its end.
        JobProblemsError: it is not one YAML document, or is built to exhaust memory.
    """
    root, problems = compose(text, shown)
    return Source(shown=shown, text=text, root=root, problems=problems)


def told(problems: Iterable[Problem], source: Source) -> list[Problem]:
    """Return the problems of a source that stand where the user wrote what is read.

    A line that is read as if it were mended has its fault told already. What is named in such a
    line may be called otherwise than it is read, or be left away, so that nothing that is named
    in it is called missing.
    """
    changed = {part.shown: part for part in source.parts if part.changes}
    if not changed:
        return list(problems)
    faults = {each for part in changed.values() for each in part.problems}
    lines = [
        part.line(Position(line=number, column=1))
        for part in changed.values()
        for number in part.changes
    ]
    words = {word for line in lines for word in _WORD.findall(line)}
    keys = {found[1] for line in lines for found in [_KEY.match(line)] if found}
    return [
        each
        for each in problems
        if each in faults
        or (
            not _is_missed(each, words, keys)
            and (each.file not in changed or _is_own(each, changed[each.file].changes))
        )
    ]


def _is_own(problem: Problem, changes: Mapping[int, int]) -> bool:
    """Return whether the user wrote what a problem is about, and nothing of it was changed."""
    is_near = problem.line in changes or problem.line + 1 in changes
    is_emptied = is_near and _EMPTY.search(problem.message) is not None
    return is_untouched(problem, changes) and not is_emptied


def _is_missed(problem: Problem, words: set[str], keys: set[str]) -> bool:
    """Return whether a problem is that there is no such word, or key, as stands in a line."""
    names, said = _QUOTED.findall(problem.message), _QUOTED.sub("", problem.message)
    return _MISSED.search(said) is not None and not (
        words.isdisjoint(names) and keys.isdisjoint(_WORD.findall(said))
    )


def _deeper(data: JSON, most: int) -> bool:
    """Return whether values are nested more than `most` deep."""
    level = [data]
    for _ in range(most):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True
