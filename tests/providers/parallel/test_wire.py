"""The test server speaks Parallel's format: the official client, in strict mode, is the judge."""

import asyncio
import json
import time
from email.utils import parsedate_to_datetime

import httpx
import parallel
import pytest
from parallel import AsyncParallel, Parallel

from tests.wire import Fault, Faults, WireProcess, WireServer, canonical, expected_answer

SCHEMA = {
    "type": "object",
    "properties": {
        "founded_year": {"type": "integer", "description": "Year"},
        "city": {"type": "string"},
        "score": {"type": ["number", "null"]},
        "public": {"type": "boolean"},
        "brands": {"type": "array", "items": {"type": "string"}},
        "size": {"enum": ["small", "large"]},
        "owner": {"anyOf": [{"$ref": "#/$defs/owner"}, {"type": "null"}]},
    },
    "$defs": {"owner": {"type": "object", "properties": {"name": {"type": "string"}}}},
    "required": ["founded_year", "city", "score", "public", "brands", "size", "owner"],
    "additionalProperties": False,
}
SPEC = {"output_schema": {"type": "json", "json_schema": SCHEMA}}
ELEMENTS = "field-basis-2025-11-25"


def body(text: str = "Acme", **more) -> dict:
    return {"input": text, "processor": "core", "task_spec": SPEC, **more}


@pytest.fixture
def serve():
    """Start a server with faults; all are closed, and none may have failed in itself."""
    servers = []

    def start(**faults) -> WireServer:
        servers.append(WireServer(faults=Faults(**faults)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client_of():
    """Open official clients that refuse any body off the contract, and never ask twice."""
    clients = []

    def connect(server: WireServer | WireProcess, key: str | None = None) -> Parallel:
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


@pytest.fixture
def http_of():
    """Open bare clients, for what the official one hides."""
    clients = []

    def connect(server: WireServer) -> httpx.Client:
        clients.append(httpx.Client(base_url=server.url, headers={"x-api-key": server.key}))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def plain(model) -> dict:
    return model.model_dump(mode="json", exclude_unset=True)


@pytest.mark.parametrize(
    "spec",
    [SPEC, {"output_schema": "A short report"}, {"output_schema": {"type": "auto"}}, None],
    ids=["json", "text", "auto", "none"],
)
def test_run_from_creation_to_result(serve, client_of, spec):
    server = serve()
    client = client_of(server)
    asked = {"input": {"company": "Acme"}, "processor": "pro", "metadata": {"row": "7"}}
    if spec is not None:
        asked["task_spec"] = spec
    run = client.task_run.create(**asked)
    assert (run.status, run.is_active, run.metadata) == ("queued", True, {"row": "7"})
    assert client.task_run.retrieve(run.run_id).status == "completed"
    result = client.task_run.result(run.run_id)
    assert plain(result.output) == expected_answer(asked)
    assert [entry.field for entry in result.output.basis] == (
        ["output"] if result.output.type == "text" else list(result.output.content)
    )
    assert server.bought() == {canonical(asked): 1}
    assert server.bills()[0]["id"] == run.run_id


def test_basis_of_list_elements_needs_the_beta_header(serve, client_of):
    client = client_of(serve())
    run = client.task_run.create(**body(), betas=[ELEMENTS])
    output = client.task_run.result(run.run_id).output
    assert plain(output) == expected_answer(body(), elements=True)
    assert "brands.0" in [entry.field for entry in output.basis]


def test_progress_of_one_run(serve, client_of):
    client = client_of(serve(run_seconds=0.2))
    run = client.task_run.create(**body(), enable_events=True)
    events = list(client.task_run.events(run.run_id))
    kinds = {event.type.split(".")[1] for event in events}
    assert kinds == {"progress_msg", "progress_stats", "state"}
    assert events[-1].run.status == "completed"
    assert [event.progress_meter for event in events if event.type.endswith("stats")] == [
        *(20, 40, 60, 80, 100)
    ]


def test_group_in_the_order_of_its_inputs(serve, client_of):
    server = serve()
    client = client_of(server)
    group = client.task_group.create(metadata={"job": "test"})
    asked = [body(f"row {number}", metadata={"row": str(number)}) for number in range(120)]
    first = client.task_group.add_runs(group.task_group_id, inputs=asked[:100])
    second = client.task_group.add_runs(group.task_group_id, inputs=asked[100:])
    assert (first.run_cursor, first.event_cursor) == (None, None)
    assert second.status.num_task_runs == 120
    seen = list(
        client.task_group.get_runs(group.task_group_id, include_input=True, include_output=True)
    )
    assert [event.run.run_id for event in seen] == first.run_ids + second.run_ids
    assert [event.input.metadata["row"] for event in seen] == [str(n) for n in range(120)]
    assert [plain(event.output) for event in seen] == [expected_answer(each) for each in asked]
    later = list(client.task_group.get_runs(group.task_group_id, last_event_id=second.run_cursor))
    assert [event.run.run_id for event in later] == second.run_ids
    assert later[0].output is None
    ended = [
        event.run.run_id
        for event in client.task_group.events(
            group.task_group_id, last_event_id=second.event_cursor
        )
        if event.type == "task_run.state"
    ]
    assert ended == second.run_ids
    counts = client.task_group.retrieve(group.task_group_id).status.task_run_status_counts
    assert counts == {"completed": 120}
    alone = client.task_group.retrieve_run(first.run_ids[3], task_group_id=group.task_group_id)
    assert alone.task_group_id == group.task_group_id
    assert set(server.bought().values()) == {1}


def test_default_specification_of_a_group(serve, client_of):
    client = client_of(serve())
    group = client.task_group.create().task_group_id
    asked = {"input": "Acme", "processor": "lite"}
    client.task_group.add_runs(group, inputs=[asked], default_task_spec=SPEC)
    (event,) = client.task_group.get_runs(group, include_output=True)
    assert plain(event.output) == expected_answer(asked, default_task_spec=SPEC)


def test_group_stays_open_while_it_is_active(serve, client_of):
    server = serve(run_seconds=0.15, endless="forever")
    client = client_of(server)
    group = client.task_group.create().task_group_id
    inputs = [body("quick"), body("forever")]
    assert client.task_group.add_runs(group, inputs=inputs).status.is_active
    (event, _) = client.task_group.get_runs(group, include_output=True)
    assert (event.run.is_active, event.output) == (True, None)
    assert list(client.task_group.get_runs(group, status="completed")) == []
    started = time.monotonic()
    events = list(client.task_group.events(group, api_timeout=0.4))
    assert 0.3 < time.monotonic() - started < 2
    assert [e.run.status for e in events if e.type == "task_run.state"] == ["completed"]
    assert events[-1].status.is_active
    server.release()
    assert not list(client.task_group.events(group))[-1].status.is_active


def test_stale_status_when_it_is_not_refreshed(serve, client_of):
    client = client_of(serve(run_seconds=5))
    group = client.task_group.create().task_group_id
    added = client.task_group.add_runs(group, inputs=[body()], refresh_status=False)
    assert (added.status.is_active, added.status.num_task_runs) == (False, 0)
    assert client.task_group.retrieve(group).status.is_active


def test_beta_paths_are_the_same(serve, http_of):
    http = http_of(serve())
    group = http.post("/v1beta/tasks/groups", json={}).json()["taskgroup_id"]
    added = http.post(f"/v1beta/tasks/groups/{group}/runs", json={"inputs": [body()]}).json()
    assert added["run_ids"][0] in http.get(f"/v1beta/tasks/groups/{group}/events").text
    assert http.get(f"/v1/tasks/groups/{group}").json()["status"]["num_task_runs"] == 1


def test_search_and_extract(serve, client_of):
    server = serve()
    client = client_of(server)
    search = {
        "objective": "Who makes anvils?",
        "search_queries": ["anvil makers"],
        "advanced_settings": {"max_results": 3},
    }
    found = client.search(**search, session_id="mine")
    assert found.session_id == "mine"
    assert [plain(page) for page in found.results] == expected_answer(search)["results"]
    assert len(found.results) == 3
    extract = {"urls": ["https://example.org/a", "https://example.org/missing"]}
    read = client.extract(**extract, advanced_settings={"full_content": True})
    assert (read.results[0].url, read.errors[0].http_status_code) == (extract["urls"][0], 404)
    assert read.results[0].full_content
    assert [bill["kind"] for bill in server.bills()] == ["search", "extract"]


def test_async_client(serve):
    async def ask(server: WireServer) -> list[dict]:
        async with AsyncParallel(
            api_key=server.key, base_url=server.url, _strict_response_validation=True
        ) as client:

            async def one(text: str) -> dict:
                run = await client.task_run.create(**body(text))
                return plain((await client.task_run.result(run.run_id)).output)

            answers = await asyncio.gather(*(one(str(number)) for number in range(20)))
            group = (await client.task_group.create()).task_group_id
            await client.task_group.add_runs(group, inputs=[body("in a group")])
            async for event in await client.task_group.events(group):
                assert event.event_id
            stream = await client.task_group.get_runs(group, include_output=True)
            answers += [plain(event.output) async for event in stream]
            return answers

    texts = [*map(str, range(20)), "in a group"]
    answers = asyncio.run(ask(serve(run_seconds=0.05)))
    assert answers == [expected_answer(body(text)) for text in texts]


def run_of(client: Parallel) -> None:
    client.task_run.create(**body())


def batch_of(client: Parallel, *texts: str) -> str:
    group = client.task_group.create().task_group_id
    client.task_group.add_runs(group, inputs=[body(text) for text in texts or ("Acme",)])
    return group


@pytest.mark.parametrize(
    ("faults", "error", "status"),
    [
        ({"unauthorized": 1}, parallel.AuthenticationError, 401),
        ({"payment": 1}, parallel.APIStatusError, 402),
        ({"credit_runs": 0}, parallel.APIStatusError, 402),
        ({"credit_in_flight": 0}, parallel.APIStatusError, 402),
        ({"forbidden": 1}, parallel.PermissionDeniedError, 403),
        ({"invalid": "Acme"}, parallel.UnprocessableEntityError, 422),
        ({"invalid": "Acme", "invalid_shape": "detail"}, parallel.UnprocessableEntityError, 422),
        ({"too_many": 1}, parallel.RateLimitError, 429),
        ({"error_before": 1, "error_statuses": (500,)}, parallel.InternalServerError, 500),
        ({"error_before": 1, "error_statuses": (502,)}, parallel.InternalServerError, 502),
        ({"error_before": 1, "error_statuses": (503,)}, parallel.InternalServerError, 503),
        ({"cut_before": 1}, parallel.APIConnectionError, 0),
        ({"html_before": 1}, parallel.APIResponseValidationError, 200),
    ],
    ids=str,
)
def test_refused_before_anything_is_accepted(serve, client_of, faults, error, status):
    server = serve(**faults)
    with pytest.raises(error) as caught:
        run_of(client_of(server))
    assert getattr(caught.value, "status_code", 0) == status
    assert server.requests[-1]["status"] == status
    assert not server.bought()


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"error_after": 1}, parallel.InternalServerError),
        ({"cut_after": 1}, parallel.APIConnectionError),
        ({"cut_body": 1}, parallel.APIConnectionError),
        ({"truncated": 1}, ValueError),
        ({"html_after": 1}, parallel.APIResponseValidationError),
    ],
    ids=str,
)
def test_accepted_although_the_answer_is_lost(serve, client_of, faults, error):
    server = serve(**faults)
    client = client_of(server)
    with pytest.raises(error):
        run_of(client)
    assert server.bought() == {canonical(body()): 1}
    run_of(client)
    assert server.bought() == {canonical(body()): 2}


def test_accepted_later(serve, client_of):
    server = serve(cut_later=1, later_seconds=0.2)
    with pytest.raises(parallel.APIConnectionError):
        run_of(client_of(server))
    assert not server.bought()
    time.sleep(0.4)
    assert server.bought() == {canonical(body()): 1}


def test_the_key_and_what_does_not_exist(serve, client_of):
    server = serve()
    with pytest.raises(parallel.AuthenticationError):
        run_of(client_of(server, key="another"))
    client = client_of(server)
    for ask in (client.task_run.retrieve, client.task_run.result, client.task_group.retrieve):
        with pytest.raises(parallel.NotFoundError):
            ask("none")
    with pytest.raises(parallel.PermissionDeniedError):
        client.task_run.create(**{**body(), "processor": "psychic"})
    group = batch_of(client)
    server.faults = Faults(group_missing=1)
    with pytest.raises(parallel.NotFoundError):
        client.task_group.retrieve(group)
    assert client.task_group.retrieve(group).status.num_task_runs == 1


def test_failed_and_cancelled_and_endless_runs(serve, client_of):
    server = serve(failed="bad", cancelled="gone", endless="forever")
    client = client_of(server)
    bad, gone, forever = (
        client.task_run.create(**body(text)).run_id for text in ("bad", "gone", "forever")
    )
    failed = client.task_run.retrieve(bad)
    assert (failed.status, bool(failed.error.message)) == ("failed", True)
    assert client.task_run.retrieve(gone).status == "cancelled"
    for run_id in (bad, gone):
        with pytest.raises(parallel.NotFoundError):
            client.task_run.result(run_id)
    with pytest.raises(parallel.APIStatusError) as caught:
        client.task_run.result(forever, api_timeout=0)
    assert caught.value.status_code == 408
    server.release()
    assert plain(client.task_run.result(forever).output) == expected_answer(body("forever"))


def test_a_run_that_failed_may_be_bought_again(serve, client_of):
    client = client_of(serve(failed=1))
    statuses = [
        client.task_run.retrieve(client.task_run.create(**body()).run_id).status for _ in range(2)
    ]
    assert statuses == ["failed", "completed"]


@pytest.mark.parametrize("shape", ["", "detail", "error"])
def test_one_invalid_input_refuses_the_batch(serve, client_of, shape):
    server = serve(invalid="BAD", invalid_shape=shape)
    client = client_of(server)
    with pytest.raises(parallel.UnprocessableEntityError) as caught:
        batch_of(client, "a", "b", "c", "BAD")
    if shape == "error":
        assert caught.value.body["type"] == "error"
    else:
        (wrong,) = caught.value.body["detail"]
        assert wrong["loc"] == ["body", "inputs", 3, "input"]
    assert not server.bought()


def test_documented_rules_are_kept(serve, client_of):
    client = client_of(serve())
    for wrong in (
        {"metadata": {"a key that is too long": "x"}},
        {"metadata": {"key": "x" * 513}},
        {"input": "x" * 25_001},
        {"task_spec": {"output_schema": {"json_schema": {"type": "array"}}}},
        {
            "task_spec": {
                "output_schema": {
                    "json_schema": {"type": "object", "properties": {"a": {"pattern": "x"}}}
                }
            }
        },
    ):
        with pytest.raises(parallel.UnprocessableEntityError):
            client.task_run.create(**{**body(), **wrong})
    with pytest.raises(parallel.UnprocessableEntityError):
        batch_of(client, *map(str, range(1_001)))
    with pytest.raises(parallel.UnprocessableEntityError):
        client.extract(urls=["https://example.org"] * 21)
    with pytest.raises(parallel.UnprocessableEntityError):
        client.search(search_queries=[])


def test_too_many_requests_says_when_to_come_back(serve, http_of):
    server = serve(too_many=2, retry_after=3)
    http = http_of(server)
    assert http.post("/v1/tasks/groups", json={}).headers["retry-after"] == "3"
    server.faults = Faults(too_many=1, retry_after=30, retry_after_form="date")
    moment = http.post("/v1/tasks/groups", json={}).headers["retry-after"]
    assert 25 < parsedate_to_datetime(moment).timestamp() - time.time() <= 30
    server.faults = Faults(per_minute=2, minute=0.3)
    statuses = [http.post("/v1/tasks/groups", json={}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    time.sleep(0.35)
    assert http.post("/v1/tasks/groups", json={}).status_code == 200


def test_credit_comes_back_when_runs_end(serve, client_of):
    server = serve(credit_in_flight=2, run_seconds=0.2)
    client = client_of(server)
    group = batch_of(client, "a", "b")
    with pytest.raises(parallel.APIStatusError) as caught:
        client.task_group.add_runs(group, inputs=[body("c")])
    assert caught.value.status_code == 402
    list(client.task_group.events(group))
    client.task_group.add_runs(group, inputs=[body("c")])
    assert len(server.bought()) == 3


def test_streams_cut_and_short(serve, client_of):
    server = serve(stream_cut=Fault(count=1, routes=("group.runs",)), stream_after=2)
    client = client_of(server)
    group = batch_of(client, "a", "b", "c", "d")
    seen = []
    with pytest.raises((httpx.RemoteProtocolError, ValueError)):
        seen.extend(event.event_id for event in client.task_group.get_runs(group))
    assert server.requests[-1]["fault"] == "stream_cut"
    server.faults = Faults(stream_short=1, stream_after=2)
    first = [event.event_id for event in client.task_group.get_runs(group)]
    rest = list(client.task_group.get_runs(group, last_event_id=first[-1]))
    assert (len(first), len(rest)) == (2, 2)


def test_a_cut_leaves_half_a_line(serve, client_of, http_of):
    server = serve()
    group = batch_of(client_of(server), "a", "b", "c", "d")
    server.faults = Faults(stream_cut=1, stream_after=2)
    received: list[bytes] = []
    with (
        http_of(server).stream("GET", f"/v1/tasks/groups/{group}/runs") as stream,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        received.extend(stream.iter_raw())
    assert b"".join(received).count(b"\n\n") == 2
    assert not received[-1].endswith(b"\n")


def parsed(stream: bytes) -> list[dict]:
    """Read a stream as the standard has it: a block without data is no event.

    The official client takes such a block for an event, and fails on its empty data.
    """
    events, data = [], []
    for line in stream.decode().splitlines():
        if not line and data:
            events.append(json.loads("\n".join(data)))
        data = data if line else []
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
    return events


def test_noise_is_within_the_standard(serve, client_of, http_of):
    server = serve()
    texts = [f"row {number} é" for number in range(60)]
    group = batch_of(client_of(server), *texts)
    path = f"/v1/tasks/groups/{group}/runs?include_output=true"
    still = http_of(server).get(path).content
    server.faults = Faults(stream_noise=True)
    noisy = http_of(server).get(path).content
    assert parsed(noisy) == parsed(still)
    assert [event["output"] for event in parsed(noisy)] == [
        expected_answer(body(text)) for text in texts
    ]
    for oddity in (b": keep-alive", b"retry: 3000", b"\r\n", b"data:{", b"\ndata:  "):
        assert oddity in noisy


@pytest.mark.parametrize("status", [404, 405, 501])
def test_event_streams_may_be_unavailable(serve, client_of, status):
    server = serve(stream_refused=1.0, stream_status=status)
    client = client_of(server)
    group = batch_of(client)
    with pytest.raises(parallel.APIStatusError) as caught:
        client.task_group.events(group)
    assert caught.value.status_code == status
    assert len(list(client.task_group.get_runs(group))) == 1


def test_an_output_may_be_missing_once(serve, client_of):
    client = client_of(serve(output_hidden=1))
    group = batch_of(client, "a", "b")
    seen = [
        [event.output is None for event in client.task_group.get_runs(group, include_output=True)]
        for _ in range(2)
    ]
    assert seen == [[True, False], [False, False]]


def test_slow_answers_and_run_times(serve, http_of):
    server = serve(slow=1, slow_seconds=0.4)
    http = http_of(server)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/tasks/runs", json=body(), timeout=0.1)
    assert server.bought() == {canonical(body()): 1}


def test_chance_is_reproducible(serve, http_of):
    def outcome(seed: int) -> list[int]:
        http = http_of(serve(seed=seed, error_before=0.3, run_seconds=0.01, run_sigma=1.0))
        return [http.post("/v1/tasks/runs", json=body()).status_code == 202 for _ in range(40)]

    assert outcome(1) == outcome(1) != outcome(2)
    assert 5 < outcome(1).count(False) < 20


def test_process_with_faults_on_the_command_line(tmp_path, client_of):
    faults = Faults(cut_after=Fault(count=1, routes=("run.create",)), failed="bad")
    assert Faults.from_json(faults.to_json()) == faults
    with WireProcess(tmp_path, faults=faults, seconds=30) as server:
        client = client_of(server)
        with pytest.raises(parallel.APIConnectionError):
            run_of(client)
        group = batch_of(client, "good", "bad")
        seen = [event.run.status for event in client.task_group.get_runs(group)]
        assert seen == ["completed", "failed"]
        assert len(server.bought()) == 3
        assert [request["status"] for request in server.requests] == [0, 200, 200, 200]
