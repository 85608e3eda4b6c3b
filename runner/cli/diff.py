"""`runner diff`: what changed between two runs of a job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from runner.cli.completion import complete_run
from runner.cli.loading import load_job_file
from runner.cli.messages import show_json
from runner.cli.options import job_argument, load_options, parse_variables, talk_options
from runner.course.stages import state_for
from runner.course.words import plural
from runner.evidence.changes import Changes, FieldChange
from runner.evidence.text import glimpse


@click.command("diff")
@job_argument
@click.argument("runs", metavar="[RUN] [RUN]", nargs=-1, shell_complete=complete_run)
@load_options
@talk_options
@click.option("--markdown", is_flag=True, help="Print markdown, with links to the sources.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    job: Path,
    runs: tuple[str, ...],
    variables: tuple[str, ...],
    provider: str | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    markdown: bool,
    as_json: bool,
) -> None:
    """Compare the last two runs, or those named: rows, values, confidence and sources.

    One RUN is compared with the last. What is only put in other words is told apart from a change.
    """
    from runner.course.past import compared
    from runner.execute.kept import chosen_runs

    del form
    if len(runs) > 2:  # noqa: PLR2004 - it takes two
        raise click.UsageError("At most two runs can be compared")
    loaded = load_job_file(
        job,
        variables=parse_variables(variables),
        provider=provider,
        allow_outside=allow_outside,
        quiet=quiet,
    )
    older, newer = chosen_runs(state_for(loaded), loaded.name, runs)
    changes = compared(older, newer)
    if as_json:
        show_json({"job": loaded.name, **changes.record()})
        return
    if markdown:
        from runner.report.render import render_changes

        click.echo(render_changes(loaded, changes), nl=False)
        return
    click.echo(f"{loaded.name}: {older.id} → {newer.id}")
    for line in _lines(changes, verbose=verbose):
        click.echo(line)


def _lines(changes: Changes, *, verbose: bool) -> Iterator[str]:
    counts = [
        f"{plural(changes.compared, 'row')} compared",
        *(
            f"{count:,} {word}"
            for count, word in (
                (len(changes.added), "new"),
                (len(changes.gone), "gone"),
                (changes.unanswered, "without an answer in one of the runs"),
            )
            if count
        ),
        f"{plural(changes.count('changed'), 'value')} changed",
        f"{changes.count('reworded'):,} reworded",
    ]
    yield ", ".join(counts)
    yield from (f"+ {_row(step, key, changes)}" for step, key in changes.added)
    yield from (f"- {_row(step, key, changes)}" for step, key in changes.gone)
    for row in changes.rows:
        shown = [each for each in row.fields if verbose or each.kind != "reworded"]
        if shown:
            yield f"  {_row(row.step, row.key, changes)}"
        for each in shown:
            yield from _field(each)


def _row(step: str, key: str, changes: Changes) -> str:
    steps = {row.step for row in changes.rows} | {s for s, _ in changes.added + changes.gone}
    return glimpse(key if len(steps) == 1 else f"{step}: {key}", 200)


def _field(each: FieldChange) -> Iterator[str]:
    word = "" if each.kind == "changed" else f" ({each.kind})"
    yield f"    {each.name}{word}"
    for mark, side in (("-", each.old), ("+", each.new)):
        facts = [*([side.confidence] if side.confidence else []), *side.sources[:3]]
        said = f"  [{', '.join(glimpse(fact, 100) for fact in facts)}]" if facts else ""
        yield f"      {mark} {glimpse(side.value, 200)}{said}"
