"""What a reader should know beside the values: doubts, gaps, rows without an answer, warnings."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

from runner.report.escape import inline
from runner.report.rows import STATUS_WORDS, Row
from runner.templating import Markdown

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def notes(rows: Iterable[Row]) -> Markdown:
    """Return, as bullets, the weak and disputed values of rows, then what was not found.

    Gaps take one line a field and one for all rows in which nothing was found: a long report
    stays readable. "" where there is nothing to say.
    """
    listed = list(rows)
    lines: list[str] = []
    # In the fields' order, whichever row misses one first.
    gaps: dict[str, list[str]] = {each.title: [] for row in listed[:1] for each in row.fields}
    without: list[str] = []
    for row in listed:
        missing = row.missing
        if len(missing) == len(row.fields):
            if row.answered:
                without.append(row.key)
            continue
        for note in row.notes:
            level = f" ({note.confidence})" if note.confidence else ""
            title = inline(note.field.title)
            lines.append(f"- **{inline(row.key)}**, {title}{level}: {inline(note.reasoning)}")
        for each in missing:
            gaps.setdefault(each.title, []).append(row.key)
    lines += [
        f"- {inline(title)} not found: {_named(keys)}" for title, keys in gaps.items() if keys
    ]
    if without:
        lines.append(f"- Nothing found: {_named(without)}")
    return Markdown("\n".join(lines))


def attention(rows: Iterable[Row]) -> Markdown:
    """Return, as bullets, the rows that are not as they should be, one bullet for each reason."""
    reasons = _gathered(
        ((row.status, row.error or ""), row.key) for row in rows if row.status != "ok"
    )
    lines: list[str] = []
    for (status, error), keys in reasons.items():
        said = f": {inline(error)}" if error else ""
        names = ", ".join(f"**{inline(key)}**" for key in keys)
        lines.append(f"- {names} ({STATUS_WORDS[status]}){said}")
    return Markdown("\n".join(lines))


def warnings(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return each distinct warning with the names of its rows that it does not name itself."""
    found = _gathered((warning, row.key) for row in rows for warning in row.warnings)
    return [
        {"text": text, "rows": [key for key in keys if key not in text]}
        for text, keys in found.items()
    ]


def _named(keys: Iterable[str]) -> str:
    return ", ".join(inline(key) for key in keys)


def _gathered(pairs: Iterable[tuple[Key, Value]]) -> Mapping[Key, list[Value]]:
    """Return the values of each key, both in the order of their first mention."""
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
