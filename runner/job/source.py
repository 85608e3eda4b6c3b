"""YAML text to data with positions (the only import of yaml)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import yaml

from runner.job import scalars
from runner.job.diagnostics import MOST, JobProblemsError, Problem, Severity
from runner.job.lines import Lines, Position
from runner.job.meant import BARE_TEMPLATE, BARE_TEMPLATE_HINT
from runner.job.textfile import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runner.job.model import Where
    from runner.jsonvalue import JSON

MAX_DEPTH = 100
MAX_VALUES = 50_000
"""How many values a file may hold; one that is written by hand holds some hundred."""

MAX_EXPANSION = 10_000
"""How many values the aliases of a file may stand for, all together."""

_WIDEST = 1_000
"""More than any screen shows of a marked value."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(slots=True)
class _Node:
    """A value in the text: from `start` to `end`, what it means, and what it holds."""

    start: int
    end: int
    data: JSON
    text: str | None = None
    children: dict[str | int, _Child] = field(default_factory=lambda: _NOTHING)
    size: int = 1


_Child: TypeAlias = tuple["_Node | None", _Node]
"""The node of the key (None in a list) and the node of the value."""

_NOTHING: dict[str | int, _Child] = {}
"""What scalars hold: one for all, since most values are scalars."""


class Source:
    """A file's text, its data, and the position of every key and value.

    Attributes:
        shown: The path as messages name it.
        text: The whole file, without a byte-order mark.
        data: Plain data: dict with text keys, list, str, int, float, bool, None.
        problems: What is wrong with the YAML although it could be read (a key twice, a tag).
        parts: The files it is made of, itself first.
    """

    def __init__(
        self, *, shown: str, text: str, root: _Node, problems: Iterable[Problem] = ()
    ) -> None:
        self.shown = shown
        self.text = text
        self.data = root.data
        self.problems = tuple(problems)
        self.parts: tuple[Source, ...] = (self,)
        self._root = root

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
        return self._lines.line(position.line)

    def problem(
        self,
        position: Position,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem at a position of this file."""
        return self._lines.problem(self.shown, position, message, hint=hint, severity=severity)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    def _find(self, where: Where) -> _Child:
        found: _Child = (None, self._root)
        for step in where:
            child = found[1].children.get(step)
            if child is None:
                break
            found = child
        return found

    def _position(self, node: _Node) -> Position:
        end = node.end if node.text is not None else node.start + 1
        written = self.text[node.start : min(end, node.start + _WIDEST)]
        return self._lines.position(node.start, max(1, len(written.split("\n", 1)[0].rstrip())))


def read_source(path: Path, shown: str) -> Source:
    """Return a YAML file's data and positions.

    Raises:
        JobProblemsError: the file cannot be read at all: missing, too large, not UTF-8, not YAML.
    """
    return parse_source(read_text(path, shown), shown)


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
        return Source(shown=shown, text=text, root=_Node(0, 0, data))
    source.data = data
    return source


def parse_source(text: str, shown: str) -> Source:
    """Return the data and positions of YAML text.

    Raises:
        JobProblemsError: the text is not one YAML document, or is built to exhaust memory.
    """
    lines = Lines(text)
    composer = _Composer(shown, lines)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        from runner.job.pitfalls import explain

        mark, context = error.problem_mark or error.context_mark, error.context_mark
        said = error.problem or error.context or ""
        found = explain(text, said, mark.index if mark else 0, context.index if context else None)
        position = lines.position(found.index, found.width)
        problem = lines.problem(shown, position, found.message, hint=found.hint)
        # What was found on the way may be the same fault, seen earlier and better.
        same = any((p.line, p.column) == (problem.line, problem.column) for p in composer.problems)
        raise JobProblemsError((*composer.problems, *([] if same else [problem]))) from None
    except yaml.YAMLError as error:
        problem = Problem(file=shown, line=0, column=0, message=f"this is not YAML: {error}")
        raise JobProblemsError((*composer.problems, problem)) from None
    if composer.root is None:
        problem = Problem(
            file=shown,
            line=0,
            column=0,
            message="the file is empty",
            hint="`runner init` writes a job to start from",
        )
        raise JobProblemsError((problem,))
    return Source(shown=shown, text=text, root=composer.root, problems=composer.problems)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached."""

    node: _Node
    key: _Node | None = None


class _Composer:
    """Builds nodes from parser events, without recursion, refusing what a job file never needs."""

    def __init__(self, shown: str, lines: Lines) -> None:
        self.root: _Node | None = None
        self.problems: list[Problem] = []
        self._shown = shown
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0
        self._expanded = 0
        self._scalars = 0

    def take(self, event: yaml.Event) -> None:
        """Take the parser's next event."""
        match event:
            case yaml.ScalarEvent():
                self._scalars += 1
                if self._scalars > MAX_VALUES:
                    raise self._fatal(
                        event,
                        f"the file holds more than {MAX_VALUES:,} values",
                        "keep data in a csv or jsonl file, named by `items`",
                    )
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._document(event)

    def _document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._fatal(
                event, "a second document starts here", "write one job a file, without ---"
            )

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = _span(event)
        self._check_tag(event, texts=True)
        # The parser in C says '' where the one in Python says None for a plain style.
        is_plain = not event.style and event.tag is None
        data = scalars.plain(event.value) if is_plain else event.value
        self._place(_Node(start, end, data, text=event.value), event.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise self._fatal(
                event,
                f"the alias *{event.anchor} stands for nothing before it",
                'a text that starts with * needs quotes, as in "*.md"',
            )
        if any(frame.node is node for frame in self._open):
            raise self._fatal(
                event, f"*{event.anchor} stands for the value it is part of", "write the value out"
            )
        self._expanded += node.size
        if self._expanded > MAX_EXPANSION:
            raise self._fatal(
                event, "the file's aliases stand for too many values", "write the values out"
            )
        self._place(node, None)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        self._check_tag(event, texts=False)
        is_list = isinstance(event, yaml.SequenceStartEvent)
        node = _Node(*_span(event), [] if is_list else {}, children={})
        if len(self._open) >= MAX_DEPTH:
            raise self._fatal(
                event, f"values are nested more than {MAX_DEPTH} deep", "flatten the structure"
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._open.append(_Open(node))

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._open.pop()
        _, frame.node.end = _span(event)
        self._place(frame.node, None)

    def _place(self, node: _Node, anchor: str | None) -> None:
        """Put a complete value where it belongs: the root, a list, a key or a key's value."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        container = parent.node
        if isinstance(container.data, list):
            container.children[len(container.data)] = (None, node)
            container.data.append(node.data)
            container.size += node.size
        elif parent.key is None:
            parent.key = node
        else:
            key, parent.key = parent.key, None
            self._pair(container, key, node)

    def _pair(self, mapping: _Node, key: _Node, value: _Node) -> None:
        name = key.text
        if name is None:
            self._complex_key(mapping, key)
            return
        if name == "<<" and isinstance(value.data, dict | list):
            self._report(key, "merge keys (<<) are not read", "write the keys out")
            return
        if name in mapping.children:
            first, _ = mapping.children[name]
            line = self._lines.position(first.start if first else 0).line
            self._report(
                key, f"the key '{name}' is given twice", f"line {line} has it already; keep one"
            )
            return
        mapping.children[name] = (key, value)
        mapping.data[name] = value.data
        mapping.size += 1 + value.size

    def _complex_key(self, mapping: _Node, key: _Node) -> None:
        if isinstance(key.data, dict) and key.start == mapping.start + 1:
            self._report(mapping, BARE_TEMPLATE, BARE_TEMPLATE_HINT)
        elif self.problems and self.problems[-1].message == BARE_TEMPLATE:
            return  # the key that the template became was reported as the template
        else:
            self._report(key, "a key must be a word, not a list or mapping", "name it with a text")

    def _check_tag(self, event: yaml.NodeEvent, *, texts: bool) -> None:
        tag: str | None = getattr(event, "tag", None)
        if tag is None or (texts and tag in _TEXT_TAGS):
            return
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._report(
            _Node(*_span(event), None),
            f"the tag {shown} is not read",
            "remove it; a text that starts with ! needs quotes",
        )

    def _report(self, node: _Node, message: str, hint: str) -> None:
        width = len(node.text) if node.text and "\n" not in node.text else 1
        position = self._lines.position(node.start, width)
        self.problems.append(self._lines.problem(self._shown, position, message, hint=hint))
        if len(self.problems) > MOST:
            raise JobProblemsError(tuple(self.problems))

    def _fatal(self, event: yaml.Event, message: str, hint: str) -> JobProblemsError:
        self._report(_Node(*_span(event), None), message, hint)
        return JobProblemsError(tuple(self.problems))


def _span(event: yaml.Event) -> tuple[int, int]:
    """Return where an event's text starts and ends."""
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0, end.index if end else 0)


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
