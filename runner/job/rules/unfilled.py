"""Texts that look like templates and are none, and templates where none is filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from runner.job.diagnostics import MOST
from runner.templating import is_template

if TYPE_CHECKING:
    from runner.job.diagnostics import Problem
    from runner.job.draft import Draft, Scope
    from runner.job.model import Where
    from runner.job.text.lines import Position
    from runner.jsonvalue import JSON

_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPENING = re.compile(r"\{[{%#]")
_VISIBLE = re.compile(r"\S")
# What other programs write: {item.company}, ${vars.year}, <item.company>, item.company }}.
_ROOTED = re.compile(
    r"([{$<%[][{$<%[ ]{0,3})?\b((item|vars|steps|run)\.(\w+)(?:\.\w+)*)( *\}{1,2}|>|\]|%)?"
)
_NAMED = re.compile(
    r"\$?\{ ?(\w[\w -]{0,60}?) ?\}|<(\w[\w -]{0,60})>|\[\[?(\w[\w -]{0,60})\]\]?"
    r"|\$(\w{1,60})|%(\w{1,60})%"
)
_WORD = re.compile(r"[^\W\d]\w*")


def lookalikes(draft: Draft, scope: Scope, where: Where, text: str) -> Iterator[Problem]:
    """Yield where a text names a column or variable without the braces of a template."""
    plain = _outside(text)
    known = {"item": frozenset(draft.columns or ()), "vars": frozenset(draft.variables or ())}
    for match, name in islice(_lookalikes(plain, known), MOST):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        position = scope.source.inside((*scope.where, *where), line, column, len(match[0]))
        yield scope.problem(
            position,
            "this is no template: it stays as it is written",
            hint=f"write {{{{ {name} }}}} with two braces",
            severity="warning",
        )
    if where[-1] == "key" and draft.job.data.get("items") and not is_template(text):
        yield _same_key(draft, scope, where, text)


def _lookalikes(
    plain: str, known: Mapping[str, Collection[str]]
) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the places in a text that are meant as templates, each with the name that is read."""
    for match in _ROOTED.finditer(plain):
        if match[1] or match[5] or match[4] in known.get(match[3], ()):
            yield match, match[2]
    for match in _NAMED.finditer(plain):
        name = next(filter(None, match.groups()), "")
        root = next((root for root, names in known.items() if name in names), None)
        # <company>...</company> marks a part of a text.
        if root is not None and not (match[2] and f"</{name}>" in plain):
            yield match, _read(root, name)


def _outside(text: str) -> str:
    """Return a text with blanks in place of its templates."""
    pieces: list[str] = []
    done = 0
    while (opening := _OPENING.search(text, done)) is not None:
        end = text.find(_CLOSING[opening[0]], opening.end())
        end = len(text) if end < 0 else end + 2
        pieces += [text[done : opening.start()], _VISIBLE.sub(" ", text[opening.start() : end])]
        done = end
    return "".join([*pieces, text[done:]])


def _read(root: str, name: str) -> str:
    return f"{root}.{name}" if _WORD.fullmatch(name) else f'{root}["{name}"]'


def _same_key(draft: Draft, scope: Scope, where: Where, text: str) -> Problem:
    columns = draft.columns or ()
    name = text if text in columns else next(iter(columns), "company")
    return scope.problem(
        scope.value(*where),
        "every row is called the same: this is no template",
        hint=f'write "{{{{ {_read("item", name)} }}}}"',
        severity="warning",
    )


def unfilled(draft: Draft) -> Iterator[Problem]:
    """Yield the templates that stand where a value is taken as it is written."""
    job = draft.job
    for scope in (job, *(step for step in draft.steps() if step is not job)):
        places = [("output", "describe the field without a template")]
        if scope is job:
            places += [
                ("vars", "write the template where the variable is used"),
                ("description", "write the text itself"),
            ]
        for name, hint in places:
            value = scope.data.get(name)
            if name == "output" and isinstance(value, str):
                continue  # a path
            for where, text in leaves(value, (name,)):
                if is_template(text):
                    yield _kept(scope.value(*where), scope, hint)
        for name in ("input", "metadata"):
            named = scope.data.get(name)
            for key in filter(is_template, named if isinstance(named, Mapping) else ()):
                yield _kept(scope.key(name, key), scope, "name it with a word")


def _kept(position: Position, scope: Scope, hint: str) -> Problem:
    return scope.problem(
        position,
        "templates are not filled in here: this text stays as it is",
        hint=hint,
        severity="warning",
    )


def leaves(value: JSON, where: Where) -> Iterator[tuple[Where, str]]:
    """Yield every text in a tree of values, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from leaves(entry, (*where, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from leaves(entry, (*where, index))
