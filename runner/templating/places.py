"""Where a template reads a part of a value; Jinja's nodes know only lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
        if _word(node):
            order.setdefault((node.lineno, _word(node)), []).append(id(node))
    names = _Names(tree, written)
    words: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for line, column, word, width in _words(text):
        words.setdefault((line, word), []).append((column, width))
    for misread in misreads:
        node, name = misread.node, misread.name
        key = (node.lineno, _word(node))
        here, same = words.get(key, []) if name else [], order.get(key, [])
        nth = same.index(id(node)) if id(node) in same and len(same) == len(here) else 0
        column, width = here[nth] if here else names.place(node)
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


class _Names:
    """Says which name in the text each name in the tree is, also of one that is there twice."""

    def __init__(self, tree: nodes.Template, written: Sequence[Spot]) -> None:
        self._written = written
        self._whole: dict[int, nodes.Node] = {}
        for node in _in_order(tree):
            if (root := _root(node)) is not None and _is_pure(node):
                self._whole[id(root)] = node
        self._order: dict[tuple[int, tuple[str, ...] | None], list[int]] = {}
        for root_id, node in self._whole.items():
            self._order.setdefault(self._key(node), []).append(root_id)

    def place(self, node: nodes.Node) -> tuple[int, int]:
        """Return column and width of the name at the beginning of what stands at a node."""
        root = _root(node)
        in_line = [spot for spot in self._written if spot.line == node.lineno]
        if root is None or id(root) not in self._whole:
            return (in_line[0].column, in_line[0].width) if in_line else (1, 1)
        key = self._key(self._whole[id(root)])
        same, order = [s for s in self._written if (s.line, s.path) == key], self._order[key]
        nth = order.index(id(root)) if len(order) == len(same) else 0
        spot = (same or in_line)[nth if same else 0]
        return spot.column, spot.width

    def _key(self, node: nodes.Node) -> tuple[int, tuple[str, ...] | None]:
        root = _root(node)
        return (root or node).lineno, dotted(node)


def _root(node: nodes.Node) -> nodes.Name | None:
    """Return the name that what stands at a node begins with."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node if isinstance(node, nodes.Name) and node.ctx == "load" else None


def _is_pure(node: nodes.Node) -> bool:
    """Return whether a node is a name with names behind it, and nothing else."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not _word(node.arg):
            return False
        node = node.node
    return True


def _word(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr():
            return node.attr
        case nodes.Const(value=str(value)):
            return value
        case _:
            return ""


def _in_order(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield all nodes, in the order in which they are written."""
    children = list(node.iter_child_nodes())
    if isinstance(node, nodes.CondExpr):
        children = [each for each in (node.expr1, node.test, node.expr2) if each is not None]
    elif isinstance(node, nodes.For) and node.test is not None:
        children = [node.target, node.iter, node.test, *node.body, *node.else_]
    for child in children:
        yield from _in_order(child)
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
