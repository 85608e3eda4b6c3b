"""What the program does with the templates of job files; Jinja is loaded where one needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.templating.shapes import ANY, TEXT, Shape, Understood, lacks, part_of

if TYPE_CHECKING:
    from runner.errors import TemplateError
    from runner.templating.names import Reference

_PLAIN = re.compile(r"(?<!\{)\{\{[ \n]*((?:vars|item|steps|run)(?:\.(?!__)[^\W\d]\w*)*)[ \n]*\}\}")

_LONG = 100_000
"""Longer texts are left to Jinja, whose limits they might reach."""


def is_template(text: str) -> bool:
    """Return whether a text holds template syntax at all."""
    return "{{" in text or "{%" in text or "{#" in text


def is_plain(text: str) -> bool:
    """Return whether a text has no templates but plain names: it needs no template engine."""
    return not is_template(_PLAIN.sub(" ", text))


def is_sole(text: str) -> bool:
    """Return whether a text is exactly one `{{ expression }}`, which keeps its value's type.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return False
    if _PLAIN.fullmatch(text.strip()):
        return True
    from runner.templating.rendering import is_value

    return is_value(text)


def names_read(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """Return path and "may be absent" of each name that a template reads, without their places.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return []
    # Most templates are texts with plain names in them, which need no parser.
    if is_plain(text):
        return [(tuple(name.split(".")), False) for name in _PLAIN.findall(text)]
    from runner.templating.names import found

    return list(found(text))


def every_fault(text: str) -> tuple[TemplateError, ...]:
    """Return everything for which a template cannot be read."""
    if not is_template(text):
        return ()
    from runner.templating import names

    return names.every_fault(text)


def references(text: str, *, strict: bool = True) -> list[Reference]:
    """Return the names that a template reads from its context, in order.

    Args:
        text: The template.
        strict: It has no fault; else only its syntax must be right.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return []
    from runner.templating import names

    return names.references(text, strict=strict)


def understood(text: str, names: Mapping[str, Shape]) -> Understood:
    """Return what a template's value will be, and what it misreads.

    Args:
        text: The template.
        names: What is known of the names it sees; of others nothing is.

    Raises:
        TemplateError: the template cannot be read.
    """
    if not is_template(text):
        return Understood(value=TEXT)
    # As with the names that are read: most templates need no parser.
    if is_plain(text):
        values = [_walked(names, name.split(".")) for name in _PLAIN.findall(text)]
        if None not in values:
            is_value = _PLAIN.fullmatch(text.strip())
            return Understood(value=(is_value and values[0]) or TEXT)
    from runner.templating.inference import inferred

    return inferred(text, names)


def _walked(names: Mapping[str, Shape], path: Sequence[str]) -> Shape | None:
    """Return what a dotted name stands for; None where it surely stands for nothing."""
    found = names.get(path[0], ANY)
    for name in path[1:]:
        if lacks(found, name):
            return None
        found = part_of(found, name)
    return found


def render_value(text: str, context: Mapping[str, Any]) -> JSON:
    """Render a template; one that is exactly one `{{ expression }}` keeps the value's type.

    Raises:
        TemplateError: it cannot be read, names what does not exist, grows past a million
            characters, or does too much work.
    """
    plain = _plain(text)
    rendered = None if plain is None else plain.rendered(context)
    if rendered is not None:
        return rendered
    if not is_template(text):
        return text
    from runner.templating import rendering

    return rendering.render_value(text, context)


@frozen
class _Plain:
    """A template that is a text with plain names in it, rendered in a fifth of Jinja's time.

    Attributes:
        parts: The names, `item.company` as `("item", "company")`, each with the text before it.
        end: The text behind the last one.
    """

    parts: tuple[tuple[str, tuple[str, ...]], ...]
    end: str

    def rendered(self, context: Mapping[str, Any]) -> str | None:
        """Return the text; None where a value is no text, or none at all, which Jinja knows."""
        said = ""
        for text, path in self.parts:
            value: Any = context
            for name in path:
                value = value.get(name) if type(value) is dict else None
            if type(value) is not str or len(said) + len(value) > _LONG:
                return None
            said += text + value
        return said + self.end


@lru_cache(maxsize=4096)
def _plain(text: str) -> _Plain | None:
    """Return a template as a plain one; None where it is more than that, or no template."""
    pieces = _PLAIN.split(text)
    texts, names = pieces[::2], pieces[1::2]
    if not names or len(text) > _LONG or "\r" in text or is_template(" ".join(texts)):
        return None
    if len(names) == 1 and not "".join(texts).strip():
        texts = ["", ""]  # exactly one expression is its value, without the white space around it
    paths = [tuple(name.split(".")) for name in names]
    return _Plain(parts=tuple(zip(texts, paths, strict=False)), end=texts[-1])
