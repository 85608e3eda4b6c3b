"""`runner run`: job files become reports and results files."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.messages import show_error
from runner.cli.options import (
    changed_options,
    job_options,
    parse_max_cost,
    parse_variables,
    talk_options,
)
from runner.errors import ExitCode, RunnerError


@click.command("run")
@click.argument("jobs", metavar="JOB...", nargs=-1, type=click.Path(path_type=Path))
@job_options
@changed_options
@talk_options
@click.option("--refresh", is_flag=True, help="Ask again, whatever the cache holds.")
@click.option("--offline", is_flag=True, help="Use the cache only; ask nothing.")
@click.option("--max-cost", metavar="USD", help="Commit to no more than this.")
@click.option("--no-wait", is_flag=True, help="Submit and leave; a later run picks it up.")
@click.option("--no-buy", is_flag=True, help="Use what is stored or on its way; buy nothing.")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="Write report and results here."
)
@click.option(
    "--log-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Append JSON lines about each request and outcome.",
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write JUnit XML: a test case a row, and one a row and check.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
@click.pass_context
def command(
    ctx: click.Context,
    jobs: tuple[Path, ...],
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    changed: bool,
    since: str | None,
    allow_outside: bool,
    form: str,
    verbose: bool,
    quiet: bool,
    refresh: bool,
    offline: bool,
    max_cost: str | None,
    no_wait: bool,
    no_buy: bool,
    out: Path | None,
    log_file: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Run job files: write their results and reports.

    With --changed or --since a JOB may be a folder; without any, it is every job below this one.
    """
    from runner.cli.changed import chooser_for, chosen_files
    from runner.cli.ending import Saying
    from runner.cli.junit import junit_file
    from runner.cli.running import load_for, run_job
    from runner.course.options import Options

    options = Options(
        variables=parse_variables(variables),
        provider=provider,
        limit=limit,
        refresh=refresh,
        offline=offline,
        max_cost=parse_max_cost(max_cost),
        wait=not no_wait,
        buy=not no_buy,
        out=out,
        allow_outside=allow_outside,
    )
    files = chosen_files(jobs, changed=changed, since=since)
    chooser = chooser_for(files, options, changed=changed, since=since)
    say = Saying(form=form, quiet=quiet, as_json=as_json)
    worst = ExitCode.DONE
    alone = None
    with junit_file(junit) as suites:
        for file in files:
            try:
                job = load_for(file, options, quiet=quiet)
                because = None if chooser is None else chooser.reasons(job, quiet=quiet)
                if because is not None and not because:
                    say.unchanged(job)
                    continue
                with suites.suite(job.name) as suite:
                    summary = run_job(
                        job, options, log=log_file, quiet=quiet, verbose=verbose, suite=suite
                    )
                    suites.add(suite, summary)
            except RunnerError as error:
                suites.add_error(file, error)
                worst = max(worst, error.exit_code)
                if len(files) == 1:
                    alone = error
                else:
                    # One broken job does not stop the others.
                    show_error(error)
                continue
            say.ended(summary, because)
            worst = max(worst, summary.exit_code)
    if alone is not None:
        raise alone
    ctx.exit(int(worst))
