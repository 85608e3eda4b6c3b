"""What `runner run` says of runs that have ended."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.gates import show_failures
from runner.cli.messages import show_json, shown_path
from runner.course.summary import Summary, unchanged_record
from runner.course.words import dollars, plural
from runner.execute.outcomes import Status
from runner.frozen import frozen
from runner.job.diagnostics import one_line
from runner.job.model import Job
from runner.report.render import is_html

GLIMPSE_LINES = 16

MOST_ROWS = 5
"""So many rows without a good answer are told with their reason."""

ROW_CHARS = 300


@frozen
class Saying:
    """Says how runs ended, as the command line asks."""

    form: str
    quiet: bool
    as_json: bool

    def unchanged(self, job: Job) -> None:
        """Say that a job was left out, for nothing changed."""
        if self.as_json:
            show_json({**unchanged_record(job), "because": []})

    def ended(self, summary: Summary, because: list[str] | None) -> None:
        """Say how a run ended, and why it was taken."""
        # As JSON is printed already, another kind of JSON beside it would be in the way.
        form = "text" if self.as_json and self.form == "json" else self.form
        show_failures(summary.checks, form, quiet=self.quiet, rows=summary.bad)
        if form == "text" and (self.quiet or self.as_json):
            _show_bad(summary, f"{summary.job}: without a good answer:")
        if self.form == "github":
            from runner.cli.stepsummary import append_outcome

            append_outcome(summary)
        if self.as_json:
            show_json(summary.record() | ({} if because is None else {"because": because}))
        elif not self.quiet:
            _show(summary)


def _show(summary: Summary) -> None:
    tally = summary.tally
    parts = [f"{tally.statuses['ok']:,} ok"]
    bad: tuple[Status, ...] = ("failed", "invalid", "pending", "skipped")
    parts += [f"{tally.statuses[each]:,} {each}" for each in bad if tally.statuses[each]]
    if tally.sources["cached"]:
        parts.append(f"{tally.sources['cached']:,} from the cache")
    if tally.sources["attached"]:
        parts.append(f"{tally.sources['attached']:,} bought earlier")
    if summary.cost_usd:
        parts.append(dollars(summary.cost_usd))
    _show_bad(summary, f"{summary.job}: {', '.join(parts)} in {summary.seconds:.1f} s", always=True)
    if tally.statuses["pending"]:
        click.echo("Run again to pick up what is pending; nothing is bought twice.", err=True)
    if summary.stopped_by_budget:
        click.echo("The budget stopped the run; what was bought is kept.", err=True)
    if summary.report is None:
        click.echo("Nothing is answered yet: results and report were left as they were.", err=True)
        return
    if summary.results is not None:
        click.echo(f"results: {shown_path(summary.results)}")
    click.echo(f"report:  {shown_path(summary.report)}")
    if not is_html(summary.report):
        _glimpse(summary.report)


def _show_bad(summary: Summary, head: str, *, always: bool = False) -> None:
    """Print the first rows that failed, or whose answer is invalid, with the reason of each."""
    if summary.bad or always:
        click.echo(head, err=True)
    for problem in summary.bad[:MOST_ROWS]:
        said = one_line(problem.message)
        click.echo(f"  {said if len(said) <= ROW_CHARS else said[: ROW_CHARS - 1] + '…'}", err=True)
    if (more := summary.tally.failed - MOST_ROWS) > 0:
        where = "" if summary.report is None else "; the report lists them"
        click.echo(f"  and {more:,} more{where}", err=True)


def _glimpse(report: Path) -> None:
    """Print the report's first lines, cut to the terminal's width."""
    import shutil

    width = max(40, shutil.get_terminal_size((100, 24)).columns - 4)
    lines = report.read_text(encoding="utf-8").splitlines()
    click.echo()
    for line in lines[:GLIMPSE_LINES]:
        click.echo("  " + (line if len(line) <= width else line[: width - 1] + "…"))
    if len(lines) > GLIMPSE_LINES:
        click.echo(f"  … {plural(len(lines) - GLIMPSE_LINES, 'more line')}")
