"""What the API's refusals mean: a status and a body become an error with a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from runner.errors import (
    BudgetError,
    InvalidRequestError,
    KeyRefusedError,
    ProcessorRefusedError,
    ProviderError,
    RunnerError,
    UnknownRunError,
)
from runner.jsonvalue import JSON

UNAUTHORIZED = 401
PAYMENT_REQUIRED = 402
FORBIDDEN = 403
NOT_FOUND = 404
STILL_ACTIVE = 408
UNPROCESSABLE = 422
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

_MOST = 500
"""Longer messages of a server are cut."""


def refusal(status: int, body: bytes, secret: str) -> RunnerError:
    """Return what a status below 500 other than 2xx, 408 and 429 means.

    `secret` is the key, which no message may repeat.
    """
    said = message_of(body).replace(secret, "…") if secret else message_of(body)
    match status:
        case 401:
            return KeyRefusedError(
                f"The API key was refused{_quoted(said)}",
                hint="Check PARALLEL_API_KEY, and that the key belongs to this PARALLEL_BASE_URL",
            )
        case 402:
            return BudgetError(
                f"The account has too little credit{_quoted(said)}",
                hint="Add credit and run again; what was bought is kept",
            )
        case 403:
            return ProcessorRefusedError(
                f"The processor was refused{_quoted(said)}",
                hint="Check 'processor' in the job, and what your plan includes",
            )
        case 404:
            return UnknownRunError(f"The provider does not know this{_quoted(said)}")
        case 422 | 400:
            return InvalidRequestError(
                f"The request was refused as invalid{_quoted(said)}",
                input_index=_input_index(body),
            )
        case _:
            return ProviderError(f"The provider refused the request ({status}){_quoted(said)}")


def message_of(body: bytes) -> str:
    """Return what an error body says, in either of its two shapes, on one line; "" if nothing."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(data, Mapping):
        return ""
    error = data.get("error")
    if isinstance(error, Mapping):
        detail = error.get("detail")
        parts = [str(error.get("message") or "")]
        if isinstance(detail, Mapping) and isinstance(detail.get("errors"), list):
            parts += [_fault(each) for each in detail["errors"]]
        return _short("; ".join(part for part in parts if part))
    detail = data.get("detail")
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return _short("; ".join(_fault(each) for each in detail))
    return _short(str(detail or error or data.get("message") or ""))


def _fault(entry: JSON) -> str:
    """Return one validation error as `field: message`."""
    if not isinstance(entry, Mapping):
        return str(entry)
    where = [str(part) for part in entry.get("loc") or () if part != "body"]
    said = str(entry.get("msg") or entry.get("message") or "")
    return f"{'.'.join(where)}: {said}" if where else said


def _input_index(body: bytes) -> int | None:
    """Return the index of the input that a validation error blames, where it names one alone."""
    try:
        detail = orjson.loads(body)["detail"]
        blamed = {entry["loc"][entry["loc"].index("inputs") + 1] for entry in detail}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError):
        return None
    sole = next(iter(blamed), None)
    return sole if len(blamed) == 1 and isinstance(sole, int) else None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _quoted(said: str) -> str:
    return f": {said}" if said else ""


def retry_after(header: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number, or an HTTP date)."""
    if header is None:
        return None
    text = header.strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, tz=UTC)).total_seconds())
