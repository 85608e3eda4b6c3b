"""The server of `runner serve` over a few documents, in a thread, and official clients of it."""

import json

import pytest
from parallel import Parallel

from runner.server.local import open_answers
from tests.wire import WireServer

NOTES = {
    "acme.md": "# Acme\n\nFounded: 1901\nHeadquarters: Bern, Switzerland\n\nAcme makes anvils.\n",
    "globex.md": "# Globex\n\nGlobex was founded in 1989. Its head office is in Oslo, Norway.\n",
}
SCHEMA = {
    "type": "object",
    "properties": {
        "founded_year": {"type": ["integer", "null"], "description": "Year of foundation"},
        "headquarters": {"type": ["string", "null"], "description": "City of the head office"},
    },
    "required": ["founded_year", "headquarters"],
    "additionalProperties": False,
}
SPEC = {"output_schema": {"type": "json", "json_schema": SCHEMA}}


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def start(documents, tmp_path):
    """Start servers over the documents; all are closed, and none may have failed in itself."""
    servers = []

    def start(state="state", **more):
        folder = tmp_path / state
        server = WireServer(
            answers=lambda: open_answers(documents, folder)[0], state=folder, **more
        )
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client_of():
    """Open official clients that refuse any body off the contract, and never ask twice."""
    clients = []

    def connect(server, key=None):
        clients.append(
            Parallel(
                api_key=key or server.key,
                base_url=server.url,
                max_retries=0,
                _strict_response_validation=True,
            )
        )
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
