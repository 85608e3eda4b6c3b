"""`runner init`: a job, a schema, data and a document to start from."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from runner.errors import UsageError, reason
from runner.frozen import frozen

_JOB = """\
# yaml-language-server: $schema=schemas/job.schema.json
# A job file. Check it with `runner validate`, run it with `runner run NAME.yaml`.
# (`runner schema` prints the schemas that editors use; write them anew after an update.)
name: NAME
description: Basic facts on each company we track
PROVIDER
items: ITEMS # one question per row
query: Key facts about {{ COLUMN }}
output: schemas/company.json    # the fields of the answer
results: out/NAME.csv
report:
  path: reports/NAME.md
"""
_PROVIDERS = {
    "local": """\
provider: local                 # answers from the documents below: no key, no network
documents: [notes]""",
    "parallel": """\
provider: parallel              # asks the web; needs PARALLEL_API_KEY
processor: base
budget: 1.00                    # USD: the run never commits to more""",
}
_SAMPLE = "data/companies.csv"

FILES = {
    "runner.yaml": """\
# yaml-language-server: $schema=schemas/runner.schema.json
# The project file: defaults for every job below this folder.
defaults:
  cache: 24h
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
    _SAMPLE: "company\nNintendo\nLEGO\n",
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
"""What is written whatever the answers are; of these, sample data and notes only with samples."""


@frozen
class _Answers:
    """What to write; `items` None: sample rows."""

    name: str = "companies"
    provider: str = "local"
    items: str | None = None
    column: str = "item.company"


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a job that runs at once; nothing is overwritten."""
    is_asking = sys.stdin.isatty() and sys.stdout.isatty()
    # What is there already ends it before anything is asked.
    _refuse_old(folder, ("runner.yaml", "schemas/company.json"))
    files = _files(_asked(folder) if is_asking else _Answers())
    _refuse_old(folder, files)
    written: list[Path] = []
    try:
        for name, text in files.items():
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
    job = next(file for file in written if file.parent == folder and file.name != "runner.yaml")
    command = "run" if "notes/lego.md" in files or os.environ.get("PARALLEL_API_KEY") else "plan"
    click.echo(f"next: runner {command} {job}")


def _refuse_old(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if (folder / name).exists():
            raise UsageError(
                f"{folder / name} is already there; nothing was written",
                hint="Choose another folder: runner init DIR",
            )


def _files(answers: _Answers) -> dict[str, str]:
    """Return the texts to write, by their paths."""
    from runner.job.language import job_schema_text, project_schema

    words = {
        "NAME": answers.name,
        "PROVIDER": _PROVIDERS[answers.provider],
        "ITEMS": (answers.items or _SAMPLE).ljust(24),
        "COLUMN": answers.column,
    }
    job = re.sub("NAME|PROVIDER|ITEMS|COLUMN", lambda found: words[found[0]], _JOB)
    kept = {
        name: text
        for name, text in FILES.items()
        if (answers.provider == "local" or not name.startswith("notes/"))
        and (answers.items is None or name != _SAMPLE)
    }
    schemas = {
        "schemas/job.schema.json": job_schema_text(),
        "schemas/runner.schema.json": json.dumps(project_schema(), indent=2, ensure_ascii=False)
        + "\n",
    }
    return {f"{answers.name}.yaml": job, **schemas, **kept}


def _asked(folder: Path) -> _Answers:
    """Ask three questions, each with an answer that Enter takes."""
    name = click.prompt("What is the job called?", default="companies", value_proc=_slug)
    provider = click.prompt(
        "Who answers? local (your own documents, free) or parallel (the web, needs a key)",
        default="local",
        type=click.Choice(list(_PROVIDERS), case_sensitive=False),
        show_choices=False,
    )
    answers = _Answers(name=name, provider=provider)
    given = click.prompt(
        "Which rows? The path of a csv, tsv, json or jsonl file; Enter for two companies",
        default="",
        show_default=False,
        value_proc=partial(_rows, folder=folder),
    )
    return answers if given is None else replace(answers, items=given[0], column=given[1])


def _slug(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", text.lower())[:100].strip("-")
    if not name or name == "runner":
        raise click.BadParameter("a name is made of a-z, 0-9 and dashes, such as company-facts")
    return name


def _rows(text: str, folder: Path) -> tuple[str, str] | None:
    """Return the path of a data file as the job names it, and how it reads the first column."""
    from runner.job.items import FORMATS
    from runner.job.model import FileItems
    from runner.job.rows import survey

    if not text.strip():
        return None
    path = Path(text.strip()).expanduser()
    kind = next((kind for kind in FORMATS if path.suffix.lower() == f".{kind}"), None)
    if kind is None or not path.is_file():
        raise click.BadParameter(f"there is no csv, tsv, json or jsonl file {text}")
    target = (Path.cwd() / path).resolve()
    if not target.is_relative_to((Path.cwd() / folder).resolve()):
        raise click.BadParameter(f"put the file below {folder}: a job reads only its own project")
    found = survey(FileItems(path=path, format=kind))
    if found.problems or not found.columns:
        fault = found.problems[0].message if found.problems else "its columns are not known"
        raise click.BadParameter(f"{text} cannot be used: {fault}")
    column = found.columns[0]
    read = f"item.{column}" if re.fullmatch(r"[A-Za-z]\w*", column) else f"item[{column!r}]"
    shown = target.relative_to((Path.cwd() / folder).resolve()).as_posix()
    is_plain = re.fullmatch(r"[A-Za-z][\w./-]*", shown)
    return shown if is_plain else json.dumps(shown, ensure_ascii=False), read
