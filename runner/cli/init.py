"""`runner init`: a job, a schema, data and a document to start from."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from runner.cli.messages import typed_path
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
query: QUESTION
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
    column: str = "company"


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a job that runs at once; nothing is overwritten."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file", hint="Name a folder: runner init DIR")
    if folder.suffix in {".yaml", ".yml"} and not folder.exists():
        hint = f"Name a folder, which gets a job and its data: runner init {folder.with_suffix('')}"
        raise UsageError(f"{folder} is called like a file", hint=hint)
    is_asking = sys.stdin.isatty() and sys.stdout.isatty()
    # What is there already ends it before anything is asked.
    _refuse_old(folder, ("runner.yaml", "schemas/company.json"))
    files = _files(_asked(folder) if is_asking else _Answers())
    _refuse_old(folder, files)
    written = _write(folder, files)
    for file in written:
        click.echo(f"wrote {file}")
    command = "run" if "notes/lego.md" in files or os.environ.get("PARALLEL_API_KEY") else "plan"
    click.echo(f"next: runner {command} {typed_path(written[0])}")


def _write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write all files, or leave everything as it was; return them, the job first.

    Raises:
        UsageError: one is there already, be it a link to nowhere, or cannot be written.
    """
    made: list[Path] = []
    written: list[Path] = []
    try:
        for name, text in files.items():
            file = folder / name
            made += reversed([each for each in file.parents if not each.exists()])
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as out:
                made.append(file)
                out.write(text)
            written.append(file)
    except (OSError, KeyboardInterrupt) as error:
        for each in reversed(made):
            with suppress(OSError):  # somebody else has put something there
                remove = each.rmdir if each.is_dir() else each.unlink
                remove()
        if isinstance(error, KeyboardInterrupt):
            raise
        if isinstance(error, FileExistsError) and error.filename == str(file):
            raise _refusal(file) from error
        raise UsageError(
            f"{error.filename or file} cannot be written: {reason(error)}",
            hint="Choose another folder: runner init DIR",
        ) from error
    return written


def _refuse_old(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if os.path.lexists(folder / name):
            raise _refusal(folder / name)


def _refusal(file: Path) -> UsageError:
    return UsageError(
        f"{file} is already there; nothing was written",
        hint="Choose another folder: runner init DIR",
    )


def _files(answers: _Answers) -> dict[str, str]:
    """Return the texts to write, by their paths."""
    from runner.job.schemas.language import job_schema_text, project_schema
    from runner.job.text.yamltext import column_in_template, scalar

    column = column_in_template(answers.column)
    question = f"Key facts about {{{{ {column} }}}}"
    words = {
        "NAME": answers.name,
        "PROVIDER": _PROVIDERS[answers.provider],
        "ITEMS": (answers.items or _SAMPLE).ljust(24),
        "QUESTION": scalar(question) if "[" in column else question,
    }
    job = re.sub("NAME|PROVIDER|ITEMS|QUESTION", lambda found: words[found[0]], _JOB)
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
        "Which rows? The path of a csv, xlsx, json or jsonl file; Enter for two companies",
        default="",
        show_default=False,
        value_proc=partial(_rows, folder=folder),
    )
    return answers if given is None else replace(answers, items=given[0], column=given[1])


def _slug(text: str) -> str:
    from runner.job.text.yamltext import job_name

    name = job_name(text)
    if not name or name == "runner":
        raise click.BadParameter("a name is made of a-z, 0-9 and dashes, such as company-facts")
    return name


def _rows(text: str, folder: Path) -> tuple[str, str] | None:
    """Return the path of a data file as the job names it, and its first column."""
    from runner.job.model import FileItems
    from runner.job.rows.items import FORMATS, lacking, other_kind
    from runner.job.rows.reader import survey
    from runner.job.text.yamltext import scalar

    if not text.strip():
        return None
    path = Path(text.strip()).expanduser()
    kind = next((kind for kind in FORMATS if path.suffix.lower() == f".{kind}"), None)
    if not path.is_file():
        raise click.BadParameter(f"there is no file {text}")
    if kind is None:
        raise click.BadParameter(f"{text} cannot be read: {other_kind(path.suffix)}")
    if lack := lacking(kind):
        raise click.BadParameter(": ".join(lack))
    target = (Path.cwd() / path).resolve()
    if not target.is_relative_to((Path.cwd() / folder).resolve()):
        raise click.BadParameter(f"put the file below {folder}: a job reads only its own project")
    found = survey(FileItems(path=path, format=kind))
    faults = [each.message for each in found.problems if each.severity == "error"]
    if faults or not found.columns:
        fault = faults[0] if faults else "its columns are not known"
        raise click.BadParameter(f"{text} cannot be used: {fault}")
    shown = target.relative_to((Path.cwd() / folder).resolve()).as_posix()
    return scalar(shown), found.columns[0]
