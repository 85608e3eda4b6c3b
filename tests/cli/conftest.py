"""A project on disk and the command line over it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.main import main

JOB = """\
name: companies
description: Basic facts
provider: local
documents: [notes]
items: companies.csv
query: Key facts about {{ item.company }}
output:
  type: object
  properties:
    founded_year: {type: [integer, "null"], description: Year the company was founded}
    headquarters: {type: [string, "null"], description: City of the head office}
  required: [founded_year, headquarters]
  additionalProperties: false
results: out/companies.jsonl
"""

NOTES = {
    "acme.md": "# Acme\n\nFounded: 1901\nHeadquarters: Bern, Switzerland\n\nAcme makes anvils.\n",
    "globex.md": "# Globex\n\nGlobex was founded in 1989. Its head office is in Oslo, Norway.\n",
}


class Project:
    """A folder with a job, data and notes, and `runner` run inside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("companies.yaml", JOB)
        self.write("companies.csv", "company\nAcme\nGlobex\n")
        for name, text in NOTES.items():
            self.write(f"notes/{name}", text)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def change(self, old, new, name="companies.yaml"):
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, *arguments):
        return CliRunner().invoke(main, [str(a) for a in arguments], prog_name="runner")

    def outcomes(self):
        return [json.loads(line) for line in self.read("out/companies.jsonl").splitlines()]

    def files(self):
        return {
            file.relative_to(self.folder).as_posix()
            for file in self.folder.rglob("*")
            if file.is_file() and ".runner" not in file.parts
        }


@pytest.fixture
def project(bare, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)
