"""JSON values as markdown: on one line for a cell, or laid out as lists, tables and sections."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from runner.jsonvalue import JSON
from runner.report.escape import MISSING, inline, one_line, paragraphs
from runner.report.links import link_of
from runner.templating import Markdown

MAX_DEPTH: Final = 8
"""Below this depth a value is shown as JSON text."""

TITLES: Final = ("title", "heading", "name")
"""Keys that name an element of a list."""

REPEATED: Final = 60
"""Texts up to this length are worth remembering."""

TABLE_COLUMNS: Final = 8
TABLE_CELL: Final = 80
LINE_LENGTH: Final = 200
"""A longer text is a paragraph, not an item of a list."""

DEEPEST_HEADING: Final = 6
LONG_INTEGER: Final = 10**30
LARGE: Final = 1e21

Evidence: TypeAlias = Callable[[str], str]
"""From the dotted path of a value to its citation markers, "" where there are none."""


def _no_evidence(_path: str) -> str:
    return ""


def is_empty(value: JSON) -> bool:
    """Return whether a value says nothing: null, a blank text, an empty list or mapping."""
    kind = type(value)
    if kind is str:
        return not value or value.isspace()
    if value is None or kind is int or kind is float or kind is bool:
        return value is None
    if kind is list or kind is dict:
        return not value
    return isinstance(value, list | tuple | Mapping) and not value


def is_scalar(value: JSON) -> bool:
    """Return whether a value is no list and no mapping."""
    return not isinstance(value, list | tuple | Mapping)


def number_text(value: float | Decimal) -> str:
    """Return a number as written by hand: no exponent unless it is huge or tiny."""
    if isinstance(value, int):
        return str(value) if -LONG_INTEGER < value < LONG_INTEGER else f"{Decimal(value):.15E}"
    text = str(value)
    if "e" in text.lower() and 1e-9 < abs(value) < LARGE:  # noqa: PLR2004 - nine decimals are read
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def plain(value: JSON, depth: int = 0) -> str:
    """Return a value as text on one line, not escaped: lists by "; ", mappings as "key: value"."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return MISSING
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if depth >= MAX_DEPTH:
        return json_text(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{label(str(key))}: {_part(each, depth)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(plain(each, depth + 1) for each in value)
    return one_line(str(value))


def _part(value: JSON, depth: int) -> str:
    text = plain(value, depth + 1)
    return text if is_scalar(value) else f"({text})"


def json_text(value: JSON) -> str:
    """Return a value as JSON text, "…" where it is nested too deeply to be written."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"


def cell(value: JSON) -> Markdown:
    """Return a value as markdown on one line, for a table's cell or a list's item."""
    kind = type(value)
    if kind is int:
        return Markdown(number_text(value))
    if kind is Markdown:
        return value
    if isinstance(value, str):
        return _short_text(value) if len(value) <= REPEATED else _text(value)
    if is_empty(value):
        return MISSING
    if isinstance(value, bool | int | float):
        return Markdown(plain(value))
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return Markdown("; ".join([cell(each) for each in value]))
    return inline(plain(value))


def _text(value: str) -> Markdown:
    return link_of(value) or inline(value) or MISSING


# Short values come again and again: countries, categories, names.
_short_text = functools.lru_cache(maxsize=10_000)(_text)


def printed(value: Any) -> Any:
    """Return what a template prints for any value: safe text, unless it is `Markdown` already."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, str):
        # A separator keeps its blanks; no blanks of a value can indent a line into code.
        head = " " if value[:1].isspace() else ""
        tail = " " if value[1:] and value[-1].isspace() else ""
        return f"{head}{link_of(value) or inline(value)}{tail}"
    if value is None or isinstance(value, bool | int | float | list | tuple | Mapping):
        return cell(value)
    # Undefined names raise here, and other objects are shown as text.
    return inline(str(value))


def label(name: str) -> str:
    """Return a field's name as words: `founded_year` becomes `Founded year`."""
    words = one_line(name.replace("_", " ").replace("-", " "))
    return words[:1].upper() + words[1:]


def hashes(level: int) -> Markdown:
    """Return the mark of a heading."""
    return Markdown("#" * min(max(level, 1), DEEPEST_HEADING))


def block(
    value: JSON, level: int = 3, evidence: Evidence = _no_evidence, path: str = ""
) -> Markdown:
    """Return a value laid out in blocks: paragraphs, bullets, tables; no heading above `level`."""
    if is_scalar(value):
        return _text_block(value, evidence(path))
    if is_empty(value):
        return MISSING
    if isinstance(value, Mapping):
        simple = {key: each for key, each in value.items() if _is_short(each)}
        parts = [_bullets(simple, 0, evidence, path)] if simple else []
        for key, each in value.items():
            if key not in simple:
                title = inline(label(str(key))) or MISSING
                inner = _inner(path, key)
                if level <= DEEPEST_HEADING:
                    parts.append(f"{hashes(level)} {title}")
                    parts.append(block(each, level + 1, evidence, inner))
                else:
                    parts.append(_bullets({key: each}, 0, evidence, path))
        return Markdown("\n\n".join(parts))
    titled = _titled(value, level)
    if titled:
        parts = []
        for index, (name, each) in enumerate(zip(titled, value, strict=True)):
            rest = {key: entry for key, entry in each.items() if entry is not each[name]}
            parts.append(f"{hashes(level)} {inline(each[name])}{evidence(_inner(path, index))}")
            parts.append(block(rest, level + 1, evidence, _inner(path, index)))
        return Markdown("\n\n".join(parts))
    columns = flat_columns(value)
    if columns:
        rows = [[cell(each.get(column)) for column in columns] for each in value]
        for index, row in enumerate(rows):
            row[-1] = Markdown(row[-1] + evidence(_inner(path, index)))
        return grid([cell(label(column)) for column in columns], rows)
    return _bullets(value, 0, evidence, path)


def _is_short(value: JSON) -> bool:
    return is_empty(value) or (is_scalar(value) and not _is_long(value))


def _is_long(value: JSON) -> bool:
    return isinstance(value, str) and (len(value) > LINE_LENGTH or "\n\n" in value)


def _text_block(value: JSON, marks: str) -> Markdown:
    if not isinstance(value, str) or link_of(value):
        return Markdown(cell(value) + marks)
    return Markdown("\n\n".join(paragraphs(value) or [MISSING]) + marks)


def _inner(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _bullets(
    value: Mapping[str, JSON] | Sequence[JSON], depth: int, evidence: Evidence, path: str
) -> Markdown:
    """Return a mapping or a list as a nested list of bullets."""
    indent = "  " * depth
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    lines: list[str] = []
    for key, each in pairs:
        inner = _inner(path, key)
        name = f"**{inline(label(str(key))) or MISSING}**" if isinstance(value, Mapping) else ""
        if is_scalar(each) or is_empty(each) or depth >= MAX_DEPTH:
            lines.append(f"{indent}- {name + ': ' if name else ''}{cell(each)}{evidence(inner)}")
        elif not name and isinstance(each, Mapping) and all(map(is_scalar, each.values())):
            parts = (f"**{inline(label(str(k))) or MISSING}**: {cell(v)}" for k, v in each.items())
            lines.append(f"{indent}- {'; '.join(parts)}{evidence(inner)}")
        else:
            lines.append(f"{indent}- {name or f'Item {int(key) + 1}'}{evidence(inner)}")
            lines.append(_bullets(each, depth + 1, evidence, inner))
    return Markdown("\n".join(lines))


def _titled(value: Sequence[JSON], level: int) -> list[str]:
    """Return each element's key that names it, where all have one and long texts; else []."""
    if level > DEEPEST_HEADING or not all(isinstance(each, Mapping) for each in value):
        return []
    names = [next((name for name in TITLES if _is_title(each.get(name))), "") for each in value]
    if not all(names) or all(len(plain(each)) <= TABLE_CELL * 2 for each in value):
        return []
    return names


def _is_title(value: JSON) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= TABLE_CELL


def flat_columns(value: Sequence[JSON]) -> list[str]:
    """Return the columns of a list that reads best as a table, or [] for any other list."""
    if len(value) < 2 or not all(isinstance(each, Mapping) and each for each in value):  # noqa: PLR2004 - one row is no table
        return []
    columns = list(dict.fromkeys(str(key) for each in value for key in each))
    if len(columns) > TABLE_COLUMNS:
        return []
    for each in value:
        for entry in each.values():
            if not is_scalar(entry) or (isinstance(entry, str) and len(entry) > TABLE_CELL):
                return []
    return columns


def grid(
    header: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str] = ()
) -> Markdown:
    """Return a table of cells that are markdown already; `align` holds `---` or `---:` each."""
    rule = list(align) or ["---"] * len(header)
    lines = [f"| {' | '.join(header)} |", f"| {' | '.join(rule)} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return Markdown("\n".join(lines))
