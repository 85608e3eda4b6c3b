"""Webhooks out: signed, tried until they are heard, and not lost when the server stops."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from standardwebhooks import Webhook

from runner.server.deliveries import Deliveries, Patience
from runner.server.faults import Faults
from runner.server.signatures import fresh_secret
from tests.wire import WireServer

SECRET = fresh_secret()
PATIENCE = 30.0


class Listener:
    """Hears webhooks; answers those it is told to with an error."""

    def __init__(self) -> None:
        self.heard: list[dict] = []
        self.statuses: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                Webhook(SECRET).verify(body, dict(self.headers))
                listener.heard.append({"id": self.headers["webhook-id"], **json.loads(body)})
                status = listener.statuses.pop(0) if listener.statuses else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def wait_for(self, count: int) -> list[dict]:
        ends = time.monotonic() + PATIENCE
        while len(self.heard) < count:
            assert time.monotonic() < ends, self.heard
            time.sleep(0.01)
        return self.heard

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def deliveries(**more) -> Deliveries:
    patience = more.pop("patience", Patience(first=0.02, longest=0.05))
    return Deliveries(secret=SECRET, patience=patience, **more)


def create(server, url, text="Acme", **more):
    webhook = {"url": url, "event_types": ["task_run.status"], **more}
    body = {"input": text, "processor": "base", "webhook": webhook}
    headers = {"x-api-key": server.key}
    return httpx.post(f"{server.url}/v1/tasks/runs", json=body, headers=headers).json()["run_id"]


def test_a_run_tells_of_its_end_with_a_good_signature(listener):
    with WireServer(deliveries=deliveries(), faults=Faults(failed="bad")) as server:
        good, bad = create(server, listener.url), create(server, listener.url, "bad")
        heard = {each["data"]["run_id"]: each for each in listener.wait_for(2)}
    assert heard[good]["type"] == heard[bad]["type"] == "task_run.status"
    assert heard[good]["data"]["status"] == "completed"
    assert heard[bad]["data"]["status"] == "failed"
    assert heard[bad]["data"]["error"]["message"]
    assert heard[good]["timestamp"]


def test_it_is_tried_again_under_the_same_id_until_it_is_heard(listener):
    listener.statuses = [500, 302, 404]
    with WireServer(deliveries=deliveries()) as server:
        create(server, listener.url)
        heard = listener.wait_for(4)
        time.sleep(0.2)
    assert len(heard) == 4
    assert len({each["id"] for each in heard}) == 1


def test_it_is_given_up_at_last(listener):
    said = []
    listener.statuses = [500] * 50
    patient = deliveries(patience=Patience(first=0.01, longest=0.02, give_up=0.08), say=said.append)
    with WireServer(deliveries=patient) as server:
        create(server, listener.url)
        ends = time.monotonic() + PATIENCE
        while not any("given up" in line for line in said):
            assert time.monotonic() < ends
            time.sleep(0.01)
        tried = len(listener.heard)
        time.sleep(0.1)
    assert len(listener.heard) == tried
    assert "answered 500" in said[0]


def test_a_pause_doubles_up_to_the_longest():
    patience = Patience(first=5, longest=3_600)
    assert [patience.pause(n) for n in (1, 2, 3, 20, 5_000)] == [5, 10, 20, 3_600, 3_600]


def test_without_event_types_nothing_is_told(listener):
    with WireServer(deliveries=deliveries()) as server:
        create(server, listener.url, event_types=[])
        create(server, listener.url, "another")
        (heard,) = listener.wait_for(1)
    assert heard["data"]["status"] == "completed"
    assert len(listener.heard) == 1


def test_what_was_not_heard_is_told_after_a_restart(listener, tmp_path):
    listener.statuses = [500] * 500
    slow = Patience(first=0.05, longest=0.05)
    with _kept(tmp_path, slow) as server:
        run_id = create(server, listener.url)
        listener.wait_for(1)
    first, listener.statuses = len(listener.heard), []
    with _kept(tmp_path, slow):
        heard = listener.wait_for(first + 1)
        time.sleep(0.2)
    assert {each["data"]["run_id"] for each in heard} == {run_id}
    assert len({each["id"] for each in heard}) == 1
    with _kept(tmp_path, slow):
        time.sleep(0.1)
    assert len(listener.heard) == first + 1


def _kept(folder, patience):
    return WireServer(state=folder, deliveries=deliveries(patience=patience))


def test_all_can_be_sent_elsewhere(listener):
    with WireServer(deliveries=deliveries(forward_to=listener.url)) as server:
        create(server, "https://hooks.example.com/runner")
        listener.wait_for(1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://[", "http://\x00", "https://"])
def test_an_address_that_is_none_harms_nobody(listener, url):
    with WireServer(deliveries=deliveries()) as server:
        create(server, url)
        create(server, listener.url)
        listener.wait_for(1)
