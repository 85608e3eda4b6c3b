"""`runner status`: runs under way, and how each job's last one ended."""

from __future__ import annotations

import click

from runner.cli.history import records_of, show_records


@click.command("status")
@click.argument("job", metavar="[JOB]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(job: str | None, *, as_json: bool) -> None:
    """Show each job's runs under way, or else its last one."""
    records = records_of(job, 1_000)
    newest = {record.job: record.id for record in reversed(records)}
    shown = [each for each in records if each.alive or newest[each.job] == each.id]
    show_records(shown, as_json=as_json)
