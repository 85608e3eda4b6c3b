"""Charts of a numeric field: a mermaid block in markdown, inline SVG in HTML."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.evidence.numbers import number_of
from runner.evidence.text import one_line, shortened
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.report.rows import Row
from runner.report.values import label, number_text
from runner.templating import Markdown

MOST_BARS: Final = 40
"""More bars than these are not read; the first are drawn, and the title says so."""

LABEL_LENGTH: Final = 30

DIGITS: Final = 64
"""What draws the axis rounds to thousandths, and numbers may have 30 digits before the point."""

# What has a meaning in mermaid (quotes, comments, entities) is not worth its risk in a label.
_NOT_IN_A_LABEL = re.compile(r"[^\w .,:()'/+€£%-]|%(?=%)")


@frozen
class Chart:
    """Bars, from top to bottom; `labels` and `values` are of one length."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(slots=True)
class Charts:
    """The charts of one report, by the mermaid text that stands for each."""

    drawn: dict[str, Chart] = field(default_factory=dict)

    def draw(
        self, rows: Iterable[Row | Mapping[str, Any]], name: str, title: str = "", key: str = ""
    ) -> Markdown:
        """Return a chart of a field as a mermaid block, "" where no row has a number.

        Args:
            rows: Rows of the report, or mappings.
            name: The field.
            title: By default the field's.
            key: Of mappings: the key that names each; by default its first.
        """
        bars: list[tuple[str, float]] = []
        shown = title
        for row in rows:
            if isinstance(row, Row):
                value: JSON = row.value(name)
                named = row.key
                shown = shown or next((f.title for f in row.fields if f.name == name), "")
            else:
                value = row.get(name)
                named = str(row.get(key) if key else next(iter(row.values()), ""))
            number = number_of(value)
            if number is not None:
                bars.append((shortened(named, LABEL_LENGTH), float(number)))
        if not bars:
            return Markdown("")
        shown = one_line(shown or label(name))
        if len(bars) > MOST_BARS:
            shown = f"{shown} (the first {MOST_BARS} of {len(bars):,})"
            bars = bars[:MOST_BARS]
        labels, values = zip(*bars, strict=True)
        chart = Chart(title=shown, labels=labels, values=values)
        text = _mermaid(chart)
        self.drawn[text] = chart
        return Markdown(f"```mermaid\n{text}```")


def _mermaid(chart: Chart) -> str:
    labels = ", ".join(f'"{_safe(each)}"' for each in chart.labels)
    values = ", ".join(map(number_text, chart.values))
    low = min(0.0, *chart.values)
    return (
        "xychart-beta horizontal\n"
        f'    title "{_safe(chart.title)}"\n'
        f"    x-axis [{labels}]\n"
        f"    y-axis {number_text(low)} --> {number_text(max(0.0, *chart.values) or 1.0)}\n"
        f"    bar [{values}]\n"
    )


def _safe(text: str) -> str:
    return " ".join(_NOT_IN_A_LABEL.sub(" ", text).split()) or "-"


def svg(chart: Chart) -> str:
    """Return a chart as SVG without scripts or styles; the page's style colours it."""
    import leather  # noqa: PLC0415 - only a report with a chart needs it

    leather.theme.background_color = "none"
    leather.theme.default_series_colors = ["currentColor"]
    height = 90 + 26 * len(chart.labels)
    drawn = leather.Chart()
    with decimal.localcontext(prec=DIGITS):
        drawn.add_bars(list(zip(chart.values, chart.labels, strict=True)))
        text: str = drawn.to_svg(width=720, height=height)
    # With a view box it shrinks to a narrow screen.
    return text.replace("<svg ", f'<svg viewBox="0 0 720 {height}" ', 1)
