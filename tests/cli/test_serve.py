"""`runner serve` as a user starts it: the official client and the vendor's own command line."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import parallel
import pytest

from runner.server.faults import Dice, Faults
from runner.server.loopback import is_loopback
from tests.server.commands import Command
from tests.server.conftest import NOTES

PARALLEL_CLI = shutil.which("parallel-cli", path=str(Path(sys.executable).parent))
COLUMNS = [
    {"name": "founded_year", "description": "Year of foundation", "type": "int"},
    {"name": "headquarters", "description": "City of the head office"},
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notes").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    return tmp_path


def serve(folder, *more):
    return Command("serve", "--documents", "notes", "--port", 0, *more, folder=folder)


def post(server, body, **headers):
    return httpx.post(f"{server.url}/v1/search", json=body, headers=headers)


SEARCH = {"search_queries": ["Acme"]}


def test_it_says_where_it_is_and_ends_well(folder):
    server = serve(folder, "--billing", "bills.jsonl")
    assert server.url.startswith("http://127.0.0.1:")
    assert post(server, SEARCH).json()["results"][0]["url"] == "acme.md"
    assert server.close() == 0
    said = "".join(server.said)
    assert "2 documents from notes" in said
    assert f"export PARALLEL_BASE_URL={server.url}" in said
    (bill,) = (folder / "bills.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(bill)["kind"] == "search"


def test_with_a_key_it_answers_nobody_else_and_never_shows_it(folder):
    with serve(folder, "--key", "very-secret") as server:
        assert post(server, SEARCH).status_code == 401
        assert post(server, SEARCH, **{"x-api-key": "wrong"}).status_code == 401
        assert post(server, SEARCH, **{"x-api-key": "very-secret"}).status_code == 200
    assert "very-secret" not in "".join(server.said)


def test_without_a_key_no_web_page_can_ask(folder):
    """A browser sends the name a page was loaded from, whatever address that name has now."""
    with serve(folder) as server:
        for headers, status in (
            ({"host": "attacker.example:8787"}, 421),
            ({"origin": "https://attacker.example"}, 421),
            ({"origin": "null"}, 421),
            ({"host": "localhost:1"}, 200),
            ({"origin": "http://localhost:3000"}, 200),
        ):
            assert post(server, SEARCH, **headers).status_code == status


def test_state_survives_and_has_one_server(folder):
    with serve(folder, "--state", "kept") as server:
        client = parallel.Parallel(api_key="any", base_url=server.url)
        run = client.task_run.create(input="Acme", processor="base").run_id
        first = client.task_run.result(run).output
        with pytest.raises(AssertionError, match="is in use by another server"):
            serve(folder, "--state", "kept")
        client.close()
    secret = next(line for line in server.said if "WEBHOOK_SECRET" in line)
    with serve(folder, "--state", "kept") as server:
        client = parallel.Parallel(api_key="any", base_url=server.url)
        assert client.task_run.result(run).output == first
        client.close()
    assert secret in server.said


def test_faults_come_from_the_command_line(folder):
    more = ("--rate-limit", "2/min", "--latency", "60", "--faults", '{"cut_after": {"skip": 1}}')
    with serve(folder, *more) as server:
        assert post(server, SEARCH).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            post(server, SEARCH)
        limited = post(server, SEARCH)
        assert limited.status_code == 429
        assert 0 < int(limited.headers["retry-after"]) <= 60
        body = {"input": "x", "processor": "base"}
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"{server.url}/v1/tasks/runs", json=body)


def test_rates_are_shares_drawn_from_the_seed(folder):
    dice = Dice(Faults(error_before=0.5, seed=7))
    expected = [not dice.strikes("error_before", route="search") for _ in range(20)]
    with serve(folder, "--fail", "0.5", "--seed", 7) as server:
        statuses = [post(server, SEARCH).status_code for _ in range(20)]
    assert [status == 200 for status in statuses] == expected
    assert set(statuses) <= {200, 500, 502, 503}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--host", "0.0.0.0"], "Without a key"),
        (["--host", "192.0.2.1"], "Without a key"),
        (["--rate-limit", "often"], "60/min"),
        (["--webhooks-to", "localhost:8788"], "is no address"),
        (["--fail", "2"], "0"),
        (["--faults", '{"cut_afterr": 1}'], "There is no fault 'cut_afterr'"),
        (["--faults", "cut"], "The faults are not right"),
        (["--faults", '{"failed": {"often": 1}}'], "The faults are not right"),
        (["--billing", "notes/acme.md/x"], "cannot be written"),
        (["--state", "notes/acme.md/x"], "state"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_command_line_is_said(folder, words, says):
    done = subprocess.run(
        [sys.executable, "-m", "runner", "serve", "--documents", "notes", "--port", "0", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_and_a_folder_without_documents(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(AssertionError, match="cannot be listened on"):
            Command(
                "serve", "--documents", "notes", "--port", taken.getsockname()[1], folder=folder
            )
    (folder / "empty").mkdir()
    with pytest.raises(AssertionError, match="No document matches"):
        Command("serve", "--documents", "empty", "--port", 0, folder=folder)


@pytest.mark.parametrize("command", ["serve", "webhook"])
def test_without_the_extra_one_sentence_says_how_to_get_it(folder, command):
    code = (
        "import sys; sys.modules['starlette'] = None; sys.argv[0] = 'runner';"
        "from runner.cli.main import main; main()"
    )
    words = ["--documents", "notes"] if command == "serve" else []
    done = subprocess.run(
        [sys.executable, "-c", code, command, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "pip install 'research-runner[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("host", "is_it"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.example", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_apart(host, is_it):
    assert is_loopback(host) is is_it


@pytest.mark.skipif(PARALLEL_CLI is None, reason="parallel-web-tools is not installed")
class TestTheVendorsCommandLine:
    def ask(self, server, folder, *words):
        environment = {
            **os.environ,
            "PARALLEL_API_URL": server.url,
            "PARALLEL_BASE_URL": server.url,
            "PARALLEL_API_KEY": "any",
            "HOME": str(folder),
        }
        done = subprocess.run(
            [PARALLEL_CLI, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def test_search(self, folder):
        with serve(folder) as server:
            found = json.loads(self.ask(server, folder, "search", "Where is Globex?", "--json"))
        assert found["results"][0]["url"] == "globex.md"

    def test_enrich_a_csv(self, folder):
        (folder / "in.csv").write_text("company\nAcme\nGlobex\n", encoding="utf-8")
        with serve(folder) as server:
            self.ask(
                *(server, folder, "enrich", "run", "--source-type", "csv", "--processor", "base"),
                *("--source", "in.csv", "--target", "out.csv"),
                *("--source-columns", '[{"name": "company", "description": "Company"}]'),
                *("--enriched-columns", json.dumps(COLUMNS)),
            )
        with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
            rows = {row["company"]: row for row in csv.DictReader(file)}
        assert rows["Acme"]["founded_year"] == "1901"
        assert "Oslo" in rows["Globex"]["headquarters"]

    def test_research(self, folder):
        with serve(folder) as server:
            words = ("research", "run", "Acme anvils", "--text", "--poll-interval", "1", "-o", "r")
            self.ask(server, folder, *words)
        assert "anvils" in (folder / "r.md").read_text(encoding="utf-8")
