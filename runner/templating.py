"""The one sandboxed Jinja2 environment, for queries and for reports (the only import of jinja2).

Templates see only what they are given: no environment, no files, no Python internals. A name that
does not exist is an error, never an empty text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runner.errors import UsageError
from runner.jsonvalue import JSON

MAX_RANGE = 10_000
MAX_POWER = 64
MAX_OUTPUT = 1_000_000
UNSAFE_TEXT_METHODS = frozenset(
    {"format", "format_map", "ljust", "rjust", "center", "zfill", "expandtabs", "encode"}
)
"""Text methods that read into objects, or make huge texts of small ones."""


class TemplateError(UsageError):
    """A template that cannot be read or rendered.

    Attributes:
        line: In the template's text, from 1.
        column: In that line, from 1; 1 where Jinja does not know it.
        file: The template file, or None for a template inside a job file.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int = 1,
        column: int = 1,
        hint: str | None = None,
        file: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.file = file


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A name that a template reads, e.g. `item.company`.

    Attributes:
        path: The dotted name, cut at the first part that is not a constant.
        line: Where it stands in the template's text, from 1.
        column: Likewise, from 1.
        defined: The template copes with its absence (`default(...)`, `is defined`).
    """

    path: tuple[str, ...]
    line: int
    column: int
    defined: bool


class Markdown(str):
    """Text that a report prints as it is: it was written as markdown, not read from data."""

    __slots__ = ()


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with our limits: no private names, no endless ranges, no huge products."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(
        self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any
    ) -> Any:
        """Multiply numbers only, and raise to small powers only."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers or (operator == "**" and abs(right) > MAX_POWER):
            raise SecurityError("only numbers can be multiplied")  # "ab" * 10**9, "%999999d" % 1
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse every private name."""
        return not attr.startswith("_") and super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a mapping's key before its method, so that `item.items` is the column."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, str) and attribute in UNSAFE_TEXT_METHODS:
            return self.unsafe_undefined(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read `text['method']` under the same rules as `text.method`."""
        if isinstance(obj, str) and argument in UNSAFE_TEXT_METHODS:
            return self.unsafe_undefined(obj, argument)
        return super().getitem(obj, argument)


class _ReportSandbox(_Sandbox):
    """The sandbox for reports: what a macro or a block wrote is markdown already."""

    def call(self, context: jinja2.runtime.Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call, and mark what a template's own part wrote."""
        result = super().call(context, obj, *args, **kwargs)
        if isinstance(obj, _WRITERS):
            return Markdown(result)
        return result


_WRITERS = (jinja2.runtime.Macro, jinja2.runtime.BlockReference, jinja2.runtime.LoopContext)


def _bounded_range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MAX_RANGE:
        raise OverflowError(f"range() may have at most {MAX_RANGE:,} numbers")
    return numbers


def _prepare(environment: jinja2.Environment) -> jinja2.Environment:
    environment.globals.clear()
    environment.globals["range"] = _bounded_range
    # `random` would make two runs of one job differ; the others make huge texts of small ones.
    for name in ("random", "format", "center", "indent"):
        environment.filters.pop(name, None)
    return environment


@functools.cache
def _text_environment() -> jinja2.Environment:
    return _prepare(_Sandbox(undefined=jinja2.StrictUndefined, keep_trailing_newline=True))


def is_template(text: str) -> bool:
    """Return whether a text holds template syntax at all."""
    return "{{" in text or "{%" in text or "{#" in text


@functools.lru_cache(maxsize=512)
def _parse(text: str) -> nodes.Template:
    try:
        return _text_environment().parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise _syntax_error(error, text) from error
    except RecursionError as error:
        raise TemplateError("The template is nested too deeply", hint="Simplify it") from error


def _syntax_error(error: jinja2.TemplateSyntaxError, text: str | None) -> TemplateError:
    line = error.lineno or 1
    column = 1
    if text is not None:
        lines = text.split("\n")
        row = lines[line - 1] if 0 < line <= len(lines) else ""
        column = max(row.find("{{"), row.find("{%"), 0) + 1
    reason = (error.message or "syntax error").rstrip(".")
    hint = "A template reads {{ item.column }} or {{ vars.name }}"
    if "end of template" in reason or "end of print statement" in reason:
        hint = "Close every {{ with }} and every {% with %}"
    return TemplateError(
        f"The template cannot be read: {reason}", line=line, column=column, hint=hint
    )


@functools.lru_cache(maxsize=512)
def _sole_expression(text: str) -> bool:
    """Return whether the text is exactly one `{{ expression }}`."""
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return False
    body = _parse(stripped).body
    return (
        len(body) == 1
        and isinstance(body[0], nodes.Output)
        and len(body[0].nodes) == 1
        and not isinstance(body[0].nodes[0], nodes.TemplateData)
    )


@functools.lru_cache(maxsize=512)
def _compile(text: str) -> jinja2.Template:
    _parse(text)
    return _text_environment().from_string(text)


@functools.lru_cache(maxsize=512)
def _compile_expression(text: str) -> Callable[..., Any]:
    inner = text.strip()[2:-2].strip("-+ \n\t")
    return _text_environment().compile_expression(inner, undefined_to_none=False)


def render_text(text: str, context: Mapping[str, Any]) -> str:
    """Render a template to text.

    Raises:
        TemplateError: it cannot be read, names what does not exist, or grows past a megabyte.
    """
    if not is_template(text):
        return text
    template = _compile(text)
    with _reporting(text):
        parts: list[str] = []
        size = 0
        for part in template.generate(**context):
            size += len(part)
            if size > MAX_OUTPUT:
                raise TemplateError("The template's text grows past 1,000,000 characters")
            parts.append(part)
        return "".join(parts)
    raise AssertionError("unreachable")  # the context manager re-raises


def render_value(text: str, context: Mapping[str, Any]) -> JSON:
    """Render a template; one that is exactly one `{{ expression }}` keeps the value's type.

    Raises:
        TemplateError: as `render_text`.
    """
    if not is_template(text):
        return text
    if not _sole_expression(text):
        return render_text(text, context)
    with _reporting(text):
        value = _compile_expression(text)(**context)
        if isinstance(value, jinja2.Undefined):
            value._fail_with_undefined_error()  # noqa: SLF001 - jinja's own way to say which name
        return _plain(value)
    raise AssertionError("unreachable")


def _plain(value: Any) -> JSON:
    """Return a template's value as JSON."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence | Iterator | range):
        return [_plain(entry) for entry in value]
    return str(value)


class _reporting:  # noqa: N801 - reads as a statement: `with _reporting(text):`
    """Turn whatever a template raises into a `TemplateError` at its place."""

    def __init__(self, text: str | None, file: str | None = None) -> None:
        self.text = text
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, TemplateError) or not isinstance(error, Exception):
            return
        line, file = _template_place(error)
        column = 1
        if self.text is not None:
            line = min(line, self.text.count("\n") + 1)
            column = _column_of(self.text, line, str(error))
        message, hint = _explain(error)
        raise TemplateError(
            message, line=line, column=column, hint=hint, file=file or self.file
        ) from error


def _template_place(error: BaseException) -> tuple[int, str | None]:
    """Return line and file from the traceback Jinja rewrites: the innermost template's."""
    line, file = 1, None
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == "<template>" or "__jinja_exception__" in trace.tb_frame.f_globals:
            line = trace.tb_lineno
            file = None if name == "<template>" else name
        trace = trace.tb_next
    return max(line, 1), file


def _column_of(text: str, line: int, message: str) -> int:
    """Return where the name that an error message quotes stands in its line, from 1."""
    lines = text.split("\n")
    row = lines[line - 1] if line <= len(lines) else ""
    quoted = message.split("'")
    for name in reversed(quoted[1::2]):
        found = row.find(name.rsplit(" ", 1)[-1])
        if found >= 0:
            return found + 1
    return max(row.find("{{"), 0) + 1


def _explain(error: Exception) -> tuple[str, str | None]:
    if isinstance(error, jinja2.UndefinedError):
        text = str(error)
        name = text.split("'")[-2] if text.count("'") >= 2 else ""  # noqa: PLR2004
        what = f"The template reads '{name}', which does not exist" if name else text
        return what, "Check the spelling; {{ x | default('') }} allows it to be absent"
    if isinstance(error, SecurityError):
        return "The template reaches for something that templates may not use", (
            "Templates see vars, item, steps and run.date only"
        )
    if isinstance(error, jinja2.TemplateNotFound):
        return f"There is no template '{error.name}'", None
    reason = str(error).rstrip(".") or type(error).__name__
    return f"The template failed: {reason}", None


# References ---------------------------------------------------------------------------------


def references(text: str) -> list[Reference]:
    """Return the names that a template reads from its context, in order.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return []
    tree = _parse(text)
    found: list[Reference] = []
    _collect(tree, text, frozenset(), found, defined=False)
    return sorted(set(found), key=lambda r: (r.line, r.column, r.path))


def _collect(  # noqa: C901 - one branch a node kind reads best in one place
    node: nodes.Node,
    text: str,
    bound: frozenset[str],
    found: list[Reference],
    *,
    defined: bool,
) -> None:
    if isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Name):
        path = _dotted(node)
        if path is not None:
            if path[0] not in bound and path[0] != "range":
                line, column = _locate(text, node.lineno, path)
                found.append(Reference(path=path, line=line, column=column, defined=defined))
            if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
                _collect(node.arg, text, bound, found, defined=defined)
            return
    if isinstance(node, nodes.Filter) and node.name in {"default", "d"}:
        for index, child in enumerate(node.iter_child_nodes()):
            _collect(child, text, bound, found, defined=defined or index == 0)
        return
    if isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}:
        defined = True
    names = _bindings(node)
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name) and child.ctx == "store":
            continue
        # A loop's source is read before its variable exists.
        inside = bound if isinstance(node, nodes.For) and child is node.iter else bound | names
        _collect(child, text, inside, found, defined=defined)
        if isinstance(child, nodes.Assign):
            bound |= _bindings(child)


def _bindings(node: nodes.Node) -> frozenset[str]:
    """Return the names that a node binds for what is inside (or after) it."""
    targets: list[nodes.Node] = []
    if isinstance(node, nodes.For):
        return frozenset(n.name for n in _names(node.target)) | {"loop"}
    if isinstance(node, nodes.Assign | nodes.AssignBlock):
        targets.append(node.target)
    elif isinstance(node, nodes.With):
        targets.extend(node.targets)
    elif isinstance(node, nodes.Macro):
        return frozenset(argument.name for argument in node.args)
    return frozenset(name.name for target in targets for name in _names(target))


def _names(node: nodes.Node) -> list[nodes.Name]:
    return [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))


def _dotted(node: nodes.Node) -> tuple[str, ...] | None:
    """Return `("item", "company")` for `item.company` and `item["company"]`."""
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else None
    if isinstance(node, nodes.Getattr):
        inner = _dotted(node.node)
        return None if inner is None else (*inner, node.attr)
    if isinstance(node, nodes.Getitem):
        inner = _dotted(node.node)
        if inner is None:
            return None
        key = node.arg
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            return (*inner, key.value)
        return inner
    return None


def _locate(text: str, line: int, path: tuple[str, ...]) -> tuple[int, int]:
    """Return line and column of a dotted name; Jinja itself knows only the line."""
    lines = text.split("\n")
    dotted = ".".join(path)
    for number in (line, *range(1, len(lines) + 1)):
        if not 0 < number <= len(lines):
            continue
        for wanted in (dotted, path[0]):
            column = lines[number - 1].find(wanted)
            if column >= 0:
                return number, column + 1
    return line, 1


# Reports ------------------------------------------------------------------------------------


class ReportTemplates:
    """The report templates: the user's own folders first, then the built-in ones."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment

    def names(self) -> list[str]:
        """Return every template's name, sorted."""
        return sorted(self._environment.list_templates())

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a template by its name.

        Raises:
            TemplateError: there is none, it cannot be read, or it fails; names file and line.
        """
        try:
            template = self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            mended = _syntax_error(error, error.source)
            raise TemplateError(
                mended.message,
                line=mended.line,
                column=mended.column,
                hint=mended.hint,
                file=error.filename or error.name or name,
            ) from error
        except jinja2.TemplateNotFound as error:
            known = ", ".join(entry for entry in self.names() if not entry.startswith("_"))
            raise TemplateError(
                f"There is no report template '{error.name}'",
                hint=f"Built in are: {known}; or give a file beside the job",
            ) from error
        with _reporting(None, file=template.filename or name):
            return template.render(**context)
        raise AssertionError("unreachable")


def report_environment(
    folders: Sequence[Path],
    *,
    filters: Mapping[str, Callable[..., Any]],
    finalize: Callable[[Any], Any] | None = None,
) -> ReportTemplates:
    """Return the report templates; `finalize` turns every printed value into safe text."""
    loader = jinja2.ChoiceLoader(
        [
            *(jinja2.FileSystemLoader(folder) for folder in folders),
            jinja2.PackageLoader("runner.report", "templates"),
        ]
    )
    environment = _prepare(
        _ReportSandbox(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=finalize,
        )
    )
    environment.filters.update(filters)
    return ReportTemplates(environment)
