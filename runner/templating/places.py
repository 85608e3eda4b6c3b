"""Where a template reads a part of a value; Jinja's nodes know only lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jinja2 import nodes

from runner.frozen import frozen
from runner.templating.names import Spot, dotted, spots, tokens_of
from runner.templating.shapes import Misread, Shape


@frozen
class Found:
    """What a template misreads or misuses, at a node; see `Misread`."""

    node: nodes.Node
    owner: Shape
    name: str = ""
    misused: str = ""


def placed(text: str, tree: nodes.Template, found: Iterable[Found]) -> tuple[Misread, ...]:
    """Return what is misread with its place, in order."""
    misreads = list(found)
    return tuple(sorted(_placed(text, tree, misreads), key=_place)) if misreads else ()


def _place(misread: Misread) -> tuple[int, int]:
    return misread.line, misread.column


def _placed(text: str, tree: nodes.Template, misreads: Iterable[Found]) -> Iterator[Misread]:
    written = spots(text)
    order: dict[tuple[int, str], list[int]] = {}
    for node in _in_order(tree):
        order.setdefault((node.lineno, _word(node)), []).append(id(node))
    words: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for line, column, word, width in _words(text):
        words.setdefault((line, word), []).append((column, width))
    for misread in misreads:
        node, name = misread.node, misread.name
        key = (node.lineno, _word(node))
        here, same = words.get(key, []) if name else [], order.get(key, [])
        nth = same.index(id(node)) if id(node) in same and len(same) == len(here) else 0
        column, width = here[nth] if here else _around(node, written)
        start = next(
            (
                spot
                for spot in written
                if spot.line == node.lineno and spot.column < column < spot.column + spot.width
            ),
            None,
        )
        path = ""
        if start is not None:
            before = start.path.index(name, 1) if name in start.path[1:] else 0
            path = ".".join(start.path[:before])
            is_end = start.path[-1] == name and before == len(start.path) - 1
            width = start.width if is_end else column + width - start.column
            column = start.column
        yield Misread(
            owner=misread.owner,
            name=name,
            misused=misread.misused,
            path=path,
            line=node.lineno,
            column=column,
            width=width,
        )


def _around(node: nodes.Node, written: Iterable[Spot]) -> tuple[int, int]:
    """Return column and width of what stands before `[0]`, else of the first name in its line."""
    spots_here = [spot for spot in written if spot.line == node.lineno]
    path = dotted(node)
    same = [spot for spot in spots_here if spot.path == path] or spots_here
    return (same[0].column, same[0].width) if same else (1, 1)


def _word(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr():
            return node.attr
        case nodes.Const(value=str(value)):
            return value
        case _:
            return ""


def _in_order(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the nodes that read a part of a value, in the order in which they are written."""
    children = list(node.iter_child_nodes())
    if isinstance(node, nodes.CondExpr):
        children = [each for each in (node.expr1, node.test, node.expr2) if each is not None]
    elif isinstance(node, nodes.For) and node.test is not None:
        children = [node.target, node.iter, node.test, *node.body, *node.else_]
    for child in children:
        yield from _in_order(child)
    is_text = isinstance(node, nodes.Const) and isinstance(node.value, str)
    if is_text or isinstance(node, nodes.Getattr):
        yield node


def _words(text: str) -> Iterator[tuple[int, int, str, int]]:
    """Yield line, column, name and width of each `.name` and `"name"` of a template."""
    before = ""
    for at, kind, value in tokens_of(text):
        line = text.count("\n", 0, at) + 1
        column = at - text.rfind("\n", 0, at)
        if kind == "name" and before == ".":
            yield line, column, value, len(value)
        elif kind == "string":
            yield line, column, value[1:-1], len(value)
        before = value
