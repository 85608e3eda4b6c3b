"""Templates of job files, rendered to values."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from runner.errors import TemplateError
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.templating.allowance import JOB_WORK, allowance
from runner.templating.faults import failure
from runner.templating.names import parsed, spots
from runner.templating.sandbox import json_value, text_environment
from runner.templating.syntax import syntax_fault

MAX_OUTPUT = 1_000_000


@frozen
class _Compiled:
    """A template ready to be rendered.

    Attributes:
        program: Yields the template's text in parts, or leaves its value in `result`.
        is_value: The template is exactly one `{{ expression }}`.
    """

    program: jinja2.Template
    is_value: bool


@functools.lru_cache(maxsize=4096)
def _compiled(text: str) -> _Compiled:
    tree = parsed(text)
    sole = sole_expression(tree)
    source: str | nodes.Template = text
    if sole is not None:
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), sole, lineno=1)]
        source = nodes.Template(body, lineno=1)
    try:
        program = text_environment().from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise syntax_fault(error, text, text_environment()) from error
    except (RecursionError, SyntaxError, MemoryError, ValueError) as error:
        # Python's own compiler gives up on what is nested too deeply in one of these ways.
        raise failure(RecursionError()) from error
    return _Compiled(program=program, is_value=sole is not None)


def is_value(text: str) -> bool:
    """Return whether a template is exactly one `{{ expression }}`.

    Raises:
        TemplateError: the template cannot be read.
    """
    return sole_expression(parsed(text)) is not None


def sole_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression of a template that is nothing else but white space."""
    parts = [part for node in tree.body for part in getattr(node, "nodes", [node])]
    shown = [p for p in parts if not (isinstance(p, nodes.TemplateData) and not p.data.strip())]
    match shown:
        case [nodes.Expr() as only] if not isinstance(only, nodes.TemplateData):
            return only
        case _:
            return None


def render_value(text: str, context: Mapping[str, Any]) -> JSON:
    """Render a template; one that is exactly one `{{ expression }}` keeps the value's type.

    Raises:
        TemplateError: it cannot be read, names what does not exist, grows past a million
            characters, or does too much work.
    """
    compiled = _compiled(text)
    program = compiled.program
    try:
        with allowance(JOB_WORK):
            # The context is taken as it is, without a copy for every rendering.
            state = program.environment.context_class(
                program.environment, {**_globals(), **context}, program.name, program.blocks
            )
            parts = program.root_render_func(state)
            if not compiled.is_value:
                return _joined(parts)
            deque(parts, maxlen=0)
            value = state.vars["result"]
            return value if type(value) is str else json_value(value)
    except TemplateError:
        raise
    except Exception as error:
        raise _failed(error, text, program) from error


@functools.cache
def _globals() -> Mapping[str, Any]:
    return dict(text_environment().globals)


def _joined(parts: Iterable[str]) -> str:
    found: list[str] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > MAX_OUTPUT:
            raise TemplateError(
                f"The template's text grows past {MAX_OUTPUT:,} characters",
                hint="Ask about fewer things at once",
            )
        found.append(part)
    return "".join(found)


def _failed(error: Exception, text: str, program: jinja2.Template) -> TemplateError:
    def locate(line: int, name: str) -> tuple[int, int]:
        places = [spot for spot in spots(text) if spot.line == line]
        named = [spot for spot in places if name in spot.path] or places
        return (named[0].column, named[0].width) if named else (1, 1)

    return failure(error, locate=locate, program=program)
