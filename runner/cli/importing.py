"""`runner import`: an enrichment config of parallel-cli becomes a job."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.messages import show_problems, shown_path, typed_path
from runner.cli.options import talk_options
from runner.errors import UsageError, reason


@click.command("import")
@click.argument("config", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("job", metavar="[JOB]", required=False, type=click.Path(path_type=Path))
@talk_options
def command(config: Path, job: Path | None, form: str, *, verbose: bool, quiet: bool) -> None:
    """Turn an enrichment config of parallel-cli into a job; nothing is overwritten.

    JOB is the file to write, by default one beside the config that is named after its target.
    """
    del verbose
    from runner.job.diagnostics import JobProblemsError
    from runner.job.enrichment import read_enrichment
    from runner.job.load import load
    from runner.job.project import find_root
    from runner.planning.processors import PROCESSORS

    here = Path.cwd()
    folder = (here / (job or config)).parent
    found = read_enrichment(
        here / config,
        folder,
        find_root(folder, here),
        working_directory=here,
        processors=tuple(PROCESSORS),
    )
    file = here / job if job is not None else folder / f"{found.name}.yaml"
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(found.text)
    except FileExistsError:
        raise UsageError(
            f"{shown_path(file)} is already there; nothing was written",
            hint=f"Name another file: runner import {typed_path(config)} JOB",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{shown_path(file)} cannot be written: {reason(error)}",
            hint=f"Name another file: runner import {typed_path(config)} JOB",
        ) from error
    try:
        loaded = load(file)
    except KeyboardInterrupt:
        file.unlink()
        raise
    if loaded.job is None:
        file.unlink()
        raise JobProblemsError((*found.problems, *loaded.problems))
    if not quiet:
        # What is wrong with the data is found by both.
        told = (*found.problems, *loaded.problems)
        show_problems({(p.file, p.line, p.column, p.message): p for p in told}.values(), form)
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
    click.echo(f"wrote {shown_path(file)}")
    click.echo(f"next: runner plan {typed_path(file)}")
