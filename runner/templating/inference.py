"""What a template's value will be and what it misreads, told from what is known of its names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from jinja2 import nodes

from runner.errors import TemplateError
from runner.templating.clashes import (
    no_entry,
    no_list,
    no_mapping,
    no_number,
    not_added,
    not_called,
    not_compared,
    not_together,
)
from runner.templating.filtering import made_by
from runner.templating.names import parsed
from runner.templating.places import Found, placed
from runner.templating.rendering import sole_expression
from runner.templating.sandbox import MAX_RANGE
from runner.templating.shapes import (
    ANY,
    FLAG,
    NUMBER,
    TEXT,
    Shape,
    Understood,
    cut,
    either,
    entry_of,
    lacks,
    list_of,
    part_of,
    record_of,
    shape_of,
)

_Scope: TypeAlias = dict[str, Shape]

_NEEDS: Final[Mapping[str, Callable[[Shape], str | None]]] = {
    **dict.fromkeys(("abs", "round"), no_number),
    **dict.fromkeys(("dictsort", "items"), no_mapping),
    **dict.fromkeys(("count", "first", "groupby", "join", "last", "length", "list"), no_list),
    **dict.fromkeys(("max", "min", "sort", "sum", "unique"), no_list),
}
"""What a filter asks of the value before it; `map` and `select` take 0 and false for a list."""

_BY_ATTRIBUTE: Final = frozenset({"groupby", "join", "map", "max", "min", "sort", "sum", "unique"})
_COMPARING: Final = frozenset(
    """eq equalto == ne != gt greaterthan > ge >= lt lessthan < le <=""".split()  # noqa: SIM905
)


def inferred(text: str, names: Mapping[str, Shape]) -> Understood:
    """Return what a template's value will be, and what it misreads.

    Args:
        text: The template.
        names: What is known of the names it sees; of others nothing is.

    Raises:
        TemplateError: the template cannot be read.
    """
    tree = parsed(text)
    reading = _Reading(tree)
    sole = sole_expression(tree)
    try:
        if sole is None:
            reading.statements(tree.body, dict(names))
            value = TEXT
        else:
            value = reading.value(sole, dict(names))
        return Understood(value=value, misreads=placed(text, tree, reading.found))
    except RecursionError as error:
        message = "The template is nested too deeply"
        raise TemplateError(message, hint="Simplify it") from error


class _Reading:
    """Goes through a template as if it ran, every branch once, and notes what is misread."""

    def __init__(self, tree: nodes.Template) -> None:
        self.found: list[Found] = []
        asked = (test for test in tree.find_all(nodes.Test) if _asks(test.name))
        self._asked = [test.node for test in asked]

    def statements(self, body: Iterable[nodes.Node], scope: _Scope) -> None:
        """Read statements one after another; what they set is added to the scope."""
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: _Scope) -> None:
        match node:
            case nodes.For():
                self._loop(node, scope)
            case nodes.If():
                self.value(node.test, scope)
                others: list[list[nodes.Node]] = [[each] for each in node.elif_]
                self._branches([node.body, *others, node.else_], scope)
            case nodes.Assign():
                _bind(node.target, self.value(node.node, scope), scope)
            case nodes.AssignBlock():
                self.statements(node.body, dict(scope))
                _bind(node.target, TEXT if node.filter is None else ANY, scope)
            case nodes.With():
                inside = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    _bind(target, self.value(value, scope), inside)
                self.statements(node.body, inside)
            case nodes.Expr():
                self.value(node, scope)
            case _:
                for child in node.iter_child_nodes():
                    self._statement(child, scope)

    def _loop(self, node: nodes.For, scope: _Scope) -> None:
        listed = self.value(node.iter, scope)
        self._misused(node.iter, listed, no_list(listed))
        inside = {**scope, "loop": ANY}
        _bind(node.target, entry_of(listed), inside)
        self.statements([*filter(None, [node.test]), *node.body], inside)
        self.statements(node.else_, dict(scope))

    def _branches(self, branches: Iterable[list[nodes.Node]], scope: _Scope) -> None:
        """Read what runs or does not; a name that it sets is known no longer behind it."""
        after = dict(scope)
        for branch in branches:
            inside = dict(scope)
            self.statements(branch, inside)
            changed = {name for name in inside if inside[name] is not scope.get(name)}
            after.update(dict.fromkeys(changed, ANY))
        scope.update(after)

    def value(self, node: nodes.Node, scope: _Scope, *, is_called: bool = False) -> Shape:
        """Return what an expression's value will be; `is_called`: () stands behind it."""
        match node:
            case nodes.Name():
                found = scope.get(node.name, ANY)
            case nodes.Const():
                found = shape_of(node.value)
            case nodes.Getattr():
                owner = self.value(node.node, scope)
                found = self._part(node, owner, node.attr, is_called=is_called)
            case nodes.Getitem():
                found = self._item(node, scope, is_called=is_called)
            case nodes.Filter():
                found = self._filtered(node, scope)
            case nodes.Call():
                found = self._called(node, scope)
            case nodes.Compare():
                found = self._compared(node, scope)
            case nodes.CondExpr() | nodes.And() | nodes.Or():
                found = self._one_of(node, scope)
            case nodes.BinExpr() | nodes.UnaryExpr():
                found = self._worked_out(node, scope)
            case _:
                found = self._rest(node, scope)
        return found

    def _one_of(self, node: nodes.CondExpr | nodes.And | nodes.Or, scope: _Scope) -> Shape:
        if not isinstance(node, nodes.CondExpr):
            return either(self.value(node.left, scope), self.value(node.right, scope))
        self.value(node.test, scope)
        one = self.value(node.expr1, scope)
        return one if node.expr2 is None else either(one, self.value(node.expr2, scope))

    def _rest(self, node: nodes.Node, scope: _Scope) -> Shape:
        if isinstance(node, nodes.List | nodes.Tuple):
            return _listed([self.value(each, scope) for each in node.items])
        if isinstance(node, nodes.Dict):
            return self._record(node, scope)
        for child in node.iter_child_nodes():
            self.value(child, scope)
        match node:
            case nodes.Test():
                return FLAG
            case nodes.Concat() | nodes.TemplateData():
                return TEXT
            case _:
                return ANY

    def _part(
        self,
        node: nodes.Expr,
        owner: Shape,
        name: str,
        *,
        at: nodes.Expr | None = None,
        is_called: bool = False,
    ) -> Shape:
        if not lacks(owner, name, is_called=is_called):
            return part_of(owner, name)
        if node not in self._asked:
            self.found.append(Found(node=at or node, owner=owner, name=name))
        return ANY

    def _item(self, node: nodes.Getitem, scope: _Scope, *, is_called: bool) -> Shape:
        owner = self.value(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            ends = [
                None if end is None else self.value(end, scope)
                for end in (node.arg.start, node.arg.stop, node.arg.step)
            ]
            return replace(owner, most=cut(owner.most, *ends))
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._part(node, owner, node.arg.value, at=node.arg, is_called=is_called)
        index = self.value(node.arg, scope)
        if index.kind != "number" or owner.kind == "any":
            return ANY
        # The names of a mapping's fields are texts.
        self._misused(node, owner, no_entry(owner, index))
        return entry_of(owner) if owner.kind in {"list", "text"} else ANY

    def _compared(self, node: nodes.Compare, scope: _Scope) -> Shape:
        left = self.value(node.expr, scope)
        for number, each in enumerate(node.ops):
            right = self.value(each.expr, scope)
            if number == 0:  # what follows is looked at only if this is true
                clash = partial(not_compared, each.op)
                self._side_by_side(node.expr, left, each.expr, right, clash)
        return FLAG

    def _side_by_side(
        self,
        one: nodes.Expr,
        left: Shape,
        other: nodes.Expr,
        right: Shape,
        clash: Callable[[Shape, Shape], str | None],
    ) -> None:
        """Note where two values clash, at the one that has a name."""
        if left.called or not right.called:
            self._misused(one, left, clash(left, right))
        else:
            self._misused(other, right, clash(right, left))

    def _misused(self, node: nodes.Node, value: Shape, why: str | None) -> None:
        if why is not None and node not in self._asked:
            self.found.append(Found(node=node, owner=value, misused=why))

    def _called(self, node: nodes.Call, scope: _Scope) -> Shape:
        function = self.value(node.node, scope, is_called=True)
        self._misused(node.node, function, not_called(function))
        given = [self.value(each, scope) for each in node.args]
        for option in node.kwargs:
            self.value(option.value, scope)
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            end = given[0].number if len(given) == 1 else None
            return list_of(NUMBER, most=MAX_RANGE if end is None else max(0, end))
        return ANY

    def _record(self, node: nodes.Dict, scope: _Scope) -> Shape:
        fields: dict[str, Shape] = {}
        is_known = True
        for pair in node.items:
            value = self.value(pair.value, scope)
            if isinstance(pair.key, nodes.Const) and isinstance(pair.key.value, str):
                fields[pair.key.value] = value
            else:
                self.value(pair.key, scope)
                is_known = False
        return record_of(fields) if is_known else ANY

    def _worked_out(self, node: nodes.BinExpr | nodes.UnaryExpr, scope: _Scope) -> Shape:
        """Return what a sum, a difference, or the like is."""
        if isinstance(node, nodes.UnaryExpr):
            value = self.value(node.node, scope)
            if isinstance(node, nodes.Neg) and value.number is not None:
                return replace(NUMBER, number=-value.number)
            return FLAG if isinstance(node, nodes.Not) else NUMBER
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if not isinstance(node, nodes.Add):
            for side, value in ((node.left, left), (node.right, right)):
                self._misused(side, value, no_number(value))
            return NUMBER
        self._side_by_side(node.left, left, node.right, right, not_added)
        if {left.kind, right.kind} <= {"number", "flag"}:
            return NUMBER
        most = None if left.most is None or right.most is None else left.most + right.most
        return replace(either(left, right), most=most, number=None)

    def _filtered(self, node: nodes.Filter, scope: _Scope) -> Shape:
        name = node.name
        if name in {"default", "d"}:
            return self._default(node, scope)
        value = ANY if node.node is None else self.value(node.node, scope)
        for each in (*node.args, *(option.value for option in node.kwargs)):
            self.value(each, scope)
        clash = _NEEDS.get(name)
        if clash is not None and node.node is not None:
            self._misused(node.node, value, clash(value))
        if not node.args and not node.kwargs:
            self._misused(node.node or node, value, not_together(name, value))
        attribute = self._attribute(node, entry_of(value))
        made = made_by(name, value, attribute)
        # `int` and `float` return what they are given where there is no number.
        return made if name not in {"float", "int"} or not (node.args or node.kwargs) else ANY

    def _default(self, node: nodes.Filter, scope: _Scope) -> Shape:
        """Return what a value or what stands for it is; what is missing in it is no misreading."""
        noted = len(self.found)
        value = ANY if node.node is None else self.value(node.node, scope)
        del self.found[noted:]
        others = [self.value(each, scope) for each in node.args[:1]]
        others += [self.value(option.value, scope) for option in node.kwargs]
        return either(value, others[0] if others else shape_of(""))

    def _attribute(self, node: nodes.Filter, entry: Shape) -> Shape:
        """Return what is behind the attribute that a filter reads of every entry."""
        options = {str(each.key): each.value for each in node.kwargs}
        path = options.get("attribute")
        if node.name in {"selectattr", "rejectattr"}:
            path = node.args[0] if node.args else None
            test = node.args[1] if len(node.args) > 1 else nodes.Const("==")
            if not (isinstance(test, nodes.Const) and test.value in _COMPARING):
                return ANY
        elif node.name == "groupby" and node.args:
            path = node.args[0]
        elif node.name not in _BY_ATTRIBUTE:
            return ANY
        if "default" in options or not isinstance(path, nodes.Const):
            return ANY
        for name in str(path.value).split("."):
            entry = ANY if name.isdigit() else self._part(path, entry, name)
        return entry


def _asks(test: str) -> bool:
    return test in {"defined", "undefined"}


def _bind(target: nodes.Node, value: Shape, scope: _Scope) -> None:
    """Let the names of a target stand for a value; of several side by side nothing is known."""
    if isinstance(target, nodes.Name):
        scope[target.name] = value
        return
    scope.update({name.name: ANY for name in target.find_all(nodes.Name)})


def _listed(entries: list[Shape]) -> Shape:
    entry = entries[0] if entries else ANY
    for each in entries[1:]:
        entry = either(entry, each)
    return list_of(entry, most=len(entries))
