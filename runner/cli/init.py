"""`runner init`: a job, a schema, data and a document to start from."""

from __future__ import annotations

from pathlib import Path

import click

from runner.errors import UsageError
from runner.execute.state import reason

FILES = {
    "runner.yaml": """\
# The project file: defaults for every job below this folder.
defaults:
  cache: 24h
""",
    "companies.yaml": """\
# A job file. Check it with `runner validate`, run it with `runner run companies.yaml`.
name: companies
description: Basic facts on each company we track
provider: local                 # answers from the documents below: no key, no network
documents: [notes]
items: data/companies.csv       # one question per row
query: Key facts about {{ item.company }}
output: schemas/company.json    # the fields of the answer
results: out/companies.csv
report:
  path: reports/companies.md
""",
    "schemas/company.json": """\
{
  "type": "object",
  "properties": {
    "founded_year": {"type": ["integer", "null"], "description": "Year the company was founded"},
    "headquarters": {
      "type": ["string", "null"],
      "description": "City and country of the head office"
    }
  },
  "required": ["founded_year", "headquarters"],
  "additionalProperties": false
}
""",
    "data/companies.csv": "company\nNintendo\nLEGO\n",
    "notes/nintendo.md": """\
# Nintendo

Founded: 1889
Headquarters: Kyoto, Japan

Nintendo began as a maker of playing cards and is known today for its video game consoles.
""",
    "notes/lego.md": """\
# LEGO

The LEGO Group was founded in 1932 by Ole Kirk Kristiansen. Its head office is in Billund, Denmark.
""",
}


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a job that runs at once; nothing is overwritten."""
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder / there[0]} is already there; nothing was written",
            hint="Choose another folder: runner init DIR",
        )
    written: list[Path] = []
    try:
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            written.append(file)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise UsageError(
            f"{error.filename} cannot be written: {reason(error)}",
            hint="Choose another folder: runner init DIR",
        ) from error
    for file in written:
        click.echo(f"wrote {file}")
    click.echo(f"next: runner run {folder / 'companies.yaml'}")
