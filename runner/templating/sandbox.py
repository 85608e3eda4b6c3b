"""Jinja's sandbox with our limits: what a template may name, and what may grow."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from inspect import getattr_static
from types import MappingProxyType, MemberDescriptorType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runner.errors import TemplateError
from runner.jsonvalue import JSON, readable
from runner.plugins import FILTERS, PluginError, described, load_plugin, plugin_names, words
from runner.templating import allowance
from runner.templating.allowance import STEP, spend

MAX_RANGE = 10_000
MAX_PRECISION = 100
MAX_BITS = 10_000
"""No whole number that a template works out is longer."""

_FILTERS = frozenset(
    """abs count d default dictsort e escape filesizeformat first float groupby int items last
    length map max min reject rejectattr reverse select selectattr sort sum truncate
    unique""".split()  # noqa: SIM905 - reads best so
)
_TEXT_FILTERS = (
    "capitalize",
    "lower",
    "string",
    "title",
    "trim",
    "upper",
    "urlencode",
    "wordcount",
)
_TEXT_METHODS = frozenset(
    """capitalize casefold count endswith find index isalnum isalpha isdigit islower isnumeric
    isspace istitle isupper lower lstrip partition removeprefix removesuffix rpartition rsplit
    rstrip split splitlines startswith strip swapcase title upper""".split()  # noqa: SIM905
)


class _Generator(CodeGenerator):
    """Compiles a template so that loops, joined texts and new values spend its allowance."""

    def visit_Template(  # noqa: N802 - Jinja's name
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        """Put our functions around what can grow, then compile as usual."""
        for loop in node.find_all(nodes.For):
            size = sum(len(data.data) for data in loop.find_all(nodes.TemplateData))
            loop.iter = _passed(loop.iter, "counted", nodes.Const(size))
        _wrap(node)
        super().visit_Template(node, frame)


def _wrap(node: nodes.Node) -> None:
    """Put functions around the texts joined with ~ and the lists and mappings written out."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, nodes.Node):
            setattr(node, name, _wrapped(value))
        elif isinstance(value, list):
            value[:] = [_wrapped(v) if isinstance(v, nodes.Node) else v for v in value]


def _wrapped(node: nodes.Node) -> nodes.Node:
    _wrap(node)
    if isinstance(node, nodes.Concat):
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return _passed(parts, "join")
    is_new = isinstance(node, nodes.List | nodes.Dict) or (
        isinstance(node, nodes.Tuple) and node.ctx == "load"
    )
    return _passed(node, "weighed") if is_new else node


def _passed(node: nodes.Node, name: str, *arguments: nodes.Const) -> nodes.Filter:
    return nodes.Filter(node, name, [*arguments], [], None, None, lineno=node.lineno)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with our limits: no private names, no endless ranges, no huge values."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    code_generator_class = _Generator

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._safe: dict[tuple[type, str], bool] = {}
        self._plain: set[tuple[type, str]] = set()

    def call_binop(
        self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any
    ) -> Any:
        """Add what is small enough; multiply numbers only, and raise to small powers only."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            if _bits(operator, left, right) > MAX_BITS:
                raise OverflowError("a number grows too large")
        elif operator != "+":  # "ab" * 10**9, "%999999d" % 1
            raise TypeError(f"only numbers can stand beside {operator}")
        elif any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, list, tuple)):
            spend(len(left) + len(right))
        else:
            raise TypeError("only numbers, two texts or two lists can be added; ~ joins anything")
        return super().call_binop(context, operator, left, right)

    def call(self, context: jinja2.runtime.Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call: a step, whoever calls itself."""
        spend(STEP)
        result = super().call(context, obj, *args, **kwargs)
        spend(_length(result))
        return result

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse every private name, and numbers' methods: they make huge values of small ones."""
        kind = (type(obj), attr)
        safe = self._safe.get(kind)
        if safe is None:
            # Jinja, too, decides by the type alone; it takes a while, and reports ask very often.
            is_own = attr.startswith("_") or isinstance(obj, int | float | bytes)
            safe = self._safe[kind] = not is_own and super().is_safe_attribute(obj, attr, value)
            held = getattr_static(type(obj), attr, None)
            is_data = isinstance(held, property | MemberDescriptorType)
            if safe and is_data and not isinstance(obj, Mapping):
                self._plain.add(kind)
        return safe

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a mapping's key before its method, so that `item.items` is the column."""
        if (type(obj), attribute) in self._plain:
            return getattr(obj, attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, str) and hasattr(obj, attribute):
            return self._text_method(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read `text['method']` under the same rules as `text.method`."""
        if isinstance(obj, str) and isinstance(argument, str) and hasattr(obj, argument):
            return self._text_method(obj, argument)
        return super().getitem(obj, argument)

    def _text_method(self, text: str, name: str) -> Any:
        """Return a text's method: our own form of those that could make a huge text."""
        if name == "replace":
            return functools.partial(allowance.replaced, text)
        if name == "join":
            return functools.partial(_join_method, text)
        if name in _TEXT_METHODS:
            return getattr(text, name)
        return self.unsafe_undefined(text, name)


def _join_method(separator: str, values: Any) -> str:
    return allowance.joined(values, separator)


def _bits(operator: str, left: float, right: float) -> float:
    """Return about how many bits the result of an operation on whole numbers has."""
    if not (isinstance(left, int) and isinstance(right, int)):
        return 0
    if operator == "**":
        return left.bit_length() * max(right, 0)
    return left.bit_length() + right.bit_length()


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MAX_RANGE:
        raise OverflowError(f"range() may have at most {MAX_RANGE:,} numbers")
    return numbers


@jinja2.pass_environment
def _join(
    environment: jinja2.Environment, values: Any, separator: Any = "", attribute: Any = None
) -> str:
    if attribute is not None:
        get = jinja2.filters.make_attrgetter(environment, attribute)
        values = map(get, values)
    return allowance.joined(values, separator)


def _to_json(value: Any) -> str:
    return json.dumps(allowance.weighed(value), ensure_ascii=False)


def _spending(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that spends the size of what it makes."""

    @functools.wraps(function)
    def spending(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        spend(_length(result))
        return result

    return spending


def _of_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter for which nothing is an empty text, not the word None."""

    @functools.wraps(function)
    def filtered(value: Any, *arguments: Any, **options: Any) -> Any:
        is_word = value is None or isinstance(value, bool)
        return function(allowance.plain(value) if is_word else value, *arguments, **options)

    return filtered


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple) else 1


def _round(value: Any, precision: int = 0, method: str = "common") -> float:
    if abs(precision) > MAX_PRECISION:
        raise ValueError(f"round() knows at most {MAX_PRECISION} digits")
    return jinja2.filters.do_round(value, precision, method)  # type: ignore[arg-type]


def _printed(value: Any) -> Any:
    """Return what `{{ }}` prints, after spending its size."""
    if type(value) is str:
        spend(len(value))
        return value
    if isinstance(value, jinja2.Undefined):
        return value  # says itself what is missing
    if isinstance(value, Iterator | range):
        value = allowance.listed(value)
    return readable(allowance.weighed(json_value(value)))


def json_value(value: Any) -> JSON:
    """Return a value as JSON.

    Raises:
        TypeError: it is a function or another thing that is only Python's.
        ValueError: it is a number that JSON cannot say.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("its value is a number without end")
        return value
    if isinstance(value, jinja2.Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - jinja's own way to say which name
    if isinstance(value, Mapping):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if isinstance(value, Sequence | Iterator | KeysView | ValuesView | ItemsView):
        return [json_value(entry) for entry in value]
    raise TypeError("its value is no text, number, list or mapping; a method needs () behind it")


def prepared(environment: jinja2.Environment) -> jinja2.Environment:
    """Return the environment with our filters and globals in place of Jinja's.

    What is missing would make huge texts of small ones, or two runs of one job differ.
    """
    environment.globals = {"range": _range}
    environment.filters = _Filters(
        **{name: _spending(environment.filters[name]) for name in sorted(_FILTERS)},
        **{name: _spending(_of_text(environment.filters[name])) for name in _TEXT_FILTERS},
        join=_join,
        list=allowance.listed,
        replace=allowance.replaced,
        round=_round,
        tojson=_to_json,
        **_OWN,
    )
    return environment


class _Filters(dict[str, Callable[..., Any]]):
    """Filters by name; what is not here is looked for among those that plugins add."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        return _plugin_filter(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in plugin_names(FILTERS)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - this is `get`


def _plugin_filter(name: str) -> Callable[..., Any]:
    """Return a plugin's filter: its results are JSON, its faults are a template's.

    Raises:
        KeyError: there is none.
        TemplateError: it cannot be loaded.
    """
    try:
        function = load_plugin(FILTERS, name)
    except PluginError as error:
        raise TemplateError(error.message, hint=error.hint) from error

    def filtered(*arguments: Any, **options: Any) -> Any:
        try:
            result = function(*arguments, **options)
        except Exception as error:
            who = described(FILTERS, name)
            raise ValueError(f"the filter {who} failed: {words(error)}") from error
        return json_value(result)

    return _spending(filtered)


_OWN: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"counted": allowance.counted, "weighed": allowance.weighed}
)


@functools.cache
def text_environment() -> jinja2.Environment:
    """Return the environment of the templates in job files."""
    return prepared(
        Sandbox(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=_printed)
    )


def filter_names() -> list[str]:
    """Return the filters that templates in job files may use."""
    return sorted(text_environment().filters.keys() - _OWN.keys())


def added_filters() -> tuple[str, ...]:
    """Return the filters that installed plugins add."""
    return plugin_names(FILTERS)
