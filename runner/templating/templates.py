"""What the program does with the templates of job files; Jinja is loaded where one needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.jsonvalue import JSON

if TYPE_CHECKING:
    from runner.templating.names import Reference

_PLAIN = re.compile(r"(?<!\{)\{\{[ \n]*((?:vars|item|steps|run)(?:\.(?!__)[^\W\d]\w*)*)[ \n]*\}\}")


def is_template(text: str) -> bool:
    """Return whether a text holds template syntax at all."""
    return "{{" in text or "{%" in text or "{#" in text


def names_read(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """Return path and "may be absent" of each name that a template reads, without their places.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return []
    # Most templates are texts with plain names in them, which need no parser.
    if not is_template(_PLAIN.sub(" ", text)):
        return [(tuple(name.split(".")), False) for name in _PLAIN.findall(text)]
    from runner.templating.names import found

    return [(path, defined) for path, _, defined in found(text)]


def references(text: str) -> list[Reference]:
    """Return the names that a template reads from its context, in order.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return []
    from runner.templating import names

    return names.references(text)


def render_value(text: str, context: Mapping[str, Any]) -> JSON:
    """Render a template; one that is exactly one `{{ expression }}` keeps the value's type.

    Raises:
        TemplateError: it cannot be read, names what does not exist, grows past a million
            characters, or does too much work.
    """
    if not is_template(text):
        return text
    from runner.templating import rendering

    return rendering.render_value(text, context)
