"""What an editor with the YAML language server shows for job files, by that server itself.

It is found by the command in `YAML_LANGUAGE_SERVER`, on the PATH, or in a node_modules folder above;
`npm install -g yaml-language-server` installs it. Where there is none, these tests are skipped.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.job.schemas.language import base_schema, job_schema, project_schema
from runner.job.text.source import read_source
from runner.planning.processors import PROCESSORS

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "job.schema.json"
MODELINE = "# yaml-language-server: $schema={}\n"
SCHEMA_OF_JOBS = job_schema()
STEP = SCHEMA_OF_JOBS["$defs"]["step"]["properties"]
CHECK = SCHEMA_OF_JOBS["$defs"]["checks"]["items"]["properties"]
SAMPLES = sorted((ROOT / "jobs").glob("*.yaml"))
GOOD = sorted((ROOT / "tests" / "jobs" / "ok").glob("*.yaml"))


def command():
    named = os.environ.get("YAML_LANGUAGE_SERVER")
    local = (
        folder / "node_modules" / ".bin" / "yaml-language-server"
        for folder in (ROOT, *ROOT.parents)
    )
    if named:
        return shutil.which(named)
    on_path = shutil.which("yaml-language-server")
    return on_path or next((str(file) for file in local if file.exists()), None)


class Server:
    """The language server as a process, asked over its standard streams."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [path, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.asked = 0
        self.diagnostics = {}
        self.ask("initialize", processId=os.getpid(), rootUri=None, capabilities={})
        self.tell("initialized")
        settings = {
            "validate": True, "hover": True, "completion": True, "yamlVersion": "1.2",
            "schemaStore": {"enable": False},
        }  # fmt: skip
        self.tell("workspace/didChangeConfiguration", settings={"yaml": settings})

    def tell(self, method, **params):
        self._send({"method": method, "params": params})

    def ask(self, method, **params):
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": params})
        while (message := self._read()).get("id") != self.asked or "method" in message:
            self._note(message)
        return message["result"]

    def open(self, name, text, schema=SCHEMA):
        """Open a file below a line that names the schema; return the problems found in it."""
        uri = (ROOT / "jobs" / name).as_uri()
        text = MODELINE.format(os.path.relpath(schema, ROOT / "jobs")) + text
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        while uri not in self.diagnostics:
            self._note(self._read())
        return self.diagnostics[uri]

    def at(self, method, name, line, character):
        """Ask about a place (from 0, without the schema's line) in an open file."""
        document = {"uri": (ROOT / "jobs" / name).as_uri()}
        position = {"line": line + 1, "character": character}
        return self.ask(f"textDocument/{method}", textDocument=document, position=position)

    def offered(self, name, text, schema=SCHEMA):
        """Return what completion offers at the end of a text, by its label."""
        self.open(name, text, schema)
        line = text.count("\n")
        found = self.at("completion", name, line, len(text.split("\n")[line]))
        items = found["items"] if isinstance(found, dict) else found
        return {item["label"]: item for item in items}

    def close(self):
        self.ask("shutdown")
        self.tell("exit")
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def _send(self, message):
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self.process.stdin.flush()

    def _read(self):
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            assert self.process.poll() is None
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def _note(self, message):
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})


@pytest.fixture(scope="module")
def server():
    path = command()
    if path is None:
        pytest.skip("yaml-language-server is not installed (npm install -g yaml-language-server)")
    server = Server(path)
    yield server
    server.close()


@pytest.mark.parametrize("job", [*SAMPLES, *GOOD], ids=lambda job: job.name)
def test_good_jobs_are_silent(server, job):
    text = "".join(
        line
        for line in job.read_text(encoding="utf-8").splitlines(keepends=True)
        if "yaml-language-server" not in line
    )
    assert server.open(f"good-{job.parent.name}-{job.name}", text) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nquery: x\nprocesor: core\n", 2, "procesor"),
        ("name: a\nquery: x\n\nprocessor: cor\n", 3, "Value is not accepted"),
        ("name: a\nquery: x\nfast: sometimes\n", 2, "boolean"),
        ("name: a\nquery: x\nvars:\n  year:\n    type: int\n", 4, "Value is not accepted"),
        ("name: a\nsteps:\n  - id: b\n    search: {objctive: x}\n", 3, "objctive"),
        ("name: a\nquery: x\ncache: a day\n", 2, "a duration is a number and s, m, h or d"),
        ("name: a\nquery: x\nitems: {from: d.csv, limit: 0}\n", 2, "minimum"),
        ("query: x\n", 0, "name"),
        ("name: a\nquery: 'x", 1, "quote"),
        ("name: a\nextract: {objective: x}\n", 1, "urls"),
        ("name: a\nsteps:\n  - id: b\n    findall: {match_limit: 5}\n", 3, "objective"),
        ("name: a\nitems: {findall: {match_limit: 5}}\nquery: x\n", 1, "objective"),
    ],
)
def test_a_mistake_is_marked_at_its_line(server, text, line, words):
    found = server.open(f"bad-{abs(hash(text))}.yaml", text)
    marked = [(problem["range"]["start"]["line"] - 1, problem["message"]) for problem in found]
    assert any(at == line and words in message for at, message in marked), marked


def test_what_a_job_takes_over_need_not_stand_in_it(server):
    parts = (
        "extract: {full_content: true}",
        "findall: {match_limit: 5}",
        "items: {findall: {match_limit: 5}}",
    )
    for number, part in enumerate(parts):
        assert server.open(f"part-{number}.yaml", f"name: a\nextends: b.yaml\n{part}\n") == []


def test_completion_offers_the_processors(server):
    offered = server.offered("completion.yaml", "name: a\nquery: x\nprocessor: ")
    assert offered.keys() >= {*PROCESSORS, "auto"}


def test_completion_offers_the_keys_that_are_left(server):
    offered = server.offered("keys.yaml", "name: a\nquery: x\n")
    assert offered.keys() >= {"items", "processor", "output", "budget", "checks"}
    assert "query" not in offered
    assert all(item["documentation"] for item in offered.values())


def filled(snippet):
    """What stands there when every proposal of a completion is taken."""
    return re.sub(r"\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{?\d+\}?", r"\1", snippet).replace("\\}", "}")


@pytest.mark.parametrize(
    ("place", "above", "keys"),
    [
        ("job", "name: a\n", SCHEMA_OF_JOBS["properties"]),
        ("step", "name: a\nsteps:\n  - id: b\n    ", STEP),
        ("items", "name: a\nitems:\n  ", SCHEMA_OF_JOBS["properties"]["items"]["properties"]),
        ("check", "name: a\nchecks:\n  - ", CHECK),
    ],
)
def test_what_completion_writes_is_right(server, tmp_path, place, above, keys):
    """Each key comes once, with a colon and an explanation, and leaves a file that can be read."""
    offered = server.offered(f"completed-{place}.yaml", above)
    assert offered.keys() >= keys.keys() - {"name", "id"}
    for label in offered.keys() & keys.keys():
        assert offered[label]["documentation"]
        written = filled(offered[label]["insertText"])
        assert written.startswith(f"{label}:")
        indent = "\n" + " " * len(above.rpartition("\n")[2])
        file = tmp_path / f"{label}.yaml"
        file.write_text(above + written.replace("\n", indent) + "\n")
        assert read_source(file, file.name).problems == ()


def test_completion_proposes_no_setting_that_nobody_chose(server):
    """A new list of steps or checks begins empty, not with what holds anyway."""
    offered = server.offered("lists.yaml", "name: a\n")
    for key in ("steps", "checks"):
        assert filled(offered[key]["insertText"]) == f"{key}:\n  - "


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    """The schemas that `runner schema` makes of the one of jobs."""
    folder = tmp_path_factory.mktemp("schemas")
    for name, schema in (("base", base_schema()), ("project", project_schema())):
        (folder / f"{name}.json").write_text(json.dumps(schema))
    return folder


def test_what_jobs_share_needs_no_name(server, schemas):
    text = "extract: {full_content: true}\nprocesor: core\n"
    (problem,) = server.open("base.yaml", text, schemas / "base.json")
    assert "procesor" in problem["message"]


def test_the_project_file_is_completed_and_explained(server, schemas):
    schema = schemas / "project.json"
    assert server.open("project.yaml", "defaults: {cache: 24h}\n", schema) == []
    (problem,) = server.open("wrong.yaml", "defaults:\n  cach: 24h\n", schema)
    assert (problem["range"]["start"]["line"], "cach" in problem["message"]) == (2, True)
    offered = server.offered("defaults.yaml", "defaults:\n  processor: ", schema)
    assert offered.keys() >= {*PROCESSORS, "auto"}
    server.open("prices.yaml", "prices:\n  search_result: 0.002\n", schema)
    assert "beyond the tenth" in json.dumps(server.at("hover", "prices.yaml", 1, 4))


@pytest.mark.parametrize(
    ("line", "words"), [(1, "What to find out"), (2, "How much effort"), (4, "Which sources")]
)
def test_hover_explains_a_key(server, line, words):
    name = f"hover-{line}.yaml"
    server.open(name, "name: a\nquery: x\nprocessor: core\n\nsource_policy: {}\n")
    shown = server.at("hover", name, line, 2)
    assert words in json.dumps(shown)
