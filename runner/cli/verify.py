"""`runner verify`: does each excerpt that a report cites stand in the page it is cited from?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click

from runner.cli.gates import show_failures
from runner.cli.loading import load_job_file
from runner.cli.messages import show_json, shown_path
from runner.cli.options import (
    job_argument,
    load_options,
    parse_max_cost,
    parse_variables,
    talk_options,
)
from runner.cli.voice import Terminal
from runner.course.means import open_means
from runner.course.past import of_steps, stored_report, verified_steps
from runner.course.stages import state_for
from runner.course.verifying import Reader
from runner.course.words import dollars, plural
from runner.errors import ExitCode, StateError, UsageError
from runner.evidence.text import glimpse
from runner.evidence.verifying import VERDICTS, Doubt, Evidence, verdict_records
from runner.execute.fates import Fate
from runner.execute.kept import KeptRun, last_run, write_verdicts
from runner.execute.runs import new_run
from runner.execute.state import State, write_whole
from runner.execute.tally import Tally
from runner.execute.watching import Watcher
from runner.frozen import frozen
from runner.job.durations import lowest
from runner.job.model import Job
from runner.jsonvalue import JSON
from runner.report.render import render_report


@click.command("verify")
@job_argument
@load_options
@talk_options
@click.option("--refresh", is_flag=True, help="Read every page again, whatever the cache holds.")
@click.option("--offline", is_flag=True, help="Read only pages that the cache holds.")
@click.option("--max-cost", metavar="USD", help="Commit to no more than this.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    job: Path,
    variables: tuple[str, ...],
    provider: str | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    refresh: bool,
    offline: bool,
    max_cost: str | None,
    as_json: bool,
) -> None:
    """Read the pages that the last run cites, look for each excerpt, and mark the report.

    A web page costs what an extract costs, once; a document is read from its file.
    """
    del verbose
    loaded = load_job_file(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
    )
    loaded = replace(loaded, budget=lowest(loaded.budget, parse_max_cost(max_cost)))
    state = state_for(loaded)
    run = last_run(state, loaded.name)
    if run is None:
        raise StateError("This job has no stored outcomes", hint="Run it first with `runner run`")
    for _ in of_steps(loaded, run.outcomes()):
        pass  # Before anything is paid: else the report could not be marked.
    asked = _Asked(allow_outside=allow_outside, refresh=refresh, offline=offline, quiet=quiet)
    cost = asyncio.run(_verify(loaded, state, run, asked))
    digest, changes = stored_report(state, loaded)
    write_whole(loaded.report.path, [render_report(loaded, digest, changes=changes)])
    show_failures(digest.checks, "text" if as_json else form, quiet=quiet)
    evidence = digest.evidence
    if evidence is None:
        raise StateError("What became of the citations was not kept")
    if as_json:
        show_json(_record(loaded, run, evidence, cost))
    elif not quiet:
        for line in _lines(evidence):
            click.echo(line)
        if cost:
            click.echo(f"price:   {dollars(cost)}")
        click.echo(f"report:  {shown_path(loaded.report.path)}")
    ctx.exit(int(ExitCode.FAILED_ROWS if digest.checks.stops else ExitCode.DONE))


@frozen
class _Asked:
    allow_outside: bool
    refresh: bool
    offline: bool
    quiet: bool


async def _verify(job: Job, state: State, run: KeptRun, asked: _Asked) -> Decimal:
    """Keep what becomes of the citations of a run; return what that cost."""
    names = verified_steps(job)
    steps = [step for step in job.steps if step.id in names]
    if not steps:
        raise UsageError(
            "This job cites nothing that could be verified",
            hint="Answers to `query` and `input` have citations",
        )
    tally = Tally()
    async with open_means(
        job, state, allow_outside=asked.allow_outside, voice=Terminal(quiet=asked.quiet)
    ) as means:
        means.ledger.start(new_run("verify"), job.name)
        status = "stopped"
        try:
            reader = Reader(
                job=job,
                means=means,
                budget=job.budget,
                refresh=asked.refresh,
                offline=asked.offline,
                watcher=_Counting(tally),
            )
            verdicts = await reader.verdicts(run.outcomes(), steps)
            write_verdicts(run, verdict_records(verdicts))
            status = "verified"
            return means.ledger.cost()
        finally:
            pages = {"rows": tally.settled, "done": tally.settled}
            means.ledger.finish(status, {**tally.counts(), **pages})


class _Counting(Watcher):
    """Counts the pages that are read, for the history."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Count pages that have their fate."""
        self._tally.settle(fates.values())


def _lines(evidence: Evidence) -> Iterator[str]:
    for step, found in evidence.steps.items():
        name = f"{step}: " if len(evidence.steps) > 1 else ""
        counts = [f"{count:,} {word}" for word in VERDICTS if (count := found.verdicts[word])]
        said = f"{name}{plural(found.citations, 'citation')}: {', '.join(counts) or 'none'}"
        if found.asked:
            said += f"; {found.stated:,} of {plural(found.asked, 'value')} stand in what they cite"
        yield said
        yield from (f"  {_doubt(doubt)}" for doubt in found.doubts)
        if found.doubtful > len(found.doubts):
            yield f"  and {found.doubtful - len(found.doubts):,} more"


def _doubt(doubt: Doubt) -> str:
    value = f" ({glimpse(doubt.value)})" if doubt.value is not None else ""
    if doubt.verdict is None:
        return f"{doubt.row}, {doubt.field}{value}: the value is not in the excerpt"
    return f"{doubt.row}, {doubt.field}{value}: {doubt.verdict}: {glimpse(doubt.url, 200)}"


def _record(job: Job, run: KeptRun, evidence: Evidence, cost: Decimal) -> dict[str, JSON]:
    return {
        "job": job.name,
        "run": run.id,
        "steps": [
            {
                "id": step,
                "citations": found.citations,
                "verdicts": {word: found.verdicts[word] for word in VERDICTS},
                "values": found.asked,
                "values_stated": found.stated,
                "doubts": [
                    {
                        "key": doubt.row,
                        "field": doubt.field,
                        "value": doubt.value,
                        "url": doubt.url or None,
                        "verdict": doubt.verdict or "not in the excerpt",
                    }
                    for doubt in found.doubts
                ],
            }
            for step, found in evidence.steps.items()
        ],
        "cost_usd": float(cost),
        "report": str(job.report.path),
    }
