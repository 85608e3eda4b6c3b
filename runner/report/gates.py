"""What a report says of the job's checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from runner.evidence.checks import Judged
from runner.evidence.text import glimpse, plural
from runner.report.escape import inline
from runner.report.values import label
from runner.templating import Markdown

MOST_LISTED: Final = 10
"""So many failures of one check a report lists; the others it counts."""


def passed(judged: Sequence[Judged]) -> str:
    """Return how many checks passed, "" where there is none."""
    if not judged:
        return ""
    good = sum(not each.failed for each in judged)
    return f"{good} of {plural(len(judged), 'check')} passed."


def failed(judged: Sequence[Judged]) -> Markdown:
    """Return, as bullets, each check that failed with its place in the job file, and where."""
    lines: list[str] = []
    for each in judged:
        if not each.failed:
            continue
        file, line, column = each.check.place
        # Without its folder: the report is the same wherever it was rendered.
        place = f"{PurePath(file).name}:{line}:{column}"
        warning = ", a warning" if each.check.warns else ""
        lines.append(f"- {inline(title_of(each))} ({inline(place)}{warning})")
        for failure in each.failures[:MOST_LISTED]:
            row = f"**{inline(failure.row)}**" if failure.row else ""
            value = f" ({inline(glimpse(failure.value))})" if failure.field else ""
            named = f"{inline(label(failure.field))}{value}" if failure.field else ""
            names = ", ".join(part for part in (row, named) if part)
            said = inline(failure.message)
            lines.append(f"  - {names}: {said}" if names else f"  - {said}")
        more = each.failed - len(each.failures[:MOST_LISTED])
        if more:
            lines.append(f"  - and {more:,} more")
    return Markdown("\n".join(lines))


def title_of(judged: Judged) -> str:
    """Return a check as the job file has it, e.g. `min_confidence: medium`."""
    value = judged.check.value
    shown = ", ".join(value) if isinstance(value, list) else glimpse(value, 100)
    return f"{judged.check.kind}: {shown}"
