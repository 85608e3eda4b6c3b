"""One request on its way to its handler, and what handlers give back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.responses import Response

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.server.answers import Answers
from runner.server.faults import Dice
from runner.server.logs import Log
from runner.server.replies import json_response
from runner.server.store import Store
from runner.server.validation import Complaint
from runner.server.wire import error

ELEMENTS = "field-basis-2025-11-25"
"""The beta in which the basis also holds the elements of arrays."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request; `json` is its body, `names` are the ids in its path, `fault` what struck it."""

    route: str
    body: bytes
    json: JSON
    names: Mapping[str, str]
    query: Mapping[str, str]
    betas: str
    store: Store
    answers: Answers
    dice: Dice
    billing: Log
    fault: str = field(default="")

    @property
    def elements(self) -> bool:
        """Whether the basis of array elements was asked for."""
        return ELEMENTS in self.betas

    def flag(self, name: str, *, default: bool) -> bool:
        """Return what a query parameter says."""
        return self.query.get(name, str(default)).lower() in {"true", "1"}


@frozen
class Events:
    """An answer as a stream of events, in batches; an empty batch keeps the connection alive."""

    batches: AsyncIterator[list[JSON]]


Result: TypeAlias = Response | Events
Handler: TypeAlias = Callable[[Exchange], Awaitable[Result]]


def unprocessable(exchange: Exchange, complaints: list[Complaint], shape: str = "") -> Response:
    """Refuse a request, on group routes with the body that FastAPI gives."""
    if shape == "detail" or (not shape and exchange.route.startswith("group")):
        return json_response(422, {"detail": complaints})
    first = complaints[0]
    message = f"Request validation error: {first['msg']}"
    detail = None if shape == "error" else {"errors": complaints}
    return json_response(422, {"type": "error", "error": error(message, detail)})
