"""The small shapes of the API that many answers share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import orjson

from runner.jsonvalue import JSON

ACTIVE = frozenset({"queued", "running", "cancelling"})
"""The statuses of a run that is under way."""


def now() -> str:
    """Return the moment as the API writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def name(kind: str) -> str:
    """Return a fresh id such as `trun_9907962f83aa4d9d98fd7f4bf745d654`."""
    return f"{kind}_{uuid.uuid4().hex}"


def error(message: str, detail: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """Return the API's error object."""
    return {"ref_id": name("ref"), "message": message, "detail": detail}


def warnings(messages: Iterable[str]) -> list[JSON] | None:
    """Return warnings as the API gives them; None where there are none."""
    told = [{"type": "warning", "message": message, "detail": None} for message in messages]
    return told or None


def encode(value: JSON) -> bytes:
    """Return a value as the JSON of a body."""
    try:
        return orjson.dumps(value)
    except TypeError:  # Integers beyond 64 bits.
        return json.dumps(value, ensure_ascii=False, default=_whole).encode()


def _whole(value: object) -> JSON:
    """Return what a fragment of JSON stands for."""
    return orjson.loads(orjson.dumps(value))
