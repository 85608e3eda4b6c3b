"""The official client asks the user's own documents, unmodified, and gets cited answers."""

import asyncio

import httpx
import parallel
import pytest
from parallel import AsyncParallel
from pydantic import BaseModel

from runner.server.faults import Faults
from tests.server.conftest import NOTES, SPEC


class Facts(BaseModel):
    founded_year: int | None
    headquarters: str | None


def test_a_task_with_a_pydantic_type(start, client_of):
    client = client_of(start())
    result = client.task_run.execute(input="Key facts about Acme", processor="core", output=Facts)
    assert result.output.parsed == Facts(founded_year=1901, headquarters="Bern, Switzerland")
    for entry in result.output.basis:
        (citation,) = entry.citations
        assert citation.url == "acme.md"
        assert citation.excerpts[0] in NOTES["acme.md"]


@pytest.mark.parametrize("output", ["A short report", {"type": "text"}, {"type": "auto"}, None])
def test_text_and_auto_output(start, client_of, output):
    spec = {} if output is None else {"task_spec": {"output_schema": output}}
    client = client_of(start())
    run = client.task_run.create(input="Acme anvils", processor="pro", **spec)
    result = client.task_run.result(run.run_id)
    is_text = output not in ({"type": "auto"}, None)
    assert result.output.type == ("text" if is_text else "json")
    assert "anvils" in str(result.output.content)
    if is_text:
        assert [entry.field for entry in result.output.basis] == ["output"]
    else:
        assert result.output.output_schema["type"] == "object"


def test_a_schema_without_its_type_and_an_input_that_is_a_record(start, client_of):
    client = client_of(start())
    spec = {"output_schema": {"json_schema": SPEC["output_schema"]["json_schema"]}}
    run = client.task_run.create(input={"company": "Globex"}, processor="base", task_spec=spec)
    assert client.task_run.result(run.run_id).output.content["founded_year"] == 1989


def test_search_and_extract(start, client_of):
    client = client_of(start())
    found = client.search(search_queries=["Globex head office"], objective="Where is Globex?")
    assert found.results[0].url == "globex.md"
    assert found.usage[0].name == "sku_search"
    one = client.search(search_queries=["founded"], advanced_settings={"max_results": 1})
    assert len(one.results) == 1
    none = client.search(search_queries=["zzz"], advanced_settings={"source_policy": {"include_domains": ["nowhere"]}})  # fmt: skip
    assert none.results == []
    read = client.extract(
        urls=["acme.md", "missing.md"],
        advanced_settings={"full_content": {"max_chars_per_result": 6}},
    )
    assert read.results[0].full_content == NOTES["acme.md"][:6]
    assert (read.errors[0].url, read.errors[0].http_status_code) == ("missing.md", 404)
    whole = client.extract(urls=["acme.md"], advanced_settings={"full_content": True})
    assert "Acme makes anvils." in whole.results[0].full_content


def test_a_group_from_the_async_client(start):
    async def ask(server):
        async with AsyncParallel(
            api_key=server.key, base_url=server.url, _strict_response_validation=True
        ) as client:
            group = (await client.task_group.create()).task_group_id
            inputs = [
                {"input": f"Facts about {name}", "processor": "base"} for name in ("Acme", "Globex")
            ]
            added = await client.task_group.add_runs(group, inputs=inputs, default_task_spec=SPEC)
            ended = set()
            async for event in await client.task_group.events(group):
                if event.type == "task_run.state":
                    ended.add(event.run.run_id)
            assert ended == set(added.run_ids)
            stream = await client.task_group.get_runs(group, include_output=True)
            return [event.output.content["founded_year"] async for event in stream]

    assert asyncio.run(ask(start())) == [1901, 1989]


def test_errors_are_the_clients_own_classes(start, client_of):
    server = start(faults=Faults(endless="forever"))
    client = client_of(server)
    with pytest.raises(parallel.AuthenticationError):
        client_of(server, key="wrong").search(search_queries=["x"])
    with pytest.raises(parallel.PermissionDeniedError):
        client.task_run.create(input="x", processor="psychic")
    with pytest.raises(parallel.NotFoundError):
        client.task_run.retrieve("trun_unknown")
    forever = client.task_run.create(input="forever", processor="base")
    with pytest.raises(parallel.APIStatusError) as caught:
        client.task_run.result(forever.run_id, api_timeout=0)
    assert caught.value.status_code == 408
    with pytest.raises(parallel.UnprocessableEntityError) as caught:
        client.task_run.create(input="x", processor="base", metadata={"k" * 17: "x"})
    assert caught.value.body["error"]["detail"]["errors"][0]["loc"] == [
        "body",
        "metadata",
        "k" * 17,
    ]
    server.faults = Faults(too_many=1)
    with pytest.raises(parallel.RateLimitError):
        client.search(search_queries=["x"])


def test_progress_names_the_documents(start, client_of):
    client = client_of(start(faults=Faults(run_seconds=0.1)))
    run = client.task_run.create(input="Acme", processor="pro")
    events = list(client.task_run.events(run.run_id))
    stats = [event.source_stats for event in events if event.type.endswith("stats")]
    assert stats[-1].num_sources_read == 2
    assert stats[-1].sources_read_sample == ["acme.md", "globex.md"]
    assert events[-1].run.status == "completed"


def test_state_survives_a_restart(start, client_of):
    """Runs, groups, outputs and cursors are as they were; what was under way is answered."""
    server = start(faults=Faults(endless="forever", failed="bad"))
    client = client_of(server)
    group = client.task_group.create(metadata={"job": "x"}).task_group_id
    inputs = [{"input": text, "processor": "base", "metadata": {"row": text}, "task_spec": SPEC}
              for text in ("Acme", "bad", "forever Globex")]  # fmt: skip
    added = client.task_group.add_runs(group, inputs=inputs)
    first = client.task_run.result(added.run_ids[0])
    http = httpx.Client(base_url=server.url, headers={"x-api-key": server.key})
    while client.task_group.retrieve(group).status.task_run_status_counts.get("failed") != 1:
        pass
    before = http.get(f"/v1/tasks/groups/{group}/runs?include_output=true&status=failed").text
    http.close()
    server.close()
    again = start()
    client = client_of(again)
    assert client.task_run.result(added.run_ids[0]).model_dump() == first.model_dump()
    assert client.task_run.retrieve(added.run_ids[1]).error.message
    assert client.task_run.result(added.run_ids[2]).output.content["founded_year"] == 1989
    http = httpx.Client(base_url=again.url, headers={"x-api-key": again.key})
    assert (
        http.get(f"/v1/tasks/groups/{group}/runs?include_output=true&status=failed").text == before
    )
    assert http.get(f"/v1/tasks/runs/{added.run_ids[2]}/input").json() == inputs[2]
    http.close()
    assert client.task_group.retrieve(group).metadata == {"job": "x"}
    ended = [event.run.run_id for event in client.task_group.events(group)
             if event.type == "task_run.state"]  # fmt: skip
    assert sorted(ended) == sorted(added.run_ids)
    assert ended[-1] == added.run_ids[2]


def test_results_can_be_read_again_and_again(start, client_of):
    client = client_of(start())
    run = client.task_run.create(input="Acme", processor="base", task_spec=SPEC).run_id
    assert client.task_run.result(run).model_dump() == client.task_run.result(run).model_dump()


@pytest.mark.parametrize(
    ("company", "place"), [("Acme", "Bern, Switzerland"), ("Globex", "Oslo, Norway")]
)
def test_a_task_that_follows_another_has_its_subject(start, client_of, company, place):
    client = client_of(start())
    more = {"processor": "base", "task_spec": SPEC}
    earlier = client.task_run.create(input=f"Facts about {company}", **more).interaction_id
    for question in ("And where is its head office?", "When was it founded?"):
        run = client.task_run.create(input=question, previous_interaction_id=earlier, **more)
        result = client.task_run.result(run.run_id)
        assert result.output.content["headquarters"] == place
        assert (result.run.warnings, result.run.interaction_id) == (None, run.interaction_id)
        earlier = run.interaction_id


def test_it_waits_for_the_earlier_run_and_survives_a_restart(start, client_of):
    server = start(faults=Faults(endless="forever"))
    client = client_of(server)
    more = {"processor": "base", "task_spec": SPEC}
    done = client.task_run.create(input="Key facts about Globex", **more)
    client.task_run.result(done.run_id)
    slow = client.task_run.create(input="Key facts about Globex (forever)", **more)
    waiting = client.task_run.create(input="And its head office?", previous_interaction_id=slow.interaction_id, **more)  # fmt: skip
    with pytest.raises(parallel.APIStatusError):
        client.task_run.result(waiting.run_id, api_timeout=1)
    server.close()
    client = client_of(start())
    for earlier in (done, slow):
        after = client.task_run.create(
            input="And its head office?", previous_interaction_id=earlier.interaction_id, **more
        )
        assert client.task_run.result(after.run_id).output.content["headquarters"] == "Oslo, Norway"
    found = client.task_run.result(waiting.run_id)
    assert found.output.content["headquarters"] == "Oslo, Norway"


def test_what_follows_a_failed_run_is_answered_with_a_warning(start, client_of):
    client = client_of(start(faults=Faults(failed="bad")))
    more = {"processor": "base", "task_spec": SPEC}
    failed = client.task_run.create(input="bad Globex", **more)
    after = client.task_run.create(input="Facts about Acme", previous_interaction_id=failed.interaction_id, **more)  # fmt: skip
    result = client.task_run.result(after.run_id)
    assert result.output.content["founded_year"] == 1901
    assert "answered by itself" in result.run.warnings[0].message


@pytest.mark.parametrize("strange", ["", "trun_i0", "local1.WzEsIkEiXQ==", "x" * 10_000, "trun_i\u20ac"])  # fmt: skip
def test_an_interaction_of_elsewhere_is_refused(start, client_of, strange):
    client = client_of(start())
    body = {"input": "And its head office?", "processor": "base", "previous_interaction_id": strange}  # fmt: skip
    with pytest.raises(parallel.UnprocessableEntityError) as caught:
        client.task_run.create(**body)
    (wrong,) = caught.value.body["error"]["detail"]["errors"]
    assert wrong["loc"] == ["body", "previous_interaction_id"]
    group = client.task_group.create().task_group_id
    with pytest.raises(parallel.UnprocessableEntityError) as caught:
        client.task_group.add_runs(group, inputs=[{"input": "Acme", "processor": "base"}, body])
    (wrong,) = caught.value.body["detail"]
    assert wrong["loc"] == ["body", "inputs", 1, "previous_interaction_id"]
