"""What may go wrong, as plain values; `trouble` applies them.

A `Share` says when a fault strikes: a float is a rate (0.2: every fifth, drawn from the seed), an
int a count (3: the first three), a text a marker (runs or bodies that contain it), and a `Fault`
says the same with a limit, routes, or requests to spare first. The names of the routes are those
of `routes.ROUTES`: `run.create`, `group.add`, `search`, and so on.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self

from runner.errors import UsageError
from runner.jsonvalue import JSON


@dataclass(frozen=True, kw_only=True)
class Fault:
    """When a fault strikes.

    Attributes:
        rate: The share of requests or runs that it may strike.
        count: It strikes at most so often.
        skip: So many that it could strike are spared first.
        marker: It strikes only where this text occurs.
        routes: It strikes only these routes; none named: all that the fault concerns.
    """

    rate: float = 1.0
    count: int | None = None
    skip: int = 0
    marker: str = ""
    routes: tuple[str, ...] = ()


Share = float | int | str | Fault


def as_fault(share: Share) -> Fault | None:
    """Return the long form of a share; nothing for a fault that never strikes."""
    match share:
        case Fault():
            return share
        case str():
            return Fault(marker=share) if share else None
        case bool():
            return Fault() if share else None
        case int():
            return Fault(count=share) if share else None
        case _:
            return Fault(rate=share) if share else None


@dataclass(frozen=True, kw_only=True)
class Faults:
    """All faults of a server; by default it has none.

    Attributes:
        seed: Where all chance comes from.
        run_seconds: How long a run takes; the median when `run_sigma` is set.
        run_sigma: The spread of a lognormal distribution of run times.
        slow: Answers that come `slow_seconds` late; what was asked takes effect at once.
        slow_seconds: How late they come.
        too_many: 429 with `retry_after`, as seconds or as an HTTP date.
        retry_after: How many seconds a 429 asks to wait.
        retry_after_form: How it says so.
        per_minute: A real limit on creating requests per class (search, extract, tasks) and
            `minute` seconds.
        minute: How many seconds that minute has.
        error_before: One of `error_statuses` before anything was accepted.
        error_after: The same after it was accepted: done and billed, yet the answer is an error.
        error_statuses: Which errors these are.
        cut_before: The connection closes before anything was accepted.
        cut_after: The connection closes after it was accepted: the answer is lost.
        cut_later: The connection closes at once, and the request takes effect `later_seconds`
            afterwards.
        later_seconds: How long afterwards.
        cut_body: The connection closes in the middle of the body; accepted.
        truncated: Half a JSON body, with the length it has; accepted.
        html_before: A page of HTML with status 200; not accepted.
        html_after: A page of HTML with status 200; accepted.
        stream_cut: Streams that break in the middle of a line, after `stream_after` events
            (drawn from the seed when negative).
        stream_short: Streams that end cleanly too early, after `stream_after` events.
        stream_after: How many events such a stream gives first.
        stream_noise: Comments, keep-alives, CRLF, `retry:` blocks, ids, several data lines.
        stream_refused: Event streams (not the run streams) answer `stream_status`.
        stream_status: With which status.
        output_hidden: Completed runs whose output is missing from the first stream they are in.
        failed: Runs that fail.
        cancelled: Runs that are cancelled.
        endless: Runs that never end.
        unauthorized: 401 in spite of the right key.
        forbidden: 403, as for an unknown processor.
        payment: 402.
        credit_runs: 402 once so many runs were accepted.
        credit_in_flight: 402 while so many runs are active.
        invalid: 422 for the inputs struck; with a batch it is refused whole.
        invalid_shape: The body of that 422: `detail` names the rows, `error` only says that
            something is wrong; empty: what the route gives otherwise.
        group_missing: 404 on a group that exists.
    """

    seed: int = 0
    run_seconds: float = 0.0
    run_sigma: float = 0.0
    slow: Share = 0
    slow_seconds: float = 1.0
    too_many: Share = 0
    retry_after: float = 1.0
    retry_after_form: Literal["seconds", "date", "none"] = "seconds"
    per_minute: int = 0
    minute: float = 60.0
    error_before: Share = 0
    error_after: Share = 0
    error_statuses: tuple[int, ...] = (500, 502, 503)
    cut_before: Share = 0
    cut_after: Share = 0
    cut_later: Share = 0
    later_seconds: float = 0.5
    cut_body: Share = 0
    truncated: Share = 0
    html_before: Share = 0
    html_after: Share = 0
    stream_cut: Share = 0
    stream_short: Share = 0
    stream_after: int = -1
    stream_noise: bool = False
    stream_refused: Share = 0
    stream_status: Literal[404, 405, 501] = 404
    output_hidden: Share = 0
    failed: Share = 0
    cancelled: Share = 0
    endless: Share = 0
    unauthorized: Share = 0
    forbidden: Share = 0
    payment: Share = 0
    credit_runs: int | None = None
    credit_in_flight: int | None = None
    invalid: Share = 0
    invalid_shape: Literal["", "detail", "error"] = ""
    group_missing: Share = 0

    @classmethod
    def from_json(cls, text: str, **others: object) -> Self:
        """Read faults from JSON; a `Fault` is a mapping, and 1 is a count where 1.0 is a rate.

        `others` hold where the text says nothing.

        Raises:
            UsageError: the text is no JSON object, or names a fault that there is not.
        """
        known = [each.name for each in fields(cls)]
        try:
            given = json.loads(text)
            unknown = sorted(given.keys() - set(known))
            if not unknown:
                read = {name: _read(value) for name, value in given.items()}
                return cls(**{**others, **read})
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(
                f"The faults are not right: {error}",
                hint='They read like {"cut_after": 0.2, "failed": {"count": 3}}',
            ) from error
        raise UsageError(f"There is no fault '{unknown[0]}'", hint=f"There are: {', '.join(known)}")

    def to_json(self) -> str:
        """Return what is not as it usually is."""
        changed = {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != each.default
        }
        return json.dumps(changed)


class Dice:
    """Decides, reproducibly, whom the faults strike; keeps count."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._struck: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._chance: dict[str, random.Random] = {}
        self._lock = threading.Lock()
        self._set = {
            each.name: fault
            for each in fields(faults)
            if each.type == "Share" and (fault := as_fault(getattr(faults, each.name)))
        }

    def chance(self, name: str) -> random.Random:
        """Return the stream of chance of one fault."""
        return self._chance.setdefault(name, random.Random(f"{self.faults.seed}:{name}"))

    def sets(self, name: str) -> bool:
        """Tell whether a fault is set at all."""
        return name in self._set

    def reads(self, name: str) -> bool:
        """Tell whether a fault goes by a marker in the text."""
        return name in self._set and bool(self._set[name].marker)

    def strikes(self, name: str, *, route: str = "", text: str = "", key: str = "") -> bool:
        """Decide whether a fault strikes now; with a key, the key alone decides."""
        fault = self._set.get(name)
        if fault is None or (fault.routes and route not in fault.routes):
            return False
        if fault.marker and fault.marker not in text:
            return False
        with self._lock:
            self._seen[name] += 1
            if self._seen[name] <= fault.skip:
                return False
            if fault.count is not None and self._struck[name] >= fault.count:
                return False
            if fault.rate < 1 and self._drawn(name, key) >= fault.rate:
                return False
            self._struck[name] += 1
            return True

    def seconds(self, key: str) -> float:
        """Return how long a run takes."""
        faults = self.faults
        if not faults.run_seconds or not faults.run_sigma:
            return faults.run_seconds
        chance = random.Random(f"{faults.seed}:{key}")
        return chance.lognormvariate(math.log(faults.run_seconds), faults.run_sigma)

    def fate(self, key: str, text: str) -> str:
        """Return how a run ends; `key` names the run and how often it was bought before."""
        for fate in ("failed", "cancelled", "endless"):
            if fate in self._set and self.strikes(fate, key=key, text=text):
                return fate
        return "completed"

    def _drawn(self, name: str, key: str) -> float:
        if not key:
            return self.chance(name).random()
        digest = hashlib.blake2b(f"{self.faults.seed}:{name}:{key}".encode(), digest_size=8)
        return int.from_bytes(digest.digest()) / 2**64


def _read(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return Fault(**{name: _read(inner) for name, inner in value.items()})
    return tuple(value) if isinstance(value, list) else value


def _plain(value: JSON) -> JSON:
    if isinstance(value, Fault):
        return {
            each.name: getattr(value, each.name)
            for each in fields(value)
            if getattr(value, each.name) != each.default
        }
    return value
