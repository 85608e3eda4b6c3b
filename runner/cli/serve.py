"""`runner serve`: the local provider over HTTP, in Parallel's wire format."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.messages import show_warnings
from runner.cli.serving import check_binding, host_option, port_option, run_until_stopped
from runner.course.words import plural
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.server.faults import Faults

_RATE_LIMIT = re.compile(r"([1-9][0-9]*)(?:/min)?")


@click.command("serve")
@click.option(
    "--documents",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The documents to answer from; they are read at the start.",
)
@host_option
@port_option(8787)
@click.option("--key", metavar="KEY", help="Answer only requests that carry this API key.")
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep runs and groups here; without it they end with the server.",
)
@click.option(
    "--billing",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append a JSON line for each run, search and extract that was accepted.",
)
@click.option(
    "--webhook-secret",
    envvar="PARALLEL_WEBHOOK_SECRET",
    metavar="SECRET",
    help="Sign webhooks with this (PARALLEL_WEBHOOK_SECRET); without it one is made and shown.",
)
@click.option("--webhooks-to", metavar="URL", help="Send every webhook here instead.")
@click.option(
    "--latency", metavar="SECONDS", type=click.FloatRange(min=0), help="How long a run takes."
)
@click.option(
    "--fail",
    metavar="RATE",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of runs that fail, requests answered 5xx, and streams that are cut.",
)
@click.option(
    "--lose-answers",
    metavar="RATE",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of requests that are accepted, and whose answer never comes.",
)
@click.option("--rate-limit", metavar="N/min", help="Answer 429 to more creating requests.")
@click.option(
    "--seed",
    metavar="N",
    type=int,
    default=0,
    show_default=True,
    help="Where all chance comes from.",
)
@click.option("--faults", "more", metavar="JSON", help="Any other fault, by its name.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
def command(
    documents: Path,
    host: str,
    port: int,
    key: str | None,
    state: Path | None,
    billing: Path | None,
    webhook_secret: str | None,
    webhooks_to: str | None,
    latency: float | None,
    fail: float,
    lose_answers: float,
    rate_limit: str | None,
    seed: int,
    more: str | None,
    quiet: bool,
) -> None:
    """Answer over HTTP as the Parallel API does, from documents."""
    check_binding(host, key)
    if webhooks_to is not None and not webhooks_to.startswith(("http://", "https://")):
        raise click.BadParameter(f"'{webhooks_to}' is no address", param_hint="--webhooks-to")
    faults = _faults(latency, fail, lose_answers, rate_limit, seed, more)
    asyncio.run(
        _serve(
            documents=documents,
            host=host,
            port=port,
            key=key,
            state=state,
            billing=billing,
            secret=webhook_secret,
            webhooks_to=webhooks_to,
            faults=faults,
            quiet=quiet,
        )
    )


async def _serve(
    *,
    documents: Path,
    host: str,
    port: int,
    key: str | None,
    state: Path | None,
    billing: Path | None,
    secret: str | None,
    webhooks_to: str | None,
    faults: Faults,
    quiet: bool,
) -> None:
    import tempfile

    from runner.server.app import Service
    from runner.server.archive import Archive
    from runner.server.deliveries import Deliveries
    from runner.server.local import open_answers
    from runner.server.logs import Log
    from runner.server.serving import listen, url_of
    from runner.server.signatures import fresh_secret

    def say(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    with tempfile.TemporaryDirectory(prefix="runner-serve-") as temporary:
        folder = state or Path(temporary)
        archive = Archive(folder)
        listener = listen(host, port)
        billed = Log(billing)
        answers, warnings = open_answers(documents, folder)
        show_warnings(warnings, quiet=quiet)
        shown = "..." if secret else archive.secret("webhooks", fresh_secret())
        service = Service(
            answers=answers,
            key=key,
            faults=faults,
            archive=archive,
            billing=billed,
            failed=lambda failure: click.echo(f"runner made a mistake: {failure!r}", err=True),
            deliveries=Deliveries(secret=secret or shown, forward_to=webhooks_to, say=say),
        )
        async with service.running():
            url = url_of(listener)
            say(f"{plural(len(answers.sources), 'document')} from {documents}")
            say(f"  export PARALLEL_BASE_URL={url} PARALLEL_API_KEY={'...' if key else 'any'}")
            say(f"  export PARALLEL_WEBHOOK_SECRET={shown}")
            await run_until_stopped(service.app(), listener, ready=url)


def _faults(
    latency: float | None,
    fail: float,
    lose_answers: float,
    rate_limit: str | None,
    seed: int,
    more: str | None,
) -> Faults:
    from runner.server.faults import Faults

    given: dict[str, object] = {
        "seed": seed,
        "run_seconds": latency or 0.0,
        "per_minute": _per_minute(rate_limit),
        "failed": fail,
        "error_before": fail,
        "stream_cut": fail,
        "cut_after": lose_answers,
    }
    if not all(map(math.isfinite, (fail, lose_answers, latency or 0.0))):
        raise UsageError("A rate and a time must be finite numbers")
    return Faults.from_json(more or "{}", **given)


def _per_minute(rate_limit: str | None) -> int:
    if rate_limit is None:
        return 0
    found = _RATE_LIMIT.fullmatch(rate_limit.strip())
    if found is None:
        raise click.BadParameter(
            f"'{rate_limit}' is no rate, e.g. --rate-limit 60/min", param_hint="--rate-limit"
        )
    return int(found[1])
