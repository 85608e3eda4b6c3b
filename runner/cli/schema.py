"""`runner schema`: the JSON Schemas of the job language, for editors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import click

from runner.job.schemas.language import base_schema, job_schema_text, project_schema
from runner.jsonvalue import JSON

_MADE: Mapping[str, Callable[[], Mapping[str, JSON]]] = {
    "project": project_schema,
    "base": base_schema,
}


@click.command("schema")
@click.argument(
    "what", metavar="[job|base|project]", type=click.Choice(["job", *_MADE]), default="job"
)
def command(what: str) -> None:
    """Print the JSON Schema of job files, of files they extend, or of runner.yaml."""
    if what == "job":
        click.echo(job_schema_text(), nl=False)
    else:
        click.echo(json.dumps(_MADE[what](), indent=2, ensure_ascii=False))
