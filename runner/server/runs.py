"""Runs and groups: what was accepted, and how far each is at this moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from runner.jsonvalue import JSON
from runner.server.wire import ACTIVE, name, now, warnings

PREMIUM = ("pro", "ultra")


def run_of(interaction: str) -> str:
    """Return the id of the run that an interaction is of; a run's own id names it too."""
    return interaction.replace("trun_i", "trun_")


class Run:
    """One accepted run; `body` is what was asked, with the specification it came to.

    `starts` and `ends` are moments of the event loop's clock; `fate` is the status it will end in.
    """

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
        "warnings",
    )

    body: Mapping[str, JSON]
    created: str
    done: asyncio.Event | None
    elements: bool
    ends: float
    error: Mapping[str, JSON] | None
    fate: str
    group: Group | None
    index: int
    key: str
    modified: str
    number: int
    run_id: str
    starts: float
    status: str
    warnings: list[str]

    @property
    def is_active(self) -> bool:
        """Whether it is under way."""
        return self.status in ACTIVE

    def wire(self, status: str | None = None) -> dict[str, JSON]:
        """Return the run object, by default in its present status."""
        status = status or self.status
        return {
            "run_id": self.run_id,
            "interaction_id": self.run_id.replace("trun_", "trun_i"),
            "status": status,
            "is_active": status in ACTIVE,
            "warnings": warnings(self.warnings) if status not in ACTIVE else None,
            "error": self.error if status == "failed" else None,
            "processor": self.body["processor"],
            "metadata": self.body.get("metadata"),
            "taskgroup_id": None if self.group is None else self.group.group_id,
            "created_at": self.created,
            "modified_at": self.modified,
        }

    def watched(self) -> bool:
        """Tell whether progress events are recorded."""
        wanted: bool | None = self.body.get("enable_events")
        return str(self.body["processor"]).startswith(PREMIUM) if wanted is None else wanted


class Group:
    """A task group; `ended` has its finished runs in the order of their ends.

    `changed` is set at the next change, and then replaced.
    """

    def __init__(
        self,
        metadata: Mapping[str, JSON] | None,
        *,
        group_id: str | None = None,
        created: str | None = None,
    ) -> None:
        self.group_id = group_id or name("tgrp")
        self.metadata = metadata
        self.created = self.modified = created or now()
        self.runs: list[Run] = []
        self.ended: list[Run] = []
        self.counts: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.stale = self.status()

    def stir(self) -> None:
        """Wake everyone who waits for a change."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    @property
    def active(self) -> bool:
        """Whether any of its runs is under way."""
        return any(self.counts[status] for status in ACTIVE)

    def status(self) -> dict[str, JSON]:
        """Return the status object."""
        self.stale = {
            "num_task_runs": len(self.runs),
            "task_run_status_counts": {status: n for status, n in self.counts.items() if n},
            "is_active": self.active,
            "status_message": None,
            "modified_at": self.modified,
        }
        return self.stale

    def wire(self) -> dict[str, JSON]:
        """Return the group object."""
        return {
            "taskgroup_id": self.group_id,
            "metadata": self.metadata,
            "status": self.status(),
            "created_at": self.created,
        }
