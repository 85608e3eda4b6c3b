"""Why a template cannot be read or rendered, and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import jinja2
from jinja2.exceptions import SecurityError

from runner.errors import TemplateError, UsageError
from runner.templating.allowance import OverspentError

Locate: TypeAlias = Callable[[int, str], tuple[int, int]]
"""Returns column and width of a name in a line of a template."""


def failure(
    error: Exception,
    *,
    file: str | None = None,
    locate: Locate | None = None,
    program: jinja2.Template | None = None,
) -> TemplateError:
    """Return why a template failed while it was rendered.

    Args:
        error: What Jinja or a filter raised.
        file: The template's file, where the traceback does not name one.
        locate: Finds the name that does not exist in the template.
        program: What ran, where Jinja has not turned the program's lines into the template's.
    """
    line, named = _place(error, program)
    name = _undefined_name(error)
    message, hint = _explained(error, name)
    column, width = (1, 1) if locate is None else locate(line, name)
    return TemplateError(
        message, line=line, column=column, width=width, hint=hint, file=named or file
    )


def _place(error: BaseException, program: jinja2.Template | None) -> tuple[int, str | None]:
    """Return line and file from the traceback Jinja rewrites: the innermost template's."""
    line, file = 1, None
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == "<template>" or "__jinja_exception__" in trace.tb_frame.f_globals:
            at = trace.tb_lineno
            line = at if program is None else program.get_corresponding_lineno(at)
            file = None if name == "<template>" else name
        trace = trace.tb_next
    return max(line, 1), file


def _undefined_name(error: Exception) -> str:
    """Return the name that an error says does not exist, or ''."""
    if not isinstance(error, jinja2.UndefinedError):
        return ""
    # "'x' is undefined" and "'dict object' has no attribute 'x'"
    quoted: list[Any] = str(error).split("'")[1::2]
    return str(quoted[-1]) if quoted else ""


_KINDS = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
    "NoneType": "an empty value",
}
_NUMBER_HINT = "To make a number of a text write {{ x | float(0) }}"
_EMPTY_HINT = "{{ x | default('') }} allows it to be absent"
_INDEX_HINT = (
    "It may be shorter: {{ x[:3] }} takes what is there, {{ x | first | default('') }} too"
)

# What Python says of a value ($ and % stand for what it quotes), what it means, how to mend it.
_REASONS: tuple[tuple[str, str, str | None], ...] = (
    (
        r"'.+' not supported between instances of '(\w+)' and '(\w+)'",
        "$ and % cannot be compared",
        _NUMBER_HINT,
    ),
    (
        r"unsupported operand .* '(\w+)' and '(\w+)'",
        "$ and % make no sum",
        _NUMBER_HINT,
    ),
    (r"bad operand type for .*'(\w+)'|type (\w+) doesn't define", "$ is no number", _NUMBER_HINT),
    (r"'(\w+)' object is not callable", "$ takes no () behind it", None),
    (
        r"object of type '(\w+)' has no len|(?:argument of type )?'(\w+)'.* is not iterable",
        "$ is no list",
        None,
    ),
    (r".*(?:division|modulo) by zero", "it divides by zero", None),
    (
        r"\w+\(\) (?:takes|missing|got)",
        "a filter is given too few, too many or unknown values",
        "See the filter in `runner reference language templates`",
    ),
)

_FAILURES: tuple[tuple[type[Exception], str, str | None], ...] = (
    (
        OverspentError,
        "The template does too much work",
        "Loop over less, and make shorter texts",
    ),
    (
        SecurityError,
        "The template reaches for something that templates may not use",
        "Templates see vars, item, steps and run.date, and may add, compare and format them",
    ),
    (RecursionError, "The template is nested too deeply", "Simplify it"),
    # Jinja writes 1e999 into its program as `inf`.
    (NameError, "The template works out a number without end", None),
)


def _explained(error: Exception, name: str) -> tuple[str, str | None]:
    """Return message and hint for what a template's rendering raised."""
    if isinstance(error, jinja2.UndefinedError):
        return _absent(str(error), name)
    if isinstance(error, jinja2.TemplateNotFound):
        return f"There is no template '{error.name}'", None
    if isinstance(error, UsageError):  # a function or filter of ours
        return f"The template failed: {error.message}", error.hint
    for kind, message, hint in _FAILURES:
        if isinstance(error, kind):
            return message, hint
    reason, hint = _reason(str(error).rstrip(".") or type(error).__name__)
    return f"The template failed: {reason}", hint


def _reason(said: str) -> tuple[str, str | None]:
    """Return what Python says of a value in words for people, and a hint."""
    for pattern, said_so, hint in _REASONS:
        if match := re.match(pattern, said):
            meaning = said_so
            kinds = [_KINDS.get(kind, kind) for kind in match.groups() if kind]
            for mark, kind in zip("$%", kinds, strict=False):
                meaning = meaning.replace(mark, kind)
            return meaning, hint
    return said, None


def _absent(said: str, name: str) -> tuple[str, str | None]:
    """Return message and hint for what a template reads and does not exist."""
    if name:
        what = f"The template reads '{name}', which does not exist"
        return what, "Check the spelling; {{ x | default('') }} allows it to be absent"
    if match := re.match(rf"({'|'.join(_KINDS)}) object has no element (-?\d+)", said):
        where = "a list that has fewer" if match[1] == "list" else f"what is {_KINDS[match[1]]}"
        return f"The template reads entry [{match[2]}] of {where}", _INDEX_HINT
    if "sequence was empty" in said:
        return "The template takes one of a list that is empty", _EMPTY_HINT
    return said, None
