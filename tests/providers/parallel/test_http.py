"""Connections survive whatever becomes of those who use them."""

import asyncio
import gc

import httpx
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


def test_an_answered_request_leaves_nothing_for_the_collector(server):
    """Each body is a megabyte or more; a run of very many rows collects seldom."""

    def kept():
        return [each for each in gc.get_objects() if isinstance(each, httpx.Request)]

    async def go():
        http = Http(base_url=server.url, key=server.key)
        groups = TaskGroups(lambda: http)
        group = await groups.create_group()
        gc.collect()
        gc.disable()
        try:
            before = len(kept())
            for number in range(5):
                await groups.add(group, {f"{number}": {"input": "x", "processor": "core"}})
            return len(kept()) - before
        finally:
            gc.enable()
            await http.close()

    assert asyncio.run(go()) <= 0
