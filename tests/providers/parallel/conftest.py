"""A project that asks the wire server, with the waits of real life made short."""

import csv
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from runner.cli.main import main
from runner.job.model import Retry
from tests.wire.server import KEY, WireServer

SCHEMA = {
    "type": "object",
    "properties": {
        "founded_year": {"type": "integer"},
        "headquarters": {"type": "string"},
        "products": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["founded_year", "headquarters", "products"],
    "additionalProperties": False,
}

JOB = """\
name: rows
provider: parallel
items: rows.csv
query: Facts about {{ item.name }}
processor: base
output: schema.json
results: out/rows.jsonl
retry: {attempts: 8, backoff: 0.01s, max_backoff: 0.05s}
"""


SHORT = Retry(backoff=timedelta(seconds=0.02), max_backoff=timedelta(seconds=0.1))


class Project:
    """A job over rows, and a server to ask."""

    def __init__(self, folder, server):
        self.folder = folder
        self.server = server
        self.write("job.yaml", JOB)
        self.write("schema.json", json.dumps(SCHEMA))
        self.rows(40)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def rows(self, count, name="Company {}"):
        with (self.folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["name"], *([name.format(n)] for n in range(count))])

    def change(self, old, new):
        text = (self.folder / "job.yaml").read_text(encoding="utf-8")
        assert old in text
        self.write("job.yaml", text.replace(old, new))

    def run(self, *arguments):
        return self.call("run", "job.yaml", *arguments)

    def call(self, *words):
        return CliRunner().invoke(main, [str(word) for word in words], prog_name="runner")

    def outcomes(self):
        lines = (self.folder / "out/rows.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wire")
    with WireServer(billing=folder / "billing.jsonl", requests=folder / "requests.jsonl") as wire:
        yield wire


@pytest.fixture
def project(bare, tmp_path, monkeypatch, server):
    monkeypatch.setenv("PARALLEL_API_KEY", KEY)
    monkeypatch.setenv("PARALLEL_BASE_URL", server.url)
    monkeypatch.setattr("runner.execute.reconciling.LOOKS", (0.0, 0.05, 0.1, 0.2, 0.4))
    monkeypatch.setattr("runner.execute.following.POLL", SHORT)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, server)
