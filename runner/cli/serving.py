"""What the commands that serve have in common: where they may listen, and how they end."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import socket
from typing import Any

import click

from runner.errors import UsageError
from runner.server.loopback import is_loopback

NEEDED = ("starlette", "uvicorn")


def check_installed() -> None:
    """Raise where the web server is not installed.

    Raises:
        UsageError: it is an extra that is not there.
    """
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise UsageError(
            "This command needs Starlette and uvicorn, which are not installed",
            hint="pip install 'research-runner[serve]'",
        )


def check_binding(host: str, key: str | None) -> None:
    """Raise where a server would answer strangers.

    Raises:
        UsageError: the host is not this machine alone, and there is no key.
    """
    check_installed()
    if not key and not is_loopback(host):
        raise UsageError(
            f"Without a key this listens to this machine only, not on '{host}'",
            hint="Give a --key that requests must carry, or leave --host away",
        )


async def run_until_stopped(app: Any, listener: socket.socket, *, ready: str) -> None:
    """Print where the app is ready, and serve it until SIGINT or SIGTERM."""
    from runner.server.serving import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    click.echo(ready)
    await serve(app, listener, stop)
