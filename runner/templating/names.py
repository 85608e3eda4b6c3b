"""What a template reads: its names, each with its place."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import NamedTuple

import jinja2
from jinja2 import nodes

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.templating.sandbox import added_filters, filter_names, text_environment
from runner.templating.syntax import syntax_fault


@frozen
class Reference:
    """A name that a template reads, e.g. `item.company`.

    Attributes:
        path: The dotted name, cut at the first part that is not a constant.
        line: Where it stands in the template's text, from 1.
        column: Likewise, from 1.
        width: How many characters it takes.
        defined: The template copes with its absence (`default(...)`, `is defined`).
    """

    path: tuple[str, ...]
    line: int
    column: int
    width: int
    defined: bool


@frozen
class Spot:
    """A dotted name as it is written in a template: `item.company` or `item["company"]`."""

    path: tuple[str, ...]
    line: int
    column: int
    width: int


_BREAK = re.compile("\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHECKED = (
    nodes.Filter,
    nodes.Test,
    nodes.Const,
    nodes.For,
    nodes.Getattr,
    nodes.Macro,
    nodes.CallBlock,
    nodes.Block,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
)


MOST_FAULTS = 100
"""So many of a template's faults are told."""

_DEEP = TemplateError("The template is nested too deeply", hint="Simplify it")
_ALSO_TESTS = {
    "empty": "Write {{ not item.x }}",
    "blank": "Write {{ not item.x }}",
    "null": "Did you mean none?",
    "not": "Write `is not`, or `not` in front",
}


def parsed(text: str) -> nodes.Template:
    """Return a template's syntax tree; what no template in a job may do is refused.

    Raises:
        TemplateError: it cannot be read.
    """
    return _tree(text, strict=True)


def every_fault(text: str) -> tuple[TemplateError, ...]:
    """Return everything for which a template cannot be read."""
    return _read(text)[1]


def _tree(text: str, *, strict: bool) -> nodes.Template:
    tree, faults = _read(text)
    if tree is None or (strict and faults):
        raise faults[0].with_traceback(None)
    return tree


@functools.lru_cache(maxsize=4096)
def _read(text: str) -> tuple[nodes.Template | None, tuple[TemplateError, ...]]:
    """Return the syntax tree of a template, or None; and everything that is wrong with it."""
    try:
        tree = text_environment().parse(text)
        return tree, tuple(islice(_refused(tree, text), MOST_FAULTS))
    except jinja2.TemplateSyntaxError as error:
        return None, (syntax_fault(error, text, text_environment()),)
    except RecursionError:
        return None, (_DEEP,)


def _refused(tree: nodes.Template, text: str) -> Iterator[TemplateError]:
    known = filter_names()
    tests = sorted(text_environment().tests)
    for node in tree.find_all(_CHECKED):
        match node:
            case nodes.Getattr(attr=str(name)) if name.startswith("__"):
                yield _placed(
                    text, node, rf"\.\s*({re.escape(name)})\b", f"A template cannot read {name}",
                    "Templates see vars, item, steps and run.date only",
                )  # fmt: skip
            case nodes.Filter() if node.name not in known and node.name not in added_filters():
                every = [*known, *added_filters()]
                yield _unknown(text, node, rf"(?:\||\bfilter)\s*({re.escape(node.name)})\b", every)
            case nodes.Test() if node.name not in tests:
                yield _unknown(text, node, rf"\bis\s+(?:not\s+)?({re.escape(node.name)})\b", tests)
            case nodes.For(recursive=True):
                yield _placed(
                    text, node, r"\b(recursive)\b", "A template in a job has no recursive loops",
                    "Leave the word away",
                )  # fmt: skip
            case nodes.Const(value=str(value)) if _SURROGATE.search(value):
                yield _placed(
                    text, node, r"(\\[uU])",
                    "The template holds half a character (\\ud800 to \\udfff)",
                    "Write the character itself",
                )  # fmt: skip
            case nodes.Macro() | nodes.CallBlock() | nodes.Block():
                yield _placed(
                    text, node, r"\{%[-+]?\s*(macro|call|block)\b",
                    "A template in a job has no macros or blocks",
                    "Write the text where it is used",
                )  # fmt: skip
            case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
                yield _placed(
                    text, node, r"\{%[-+]?\s*(include|import|from|extends)\b",
                    "A template in a job reads no files", "Write the text here",
                )  # fmt: skip


def _placed(text: str, node: nodes.Node, pattern: str, message: str, hint: str) -> TemplateError:
    """Return a fault of a node at what a pattern's group finds, from the node's line on."""
    begin = 0
    for _ in range(node.lineno - 1):
        begin = text.find("\n", begin) + 1
    match = re.compile(pattern).search(text, begin) or re.search(pattern, text)
    start = match.start(1) if match else begin
    return TemplateError(
        message,
        line=text.count("\n", 0, start) + 1,
        column=start - text.rfind("\n", 0, start),
        width=len(match[1]) if match else 1,
        hint=hint,
    )


def _unknown(
    text: str, node: nodes.Filter | nodes.Test, pattern: str, known: list[str]
) -> TemplateError:
    """Return that a template names a filter or test that is not there."""
    kind, name = type(node).__name__.lower(), str(node.name)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"{kind.title()}s are: {', '.join(known)}"
    if kind == "test":
        hint = _ALSO_TESTS.get(name, hint)
    return _placed(text, node, pattern, f"There is no {kind} '{name}'", hint)


def found(text: str) -> dict[tuple[tuple[str, ...], bool], None]:
    """Return path and "may be absent" of each name that a template reads from its context.

    Raises:
        TemplateError: the template cannot be read.
    """
    try:
        reads = _reads(parsed(text), frozenset(), defined=False)
        return {(read.path, read.defined): None for read in reads if not read.bound}
    except RecursionError as error:
        raise _DEEP from error


def references(text: str, *, strict: bool = True) -> list[Reference]:
    """Return the names that a template reads from its context, in order.

    Args:
        text: The template.
        strict: It has no fault; else only its syntax must be right.

    Raises:
        TemplateError: the template cannot be read.
    """
    try:
        reads = list(_reads(_tree(text, strict=strict), frozenset(), defined=False))
    except RecursionError as error:
        raise _DEEP from error
    by_place: dict[tuple[int, tuple[str, ...]], list[Spot]] = {}
    by_path: dict[tuple[str, ...], Spot] = {}
    for spot in spots(text):
        by_place.setdefault((spot.line, spot.path), []).append(spot)
        by_path.setdefault(spot.path, spot)
    counts = Counter((read.line, read.path) for read in reads)
    seen: Counter[tuple[int, tuple[str, ...]]] = Counter()
    placed: dict[Reference, None] = {}
    for read in reads:
        place = (read.line, read.path)
        written = by_place.get(place, [])
        # Names that a loop binds and names from outside, all in the order they are written.
        nth = seen[place] if len(written) == counts[place] else 0
        seen[place] += 1
        if read.bound:
            continue
        spot = Spot(path=read.path, line=read.line, column=1, width=1)
        for length in range(len(read.path), 0, -1):
            start = read.path[:length]
            here = by_place.get((read.line, start), [])
            if near := here[nth if length == len(read.path) else 0] if here else by_path.get(start):
                spot = near
                break
        placed[
            Reference(
                path=read.path,
                line=spot.line,
                column=spot.column,
                width=spot.width,
                defined=read.defined,
            )
        ] = None
    return sorted(placed, key=lambda r: (r.line, r.column, r.path))


def spots(text: str) -> list[Spot]:
    """Return every dotted name in a template that can be read; Jinja's nodes know only lines."""
    tokens = list(tokens_of(text))
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    found: list[Spot] = []
    index = 0
    while index < len(tokens):
        at, kind, value = tokens[index]
        index += 1
        if kind != "name" or (index > 1 and tokens[index - 2][2] in {".", "|"}):
            continue
        path, end = [value], at + len(value)
        while (step := _part(tokens, index)) is not None:
            name, index, end = step
            path.append(name)
        line = bisect_right(starts, at)
        column = at - starts[line - 1] + 1
        found.append(Spot(path=tuple(path), line=line, column=column, width=end - at))
    return found


_Token = tuple[int, str, str]


def _part(tokens: list[_Token], index: int) -> tuple[str, int, int] | None:
    """Return the part `.name` or `["name"]` at an index: its name, the next index, its end."""
    kinds = [(kind, value) for _, kind, value in tokens[index : index + 3]]
    if kinds[:1] == [("operator", ".")] and len(kinds) > 1 and kinds[1][0] == "name":
        at, _, value = tokens[index + 1]
        return value, index + 2, at + len(value)
    if kinds[:1] == [("operator", "[")] and kinds[2:] == [("operator", "]")]:
        kind, value = kinds[1]
        if kind == "string":
            return value[1:-1], index + 3, tokens[index + 2][0] + 1
    return None


def tokens_of(text: str) -> Iterator[_Token]:
    """Yield index, kind and text of each token of a template's expressions."""
    at = 0
    for _, kind, value in text_environment().lexer.tokeniter(text, None):
        # White space that `-` strips is in no token: look for where the next one stands.
        found = text.find(value, at)
        at = found if found >= 0 else at
        if kind not in {"data", "whitespace"}:
            yield at, kind, value
        at += len(value)


class _Name(NamedTuple):
    """A name in a template: path and line; it may be absent, or the template binds it itself."""

    path: tuple[str, ...]
    line: int
    defined: bool
    bound: bool


def _reads(node: nodes.Node, bound: frozenset[str], *, defined: bool) -> Iterator[_Name]:
    """Yield each name that a node reads, or binds."""
    if isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Name):
        path = dotted(node)
        if path is not None:
            yield _Name(path, node.lineno, defined, path[0] in bound or path[0] == "range")
            yield from _keys(node, bound, defined=defined)
            return
    if isinstance(node, nodes.Filter) and node.name in {"default", "d"}:
        for index, child in enumerate(node.iter_child_nodes()):
            yield from _reads(child, bound, defined=defined or index == 0)
        return
    if isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}:
        defined = True
    names = _bindings(node)
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name) and child.ctx == "store":
            yield _Name((child.name,), child.lineno, defined, bound=True)
            continue
        # A loop's source is read before its variable exists.
        inside = bound if isinstance(node, nodes.For) and child is node.iter else bound | names
        yield from _reads(child, inside, defined=defined)
        if isinstance(child, nodes.Assign | nodes.AssignBlock):
            bound |= _bindings(child)


def _keys(node: nodes.Node, bound: frozenset[str], *, defined: bool) -> Iterator[_Name]:
    """Yield the names in the keys of a dotted name: `vars.x` in `item[vars.x].name`."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
            yield from _reads(node.arg, bound, defined=defined)
        node = node.node


def _bindings(node: nodes.Node) -> frozenset[str]:
    """Return the names that a node binds for what is inside (or after) it."""
    targets: list[nodes.Node] = []
    if isinstance(node, nodes.For):
        return frozenset(n.name for n in _names(node.target)) | {"loop"}
    if isinstance(node, nodes.Assign | nodes.AssignBlock):
        targets.append(node.target)
    elif isinstance(node, nodes.With):
        targets.extend(node.targets)
    return frozenset(name.name for target in targets for name in _names(target))


def _names(node: nodes.Node) -> list[nodes.Name]:
    return [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))


def dotted(node: nodes.Node) -> tuple[str, ...] | None:
    """Return `("item", "company")` for `item.company` and `item["company"]`."""
    parts: list[str] = []
    while True:
        if isinstance(node, nodes.Name):
            return (node.name, *reversed(parts)) if node.ctx == "load" else None
        if isinstance(node, nodes.Getattr):
            parts.append(node.attr)
        elif isinstance(node, nodes.Getitem):
            if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                parts.append(node.arg.value)
            else:
                parts.clear()  # what stands behind an unknown part is unknown
        else:
            return None
        node = node.node
