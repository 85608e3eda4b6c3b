"""`runner webhook`: hears that runs are over, stores their outcomes, and finishes waiting jobs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path

import click

from runner.cli.serving import check_installed, host_option, port_option, run_until_stopped
from runner.errors import KeyRefusedError, UsageError
from runner.execute.state import State, find_state, open_state


@click.command("webhook")
@host_option
@port_option(8788)
@click.option(
    "--path", metavar="PATH", default="/", show_default=True, help="Where webhooks are posted."
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
def command(host: str, port: int, path: str, *, quiet: bool) -> None:
    """Hear that runs are over, and finish jobs that wait.

    Each is verified with PARALLEL_WEBHOOK_SECRET. The answers are fetched with PARALLEL_API_KEY;
    when a job's last one is in, its results and report are written. Start it where you start
    `runner run --no-wait`.
    """
    check_installed()
    if not path.startswith("/"):
        raise UsageError(f"The path '{path}' does not begin with a slash", hint=f"--path /{path}")
    secret = os.environ.get("PARALLEL_WEBHOOK_SECRET", "").strip()
    if not secret:
        raise KeyRefusedError(
            "There is no webhook secret",
            hint="Set PARALLEL_WEBHOOK_SECRET to the one your account shows",
        )
    state = open_state(find_state(os.environ, Path.cwd()).folder)
    asyncio.run(_receive(host, port, path, secret, state, quiet=quiet))


async def _receive(
    host: str, port: int, path: str, secret: str, state: State, *, quiet: bool
) -> None:
    from runner.cli.pickup import Pickup
    from runner.execute.cache import Cache
    from runner.execute.ledger import Ledger
    from runner.providers.parallel.provider import open_parallel
    from runner.server.inbox import Inbox
    from runner.server.receiver import receiver
    from runner.server.serving import listen, url_of

    def say(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    provider = open_parallel(
        key=os.environ.get("PARALLEL_API_KEY"), base_url=os.environ.get("PARALLEL_BASE_URL")
    )
    listener = listen(host, port)
    inbox = Inbox(state.webhooks)
    try:
        with Cache(state.cache, time.time) as cache, Ledger(state.ledger) as ledger:
            pickup = Pickup(
                state=state, inbox=inbox, cache=cache, ledger=ledger, runs=provider.runs, say=say
            )
            app = receiver(path=path, secret=secret, inbox=inbox, came=pickup.wake, say=say)
            picking = asyncio.create_task(pickup.go())
            try:
                await run_until_stopped(app, listener, ready=url_of(listener) + path)
            finally:
                picking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await picking
    finally:
        inbox.close()
        await provider.close()
