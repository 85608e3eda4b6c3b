"""What the commands that serve have in common: where they may listen, and how they end."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import socket
from collections.abc import Callable
from typing import Any

import click

from runner.cli.options import Command
from runner.errors import UsageError
from runner.server.loopback import is_loopback

NEEDED = ("starlette", "uvicorn")

host_option = click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on.",
)


def port_option(default: int) -> Callable[[Command], Command]:
    """Take the port to listen on."""
    return click.option(
        "--port",
        metavar="PORT",
        type=click.IntRange(0, 65_535),
        default=default,
        show_default=True,
        help="The port to listen on; 0: any that is free.",
    )


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
