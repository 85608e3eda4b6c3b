"""What telemetry says of a request, in the words of OpenTelemetry's conventions for HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit

from runner.frozen import frozen
from runner.providers.exchanges import Exchange


@frozen
class About:
    """Which run it is that is told of."""

    job: str
    run: str
    provider: str


def shared_attributes(exchange: Exchange) -> dict[str, str | int]:
    """Return what spans and metrics say of a request alike: few values, whatever the run."""
    address = urlsplit(exchange.host)
    said: dict[str, str | int] = {
        "http.request.method": exchange.method,
        "server.address": address.hostname or "",
        "url.scheme": address.scheme,
        "url.template": exchange.route,
    }
    if address.port is not None:
        said["server.port"] = address.port
    if exchange.status is not None:
        said["http.response.status_code"] = exchange.status
    if exchange.is_failed:
        said["error.type"] = str(exchange.status or exchange.error or "_OTHER")
    return said


def request_attributes(exchange: Exchange) -> dict[str, str | int]:
    """Return what the span of a request says of it."""
    said = shared_attributes(exchange) | {"url.full": exchange.host + exchange.path}
    if exchange.attempt > 1:
        said["http.request.resend_count"] = exchange.attempt - 1
    return said
