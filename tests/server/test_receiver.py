"""The receiver: what is genuine counts once, everything else changes nothing."""

import asyncio
import json
import time

import httpx
import pytest

from runner.server.inbox import Inbox
from runner.server.receiver import MAX_BODY, receiver
from runner.server.signatures import fresh_secret, signed_headers

SECRET = fresh_secret()


def event(run_id="trun_1", status="completed", kind="task_run.status"):
    return json.dumps({"type": kind, "data": {"run_id": run_id, "status": status}}).encode()


@pytest.fixture
def inbox(tmp_path):
    inbox = Inbox(tmp_path / "webhooks.sqlite")
    yield inbox
    inbox.close()


@pytest.fixture
def post(inbox):
    came = []
    app = receiver(path="/hook", secret=SECRET, inbox=inbox, came=lambda: came.append(1))

    def send(body, headers=None, message="m1", path="/hook", method="POST"):
        if headers is None:
            headers = signed_headers(SECRET, message, int(time.time()), body)

        async def go():
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.request(method, path, content=body, headers=headers)

        return asyncio.run(go())

    send.came = came
    return send


def test_a_genuine_webhook_is_written_down_and_answered(post, inbox):
    assert post(event()).json() == {"status": "ok"}
    assert inbox.waiting() == ["trun_1"]
    assert post.came == [1]


def test_a_duplicate_counts_once_even_when_it_was_seen_to(post, inbox):
    post(event())
    inbox.done("trun_1")
    again = post(event())
    assert (again.status_code, again.json()) == (200, {"status": "duplicate"})
    assert inbox.waiting() == []
    assert post.came == [1]


def test_the_inbox_survives(post, inbox):
    post(event("trun_2"), message="a")
    post(event("trun_1"), message="b")
    inbox.close()
    reopened = Inbox(inbox.file)
    assert reopened.waiting() == ["trun_2", "trun_1"]
    assert not reopened.take("a", "trun_2", time.time())
    reopened.close()


@pytest.mark.parametrize("status", ["queued", "running", "cancelling"])
def test_a_run_that_is_under_way_is_not_waited_for(post, inbox, status):
    assert post(event(status=status)).status_code == 200
    assert inbox.waiting() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"null", event(kind="monitor.event"), b'{"type": "task_run.status"}',
     b'{"type": "task_run.status", "data": {"run_id": 5, "status": "failed"}}'],
)  # fmt: skip
def test_what_says_something_else_is_ignored(post, inbox, body):
    assert post(body).status_code == 200
    assert inbox.waiting() == []


def test_without_a_good_signature_nothing_changes(post, inbox):
    assert post(event(), headers={}).status_code == 401
    wrong = signed_headers(fresh_secret(), "m", int(time.time()), event())
    assert post(event(), headers=wrong).status_code == 401
    old = signed_headers(SECRET, "m", int(time.time()) - 3_600, event())
    assert post(event(), headers=old).status_code == 401
    assert inbox.waiting() == []
    assert post.came == []


def test_other_paths_and_methods_are_refused(post):
    assert post(event(), path="/").status_code == 404
    assert post(event(), method="GET").status_code == 405


def test_a_large_body_is_refused_before_it_is_read(inbox):
    """At most one chunk more than allowed is taken, whatever length is promised."""
    app = receiver(path="/", secret=SECRET, inbox=inbox, came=lambda: None)
    chunk = b"x" * 65_536

    async def go(headers):
        taken, sent = 0, []

        async def receive():
            nonlocal taken
            taken += 1
            return {"type": "http.request", "body": chunk, "more_body": True}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers,
                 "query_string": b"", "root_path": "", "http_version": "1.1"}  # fmt: skip
        await app(scope, receive, send)
        return taken * len(chunk), sent[0]["status"]

    read, status = asyncio.run(go([]))
    assert (status, read <= MAX_BODY + len(chunk)) == (413, True)
    read, status = asyncio.run(go([(b"content-length", b"999999999")]))
    assert (status, read) == (413, 0)


def test_the_largest_body_is_read(post, inbox):
    body = event()[:-1] + b" " * (MAX_BODY - len(event())) + b"}"
    assert (len(body), post(body).status_code) == (MAX_BODY, 200)
    assert inbox.waiting() == ["trun_1"]
