"""`runner schema`: the JSON Schema of the job language, for editors."""

from __future__ import annotations

import click

from runner.job.schema import job_schema_text


@click.command("schema")
@click.argument("what", metavar="[job]", type=click.Choice(["job"]), default="job")
def command(what: str) -> None:
    """Print the JSON Schema of job files."""
    del what
    click.echo(job_schema_text(), nl=False)
