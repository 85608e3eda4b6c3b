"""YAML text to nodes: data, and where each value stands (the only import of yaml)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from runner.job.diagnostics import MOST, JobProblemsError, Problem, Severity
from runner.job.schemas.meant import BARE_TEMPLATE, BARE_TEMPLATE_HINT
from runner.job.text import scalars
from runner.job.text.lines import Lines, Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.jsonvalue import JSON

MAX_DEPTH = 100
MAX_VALUES = 50_000
"""How many values a file may hold; one that is written by hand holds some hundred."""

MAX_EXPANSION = 10_000
"""How many values the aliases of a file may stand for, all together."""


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


@dataclass(slots=True)
class Node:
    """A value in the text: from `start` to `end`, what it means, and what it holds."""

    start: int
    end: int
    data: JSON
    text: str | None = None
    children: dict[str | int, Child] = field(default_factory=lambda: _NOTHING)
    size: int = 1


Child: TypeAlias = tuple["Node | None", Node]
"""The node of the key (None in a list) and the node of the value."""

_NOTHING: dict[str | int, Child] = {}
"""What scalars hold: one for all, since most values are scalars."""

_COMMENT = re.compile(r"[ \t]#[^\s#]")
_CUT = re.compile(r"[ \t]+(#(?=[^\s#])[^\r\n]*)")
_NAME = re.compile(r"^name[ \t]*:", re.MULTILINE)
_BULLET = re.compile(r"\n[ \t]*(-)[ \t]")


class NotYamlError(JobProblemsError):
    """The text is no YAML from some point on.

    Attributes:
        fault: What is wrong there.
        before: What is wrong before, although it could be read.
        noticed: Where the parser could not go on.
        begun: The line, from 1, in which what it was reading starts.
    """

    def __init__(
        self, fault: Problem, before: Sequence[Problem], noticed: Position, begun: int
    ) -> None:
        # What was found on the way may be the same fault, seen earlier and better.
        place = (fault.line, fault.column, fault.severity)
        same = next(
            (each for each in before if (each.line, each.column, each.severity) == place), None
        )
        super().__init__((*before, *([fault] if same is None else [])))
        self.fault, self.before = same or fault, before
        self.noticed, self.begun = noticed, begun


def compose(text: str, shown: str) -> tuple[Node, tuple[Problem, ...]]:
    """Return the root of YAML text, and what is wrong with it although it could be read.

    Raises:
        NotYamlError: it cannot be read to its end.
        JobProblemsError: it is not one YAML document, or is built to exhaust memory.
    """
    lines = Lines(text)
    composer = _Composer(shown, lines)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.take(event)
            if composer.is_over:
                break
    except yaml.MarkedYAMLError as error:
        from runner.job.text.pitfalls import explain

        mark, context = error.problem_mark or error.context_mark, error.context_mark
        said = error.problem or error.context or ""
        at, begun = mark.index if mark else 0, context.index if context else None
        found = explain(text, said, at, begun, composer.quoted)
        position = lines.position(found.index, found.width)
        problem = lines.problem(shown, position, found.message, hint=found.hint)
        noticed = lines.position(at)
        line = noticed.line if begun is None else lines.position(begun).line
        raise NotYamlError(problem, tuple(composer.problems), noticed, line) from None
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
    return composer.root, tuple(composer.problems)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached."""

    node: Node
    key: Node | None = None
    is_flow: bool = False
    last: tuple[Node, Node] | None = None
    is_torn: bool = False


class _Composer:
    """Builds nodes from parser events, without recursion, refusing what a job file never needs."""

    def __init__(self, shown: str, lines: Lines) -> None:
        self.root: Node | None = None
        self.is_over = False
        self.problems: list[Problem] = []
        self._shown = shown
        self._lines = lines
        self.quoted = (0, 0)
        self._is_cut = _COMMENT.search(lines.text) is not None
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
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
        if self._documents == 1:
            return
        start, _ = _span(event)
        message = "a second document starts here"
        self._report(Node(start, start, None), message, "write one job a file, without ---")
        # What has a name is another job; all else goes on with this one.
        if _NAME.search(self._lines.text, start):
            self.is_over = True
            return
        place = self._lines.position(start)
        raise NotYamlError(self.problems.pop(), tuple(self.problems), place, place.line)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = _span(event)
        self._check_tag(event, texts=True)
        # The parser in C says '' where the one in Python says None for a plain style.
        is_plain = not event.style and event.tag is None
        data = scalars.plain(event.value) if is_plain else event.value
        if is_plain and isinstance(data, str):
            if self._is_cut or "- " in data:
                self._check_end(start, end, data)
        elif event.style in ("'", '"'):
            self.quoted = start, end
        self._place(Node(start, end, data, text=event.value), event.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            start, end = _span(event)
            node = Node(start, end, f"*{event.anchor}", text=f"*{event.anchor}")
            self._report(
                node,
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
        node = Node(*_span(event), [] if is_list else {}, children={})
        if len(self._open) >= MAX_DEPTH:
            raise self._fatal(
                event, f"values are nested more than {MAX_DEPTH} deep", "flatten the structure"
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._open.append(_Open(node, is_flow=bool(event.flow_style)))

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._open.pop()
        _, frame.node.end = _span(event)
        self._place(frame.node, None)

    def _place(self, node: Node, anchor: str | None) -> None:
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
            if parent.is_flow and self._is_torn(parent, key, node):
                return
            parent.last, parent.is_torn = (key, node), False
            self._pair(container, key, node)

    def _check_end(self, start: int, end: int, data: str) -> None:
        """Warn of a text without quotes that ends sooner, or goes on longer, than it looks."""
        text = self._lines.text
        cut = _CUT.match(text, end) if text[end : end + 1] in (" ", "\t") else None
        if cut and (" " in data or cut[1].startswith("#{")):
            self._report_at(
                cut.start(1),
                len(cut[1]),
                "what follows # is a comment: the text ends before it",
                "put the text in quotes; a comment has a space behind its #",
                severity="warning",
            )
        joined = _BULLET.search(text, start, end) if "- " in data else None
        if joined is None:
            return
        if self._open and isinstance(self._open[-1].node.data, list):
            self._report_at(
                joined.start(1), 1, "this entry is read as part of the one above",
                "start each - of a list in the same column",
            )  # fmt: skip
        else:
            self._report_at(
                joined.start(1), 1, "these lines are joined to a single one",
                "to keep them apart start the text with | on the line of its key",
                severity="warning",
            )  # fmt: skip

    def _is_torn(self, parent: _Open, key: Node, value: Node) -> bool:
        """Report a key that is the rest of a text, which ended at a comma inside { }."""
        text = self._lines.text
        if value.text != "" or value.start != value.end or ":" in text[key.end : value.end + 1]:
            return False
        if parent.last is None or key.text is None:
            return False
        name, before = parent.last
        is_plain = isinstance(before.data, str) and text[before.start] not in "'\""
        if not is_plain or before.text is None or name.text is None:
            return False
        # What follows is checked as if the whole text stood there.
        before.text = before.data = f"{before.text}, {key.text}"
        before.end = key.end
        parent.node.data[name.text] = before.data
        if not parent.is_torn:
            whole = f'put the whole text in quotes: {name.text}: "{before.text}"'
            self._report(
                key,
                f"'{key.text}' has no value: a comma ends a text inside {{ }}",
                whole if " " in key.text else f"{whole}; or write {key.text}: and a value",
            )
        parent.is_torn = True
        return True

    def _pair(self, mapping: Node, key: Node, value: Node) -> None:
        name = key.text
        if name is None:
            self._complex_key(mapping, key)
            return
        is_plain = self._lines.text[key.start : key.start + 1] == "<"
        if name == "<<" and is_plain and isinstance(value.data, dict | list):
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

    def _complex_key(self, mapping: Node, key: Node) -> None:
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
            Node(*_span(event), None),
            f"the tag {shown} is not read",
            "remove it; a text that starts with ! needs quotes",
        )

    def _report(self, node: Node, message: str, hint: str) -> None:
        width = len(node.text) if node.text and "\n" not in node.text else 1
        self._report_at(node.start, width, message, hint)

    def _report_at(
        self, index: int, width: int, message: str, hint: str, *, severity: Severity = "error"
    ) -> None:
        position = self._lines.position(index, width)
        self.problems.append(
            self._lines.problem(self._shown, position, message, hint=hint, severity=severity)
        )
        if len(self.problems) > MOST:
            raise JobProblemsError(tuple(self.problems))

    def _fatal(self, event: yaml.Event, message: str, hint: str) -> JobProblemsError:
        self._report(Node(*_span(event), None), message, hint)
        return JobProblemsError(tuple(self.problems))


def _span(event: yaml.Event) -> tuple[int, int]:
    """Return where an event's text starts and ends."""
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0, end.index if end else 0)
