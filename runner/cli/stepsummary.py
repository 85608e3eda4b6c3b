"""The summary page of a GitHub step: the plan of a job, or how its run ended, with its report."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from runner.cli.messages import show_warnings, shown_path
from runner.course.forecasting import Plan
from runner.course.summary import Summary
from runner.course.words import dollars, plural, price_range
from runner.errors import reason
from runner.report.escape import inline
from runner.report.render import is_html

LIMIT = 1_000_000
"""Bytes that a step's page may have; GitHub takes 1 MiB, and nothing of a longer one."""

LEFT_OUT = "More was left out here: a step's summary may have 1 MiB.\n\n"

MOST_FAILURES = 20
"""So many failures of one check are listed."""

_NOTE = re.compile(r"\[\^(\d+)\]")


def append_plan(plan: Plan) -> None:
    """Add a job's plan to the step's page."""
    _append(_section(plan.job, _plan_lines(plan)))


def append_outcome(summary: Summary) -> None:
    """Add how a run ended to the step's page; its report too, where there is room."""
    parts = [_section(summary.job, _outcome_lines(summary))]
    if summary.report is not None and not is_html(summary.report):
        parts.append(_report(summary.job, summary.report))
    _append(*parts)


def _section(job: str, lines: Iterable[str]) -> str:
    return f"## {inline(job)}\n\n" + "\n".join(lines) + "\n\n"


def _plan_lines(plan: Plan) -> Iterator[str]:
    rows = {
        "Rows": _rows(plan),
        "Distinct calls": f"{plan.calls:,}",
        "From the cache": f"{plan.cached:,}",
        "Bought earlier": f"{plan.attached:,}",
        "New": f"{plan.new:,}",
        "Price": price_range(plan.cost_usd, plan.cost_usd_max),
        "Budget": "none" if plan.budget_usd is None else dollars(plan.budget_usd),
        "Columns sent": ", ".join(map(inline, plan.columns_sent)) or "none",
    }
    yield from _table(("Plan", ""), rows.items())
    because = [(inline(why), count) for why, count in plan.new_because.items()]
    yield from _table(("New because", "Calls"), because)
    chosen = [step for step in plan.steps if step["processor"] is not None]
    yield from _table(
        ("Step", "Processor", "Why"),
        [(inline(each["id"]), each["processor"], inline(each["why"])) for each in chosen],
    )


def _rows(plan: Plan) -> str:
    if plan.rows_found is None:
        return f"{plan.rows:,}"
    return f"found by FindAll, at most {plan.rows_found:,}"


def _outcome_lines(summary: Summary) -> Iterator[str]:
    tally = summary.tally
    rows = {"Status": summary.status, "Rows": f"{tally.rows:,}"}
    rows |= {status: f"{count:,}" for status, count in sorted(tally.statuses.items()) if count}
    counts = tally.counts()
    rows |= {
        "From the cache": f"{counts['cached']:,}",
        "Bought earlier": f"{counts['attached']:,}",
        "New": f"{counts['new']:,}",
        "Price": dollars(summary.cost_usd) if summary.cost_usd else "free",
        "Run": summary.run,
    }
    yield from _table(("Outcome", ""), rows.items())
    for judged in summary.checks.failed:
        file, line, _ = judged.check.place
        word = "warning" if judged.check.warns else "failed"
        said = f"Check {judged.check.kind} ({inline(f'{file}:{line}')}) {word}"
        yield f"**{said}: {plural(judged.failed, 'time')}**"
        yield ""
        yield from (f"- {inline(str(each))}" for each in judged.failures[:MOST_FAILURES])
        if judged.failed > MOST_FAILURES:
            yield f"- and {judged.failed - MOST_FAILURES:,} more"
        yield ""
    if summary.bad:
        yield "**Rows without a good answer**"
        yield ""
        yield from (f"- {inline(each.message)}" for each in summary.bad)
        if tally.failed > len(summary.bad):
            yield f"- and {tally.failed - len(summary.bad):,} more"
        yield ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    body = [f"| {' | '.join(map(str, row))} |" for row in rows]
    if body:
        yield f"| {' | '.join(head)} |"
        yield f"|{' --- |' * len(head)}"
        yield from body
        yield ""


def _report(job: str, file: Path) -> str:
    """Return a report, its notes renamed: those of two jobs would be taken for the same."""
    text = file.read_text(encoding="utf-8")
    return _NOTE.sub(rf"[^{job}-\1]", text).rstrip("\n") + "\n\n"


def _append(first: str, report: str = "") -> None:
    """Add to the page that GitHub names, if any; a report that has no room is only named."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    page = Path(name)
    try:
        used = page.stat().st_size if page.exists() else 0
        with page.open("a", encoding="utf-8") as file:
            for text in (first, report):
                size = len(text.encode())
                if used + size > LIMIT:
                    # Said again and again it would be too long as well.
                    file.write(LEFT_OUT if used < LIMIT else "")
                    used = LIMIT
                    continue
                file.write(text)
                used += size
    except OSError as error:
        show_warnings(
            [f"The step's summary {shown_path(page)} cannot be written: {reason(error)}"],
            quiet=False,
        )
