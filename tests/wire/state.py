"""Runs and groups: what was accepted, and how far each is at this moment."""

from __future__ import annotations

import asyncio
import heapq
import json
import math
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.wire.answers import canonical, run_output, shape_hash
from tests.wire.faults import Dice
from tests.wire.logs import Billing

ACTIVE = frozenset({"queued", "running", "cancelling"})
QUEUED_SHARE = 0.1
PREMIUM = ("pro", "ultra")


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def error(message: str, detail: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"ref_id": f"ref_{uuid.uuid4().hex}", "message": message, "detail": detail}


class Run:
    """One accepted run; `body` is what was asked, with the specification it came to."""

    __slots__ = (
        "body",
        "created",
        "done",
        "elements",
        "ends",
        "error",
        "fate",
        "group",
        "index",
        "key",
        "modified",
        "number",
        "run_id",
        "starts",
        "status",
    )

    def output(self) -> dict[str, Any] | None:
        if self.status != "completed":
            return None
        return run_output(self.body, self.key, elements=self.elements)

    def wire(self, status: str | None = None) -> dict[str, Any]:
        """Return the run object, by default in its present status."""
        status = status or self.status
        return {
            "run_id": self.run_id,
            "interaction_id": self.run_id.replace("trun_", "trun_i"),
            "status": status,
            "is_active": status in ACTIVE,
            "warnings": None,
            "error": self.error if status == "failed" else None,
            "processor": self.body["processor"],
            "metadata": self.body.get("metadata"),
            "taskgroup_id": None if self.group is None else self.group.group_id,
            "created_at": self.created,
            "modified_at": self.modified,
        }

    def watched(self) -> bool:
        """Tell whether progress events are recorded."""
        wanted = self.body.get("enable_events")
        return self.body["processor"].startswith(PREMIUM) if wanted is None else wanted


class Group:
    def __init__(self, metadata: Mapping[str, Any] | None) -> None:
        self.group_id = f"tgrp_{uuid.uuid4().hex}"
        self.metadata = metadata
        self.created = self.modified = now()
        self.runs: list[Run] = []
        self.ended: list[Run] = []
        self.counts: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.stale = self.status()

    @property
    def active(self) -> bool:
        return any(self.counts[status] for status in ACTIVE)

    def status(self) -> dict[str, Any]:
        self.stale = {
            "num_task_runs": len(self.runs),
            "task_run_status_counts": {name: n for name, n in self.counts.items() if n},
            "is_active": self.active,
            "status_message": None,
            "modified_at": self.modified,
        }
        return self.stale

    def wire(self) -> dict[str, Any]:
        return {
            "taskgroup_id": self.group_id,
            "metadata": self.metadata,
            "status": self.status(),
            "created_at": self.created,
        }


class Store:
    """Everything accepted; runs move on by the clock of the event loop."""

    def __init__(self, billing: Billing) -> None:
        self.runs: dict[str, Run] = {}
        self.groups: dict[str, Group] = {}
        self.in_flight = 0
        self._billing = billing
        self._bought: Counter[str] = Counter()
        self._shapes: dict[str, tuple[str, Any]] = {}
        self._due: list[tuple[float, int, str, Run]] = []
        self._timer: asyncio.TimerHandle | None = None

    def new_group(self, metadata: Mapping[str, Any] | None) -> Group:
        group = Group(metadata)
        self.groups[group.group_id] = group
        return group

    def accept(
        self,
        bodies: Sequence[dict[str, Any]],
        *,
        dice: Dice,
        group: Group | None = None,
        elements: bool = False,
    ) -> list[Run]:
        """Take all of the runs, and bill them before anybody hears of it."""
        clock, created = asyncio.get_running_loop().time(), now()
        runs = [
            self._run(body, dice=dice, group=group, clock=clock, created=created) for body in bodies
        ]
        for run in runs:
            run.elements = elements
        self._billing.write(
            {
                "id": run.run_id,
                "kind": "run",
                "key": run.key,
                "input": run.body["input"],
                "processor": run.body["processor"],
                "metadata": run.body.get("metadata"),
            }
            for run in runs
        )
        self.settle()
        return runs

    def _run(
        self,
        body: dict[str, Any],
        *,
        dice: Dice,
        group: Group | None,
        clock: float,
        created: str,
    ) -> Run:
        run = Run()
        shape, spec = self._shape(body)
        run.body = {**body, "task_spec": spec} if spec is not None else body
        run.key = canonical(body, shape)
        run.run_id = f"trun_{uuid.uuid4().hex}"
        run.number = len(self.runs)
        run.created = run.modified = created
        run.group, run.done, run.error = group, None, None
        nth, self._bought[run.key] = self._bought[run.key], self._bought[run.key] + 1
        run.fate = dice.fate(f"{run.key}:{nth}", run.key)
        seconds = math.inf if run.fate == "endless" else dice.seconds(run.key)
        run.starts = clock + (0.0 if math.isinf(seconds) else seconds * QUEUED_SHARE)
        run.ends = clock + seconds
        run.status = "queued"
        self.runs[run.run_id] = run
        self.in_flight += 1
        if group is not None:
            run.index = len(group.runs)
            group.runs.append(run)
            group.counts["queued"] += 1
            group.modified = created
        if seconds:
            heapq.heappush(self._due, (run.starts, run.number, "running", run))
        else:
            self._move(run, run.fate, created)
        return run

    def _shape(self, body: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the hash of what shapes an answer, and one shared copy of equal specifications."""
        spec = body.get("task_spec")
        if any(body.get(name) for name in ("source_policy", "advanced_settings", "mcp_servers")):
            return shape_hash(body), spec
        text = json.dumps([spec, body.get("previous_interaction_id")])
        if text not in self._shapes:
            self._shapes[text] = (shape_hash(body), spec)
        return self._shapes[text]

    def settle(self) -> None:
        """Move every run on to where the clock says it is."""
        loop = asyncio.get_running_loop()
        moment, modified = loop.time(), ""
        while self._due and self._due[0][0] <= moment:
            _, number, status, run = heapq.heappop(self._due)
            modified = modified or now()
            self._move(run, status, modified)
            if status == "running" and not math.isinf(run.ends):
                heapq.heappush(self._due, (run.ends, number, run.fate, run))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            self._timer = loop.call_at(self._due[0][0], self.settle)

    def release(self) -> None:
        """Complete every run that would never end."""
        for run in self.runs.values():
            if run.fate == "endless" and run.status in ACTIVE:
                run.fate = "completed"
                self._move(run, "completed", now())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _move(self, run: Run, status: str, modified: str) -> None:
        group = run.group
        if group is not None:
            group.counts[run.status] -= 1
            group.counts[status] += 1
            group.modified = modified
        run.status, run.modified = status, modified
        if status == "failed":
            run.error = error("The run failed: no source could be read", {"reason": "sources"})
        if status not in ACTIVE:
            self.in_flight -= 1
            if run.done is not None:
                run.done.set()
            if group is not None:
                group.ended.append(run)
        if group is not None:
            group.changed.set()
