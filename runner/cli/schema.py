"""`runner schema`: the JSON Schema of the job language, for editors."""

from __future__ import annotations

import json

import click

from runner.job.schema import job_schema_text, project_schema


@click.command("schema")
@click.argument(
    "what", metavar="[job|project]", type=click.Choice(["job", "project"]), default="job"
)
def command(what: str) -> None:
    """Print the JSON Schema of job files, or of the project file runner.yaml."""
    if what == "project":
        click.echo(json.dumps(project_schema(), indent=2, ensure_ascii=False))
    else:
        click.echo(job_schema_text(), nl=False)
