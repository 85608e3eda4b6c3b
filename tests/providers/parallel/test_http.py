"""Connections survive whatever becomes of those who use them."""

import asyncio

import pytest

from runner.errors import UnknownRunError
from runner.providers.parallel.groups import TaskGroups
from runner.providers.parallel.http import Http
from runner.server.faults import Faults

OFTEN = 200
"""A few in a hundred lose their connection where closing is not guarded; a pool holds five."""


@pytest.mark.parametrize("run_seconds", [0.0, 30.0])
def test_listeners_that_are_cancelled_at_any_moment_give_their_connections_back(
    server, run_seconds
):
    server.faults = Faults(run_seconds=run_seconds)
    body = {"input": "x", "processor": "core"}

    async def go():
        http = Http(base_url=server.url, key=server.key)
        groups = TaskGroups(lambda: http)
        group = await groups.create_group()
        await groups.add(group, {"a": body})

        async def listen(heard):
            async for _ in groups.watch(group, None):
                heard.set()

        for ticks in range(OFTEN):
            heard = asyncio.Event()
            listener = asyncio.create_task(listen(heard))
            await heard.wait()
            for _ in range(ticks % 12):
                await asyncio.sleep(0)
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
        async with asyncio.timeout(10):
            status = await groups.status(group)
        await http.close()
        return status

    assert asyncio.run(go()).total == 1


def test_an_unknown_group_is_told_apart(server):
    async def go():
        http = Http(base_url=server.url, key=server.key)
        try:
            await TaskGroups(lambda: http).status("tgrp_unknown")
        finally:
            await http.close()

    with pytest.raises(UnknownRunError):
        asyncio.run(go())
