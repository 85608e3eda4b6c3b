"""OpenTelemetry at the command line: on where the environment says so, and never in the way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runner.cli.messages import show_warnings
from runner.execute.watching import Watcher, Watchers
from runner.telemetry.wishes import Wishes, wishes_of


@contextmanager
def telemetry_of(*, run: str, job: str, provider: str, quiet: bool) -> Iterator[Sequence[Watcher]]:
    """Yield the watchers that send a run's spans and metrics: none where nothing is wished for.

    The last is sent before this returns, or let go when nobody takes it within a few seconds.
    """
    wishes = wishes_of(os.environ)
    show_warnings([f"OpenTelemetry: {each}" for each in wishes.refused], quiet=quiet)
    if not wishes.are_any:
        yield ()
        return
    with _sending(wishes, run=run, job=job, provider=provider, quiet=quiet) as watchers:
        yield watchers


@contextmanager
def _sending(
    wishes: Wishes, *, run: str, job: str, provider: str, quiet: bool
) -> Iterator[Sequence[Watcher]]:
    try:
        from runner.telemetry.export import Telemetry
        from runner.telemetry.names import About

        about = About(run=run, job=job, provider=provider)
        telemetry = Telemetry(wishes, about, os.environ)
    except ImportError:
        warning = "OpenTelemetry is not installed: pip install 'research-runner[otel]'"
        show_warnings([warning], quiet=quiet)
        yield ()
        return
    except Exception as error:  # noqa: BLE001 - whatever a variable holds, the run goes on
        show_warnings([f"OpenTelemetry cannot be used: {error}"], quiet=quiet)
        yield ()
        return
    try:
        yield telemetry.watchers
    finally:
        # A run that could not even begin has not said that it is over.
        Watchers(telemetry.watchers).over("stopped")
        fault = telemetry.close()
        if fault is not None:
            show_warnings([f"OpenTelemetry: not everything was sent: {fault}"], quiet=quiet)
