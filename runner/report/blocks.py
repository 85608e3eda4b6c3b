"""JSON values laid out for reading: paragraphs, bullets, tables and sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from runner.evidence.basis import is_empty, is_scalar
from runner.jsonvalue import JSON
from runner.report.escape import MISSING, inline, paragraphs
from runner.report.links import link_of
from runner.report.values import MAX_DEPTH, cell, label, plain
from runner.templating import Markdown

TITLES: Final = ("title", "heading", "name")
"""Keys that name an element of a list."""

TEXTS: Final = ("text", "quote", "description", "summary")
"""Keys that are what an element of a list says; its other keys go in brackets behind."""

TABLE_COLUMNS: Final = 8
TABLE_CELL: Final = 80
LINE_LENGTH: Final = 200
"""A longer text is a paragraph, not an item of a list."""

DEEPEST_HEADING: Final = 6

Evidence: TypeAlias = Callable[[str], str]
"""From the dotted path of a value to its citation markers, "" where there are none."""


def _no_evidence(_path: str) -> str:
    return ""


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
        return _sections(value, level, evidence, path)
    titles = _titles(value, level)
    if titles:
        return _titled(value, titles, level, evidence, path)
    columns = flat_columns(value)
    if columns:
        rows = [[cell(each.get(column)) for column in columns] for each in value]
        for index, row in enumerate(rows):
            row[-1] = Markdown(row[-1] + evidence(_inner(path, index)))
        return grid([cell(label(column)) for column in columns], rows)
    return _bullets(value, 0, evidence, path)


def _sections(value: Mapping[str, JSON], level: int, evidence: Evidence, path: str) -> Markdown:
    """Return a mapping: its short values as bullets, then a section for each other one."""
    simple = {key: each for key, each in value.items() if _is_short(each)}
    parts = [_bullets(simple, 0, evidence, path)] if simple else []
    for key, each in value.items():
        if key in simple:
            continue
        if level <= DEEPEST_HEADING:
            parts.append(Markdown(f"{hashes(level)} {inline(label(str(key))) or MISSING}"))
            parts.append(block(each, level + 1, evidence, _inner(path, key)))
        else:
            parts.append(_bullets({key: each}, 0, evidence, path))
    return Markdown("\n\n".join(parts))


def _titled(
    value: Sequence[Mapping[str, JSON]],
    titles: Sequence[str],
    level: int,
    evidence: Evidence,
    path: str,
) -> Markdown:
    """Return a list as sections, each headed by the key that names its element."""
    parts: list[str] = []
    for index, (title, each) in enumerate(zip(titles, value, strict=True)):
        inner = _inner(path, index)
        parts.append(f"{hashes(level)} {inline(each[title])}{evidence(inner)}")
        rest = {key: entry for key, entry in each.items() if key != title}
        # One thing under a heading needs no heading of its own.
        alone = len(rest) == 1
        key, only = next(iter(rest.items()), ("", None))
        shown = block(only, level + 1, evidence, _inner(inner, key)) if alone else ""
        parts.append(shown or block(rest, level + 1, evidence, inner))
    return Markdown("\n\n".join(parts))


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
            lines.append(f"{indent}- {_flat(each)}{evidence(inner)}")
        else:
            lines.append(f"{indent}- {name or f'Item {int(key) + 1}'}{evidence(inner)}")
            lines.append(_bullets(each, depth + 1, evidence, inner))
    return Markdown("\n".join(lines))


def _flat(value: Mapping[str, JSON]) -> str:
    """Return a mapping of scalars on one line, what it says before what is said of it."""
    said = next((key for key in TEXTS if not is_empty(value.get(key))), None)
    rest = [
        f"{inline(label(str(key))) or MISSING}: {cell(each)}"
        for key, each in value.items()
        if key != said
    ]
    if said is None:
        return "; ".join(rest)
    return f"{cell(value[said])} ({'; '.join(rest)})" if rest else cell(value[said])


def _titles(value: Sequence[JSON], level: int) -> list[str]:
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
    header: Sequence[str], rows: Iterable[Sequence[str]], align: Sequence[str] = ()
) -> Markdown:
    """Return a table of cells that are markdown already; `align` holds `---` or `---:` each."""
    rule = list(align) or ["---"] * len(header)
    lines = [f"| {' | '.join(header)} |", f"| {' | '.join(rule)} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return Markdown("\n".join(lines))
