"""Everything accepted; runs move on by the clock of the event loop."""

from __future__ import annotations

import asyncio
import heapq
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from runner.errors import RunnerError
from runner.jsonvalue import JSON
from runner.server.answers import Answers
from runner.server.archive import Archive
from runner.server.faults import Dice
from runner.server.logs import Log
from runner.server.questions import canonical, shape_hash
from runner.server.runs import Group, Run, run_of
from runner.server.wire import ACTIVE, error, name, now

QUEUED_SHARE = 0.1
"""This part of its time a run spends in the queue."""

_ALONE = "The run that this one follows has no answer: it is answered by itself"

WORKERS = 4
"""Runs that are answered side by side."""


class Store:
    """All runs and groups; `ended` hears of each run that is over.

    Runs take the time that the dice say. Where the answers are not repeatable, they are asked for
    while the run is running, kept in the archive, and the run takes as long as they do.
    """

    def __init__(
        self,
        *,
        answers: Answers,
        billing: Log,
        archive: Archive | None = None,
        ended: Callable[[Run], None] = lambda _run: None,
    ) -> None:
        self.runs: dict[str, Run] = {}
        self.groups: dict[str, Group] = {}
        self.in_flight = 0
        self._answers = answers
        self._billing = billing
        self._archive = archive
        self._ended = ended
        self._bought: Counter[str] = Counter()
        self._shapes: dict[str, tuple[str, JSON]] = {}
        self._due: list[tuple[float, int, str, Run]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._asked: asyncio.Queue[Run] = asyncio.Queue()
        self._followers: dict[str, list[Run]] = {}
        self._workers: list[asyncio.Task[None]] = []

    # -- life -------------------------------------------------------------------------------

    def start(self, dice: Dice) -> None:
        """Take up what the archive holds, and begin to answer."""
        if not self._answers.is_repeatable:
            self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]
        if self._archive is None:
            return
        for group_id, metadata, created in self._archive.groups():
            self.groups[group_id] = Group(metadata, group_id=group_id, created=created)
        over: list[tuple[int, Run]] = []
        for kept in self._archive.runs():
            group = self.groups.get(kept.group_id or "")
            run = self._new(kept.body, group=group, created=kept.created, elements=kept.elements)
            run.run_id, run.modified = kept.run_id, kept.modified
            run.error, run.warnings = kept.error, kept.warnings
            self.runs[run.run_id] = run
            if kept.status in ACTIVE:
                self._enter(run)
                self._schedule(run, dice)
            else:
                run.status = run.fate = kept.status
                if group is not None:
                    group.counts[run.status] += 1
                    group.modified = max(group.modified, run.modified)
                over.append((kept.ended or 0, run))
        for _, run in sorted(over, key=lambda each: each[0]):
            if run.group is not None:
                run.group.ended.append(run)
        self.settle()

    async def stop(self) -> None:
        """Leave everything as it is."""
        if self._timer is not None:
            self._timer.cancel()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    # -- accepting --------------------------------------------------------------------------

    def new_group(self, metadata: Mapping[str, JSON] | None) -> Group:
        """Open a group."""
        group = Group(metadata)
        self.groups[group.group_id] = group
        if self._archive is not None:
            self._archive.add_group(group)
        return group

    def earlier(self, body: Mapping[str, JSON]) -> Run | None:
        """Return the run that another one follows, if it is known."""
        return self.runs.get(run_of(body.get("previous_interaction_id") or ""))

    def accept(
        self,
        bodies: Sequence[Mapping[str, JSON]],
        *,
        dice: Dice,
        group: Group | None = None,
        elements: bool = False,
    ) -> list[Run]:
        """Take all of the runs, and bill them before anybody hears of it."""
        created = now()
        runs = [self._new(body, group=group, created=created, elements=elements) for body in bodies]
        if self._archive is not None:
            self._archive.add_runs(runs)
        for run in runs:
            self.runs[run.run_id] = run
            self._enter(run)
            self._schedule(run, dice)
        if group is not None:
            group.modified = created
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

    def _new(
        self, body: Mapping[str, JSON], *, group: Group | None, created: str, elements: bool
    ) -> Run:
        run = Run()
        shape, spec = self._shape(body)
        run.body = {**body, "task_spec": spec} if spec is not None else body
        run.key = canonical(body, shape)
        run.run_id = name("trun")
        run.created = run.modified = created
        run.group, run.done, run.error, run.warnings = group, None, None, []
        run.elements = elements
        run.starts = run.ends = 0.0
        run.status, run.fate = "queued", "completed"
        if group is not None:
            run.index = len(group.runs)
            group.runs.append(run)
        return run

    def _shape(self, body: Mapping[str, JSON]) -> tuple[str, JSON]:
        """Return the hash of what shapes an answer, and one shared copy of equal specifications."""
        spec = body.get("task_spec")
        if any(body.get(key) for key in ("source_policy", "advanced_settings", "mcp_servers")):
            return shape_hash(body), spec
        text = json.dumps([spec, body.get("previous_interaction_id")])
        if text not in self._shapes:
            self._shapes[text] = (shape_hash(body), spec)
        return self._shapes[text]

    # -- moving on --------------------------------------------------------------------------

    def _enter(self, run: Run) -> None:
        run.number = len(self.runs)
        self.in_flight += 1
        if run.group is not None:
            run.group.counts["queued"] += 1

    def _schedule(self, run: Run, dice: Dice) -> None:
        """Decide how a run ends, and when."""
        clock = asyncio.get_running_loop().time()
        nth, self._bought[run.key] = self._bought[run.key], self._bought[run.key] + 1
        run.fate = dice.fate(f"{run.key}:{nth}", run.key)
        seconds = math.inf if run.fate == "endless" else dice.seconds(run.key)
        run.starts = clock + (0.0 if math.isinf(seconds) else seconds * QUEUED_SHARE)
        run.ends = clock + seconds
        if seconds or self._is_asked(run):
            heapq.heappush(self._due, (run.starts, run.number, "running", run))
        else:
            self._move(run, run.fate, run.created)

    def _is_asked(self, run: Run) -> bool:
        return run.fate == "completed" and not self._answers.is_repeatable

    def settle(self) -> None:
        """Move every run on to where the clock says it is."""
        loop = asyncio.get_running_loop()
        moment, modified = loop.time(), ""
        while self._due and self._due[0][0] <= moment:
            _, number, status, run = heapq.heappop(self._due)
            modified = modified or now()
            if status == "running" and self._is_asked(run):
                self._ask(run)
                continue
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
            if run.fate == "endless" and run.is_active:
                run.fate = "completed"
                if self._is_asked(run):
                    run.ends = 0.0
                    self._ask(run)
                else:
                    self._move(run, "completed", now())

    def _ask(self, run: Run) -> None:
        """Have a run answered, after the one that it follows."""
        earlier = self.earlier(run.body)
        if earlier is not None and earlier.is_active:
            self._followers.setdefault(earlier.run_id, []).append(run)
        else:
            self._asked.put_nowait(run)

    def _move(self, run: Run, status: str, modified: str) -> None:
        group = run.group
        if group is not None:
            group.counts[run.status] -= 1
            group.counts[status] += 1
            group.modified = modified
        run.status, run.modified = status, modified
        if status == "failed" and run.error is None:
            run.error = error("The run failed: no source could be read", {"reason": "sources"})
        if status not in ACTIVE:
            self.in_flight -= 1
            if group is not None:
                group.ended.append(run)
            if self._archive is not None:
                self._archive.end(run)
            self._ended(run)
            if run.done is not None:
                run.done.set()
            for follower in self._followers.pop(run.run_id, ()):
                self._asked.put_nowait(follower)
        if group is not None:
            group.stir()

    # -- answers ----------------------------------------------------------------------------

    async def output(self, run: Run) -> JSON:
        """Return the output of a run that is completed, else None."""
        if run.status != "completed":
            return None
        if self._answers.is_repeatable:
            return (await self._answers.task(run.body, elements=run.elements)).output
        return None if self._archive is None else self._archive.output(run.run_id)

    async def _work(self) -> None:
        """Answer one run after another."""
        while True:
            run = await self._asked.get()
            if run.status == "queued":
                self._move(run, "running", now())
            body, warnings = self._in_context(run)
            try:
                told = await self._answers.task(body, elements=run.elements)
            except RunnerError as fault:
                run.error, run.fate = error(fault.message), "failed"
            except Exception as fault:  # noqa: BLE001 - the run's failure, not the server's
                run.error = error(f"The answer could not be worked out ({type(fault).__name__})")
                run.fate = "failed"
            else:
                run.warnings = [*warnings, *told.warnings]
                if self._archive is not None:
                    self._archive.keep_output(run.run_id, told.output, told.left)
            heapq.heappush(self._due, (run.ends, run.number, run.fate, run))
            self.settle()

    def _in_context(self, run: Run) -> tuple[Mapping[str, JSON], list[str]]:
        """Return a run's body with what the run that it follows has left, and warnings."""
        if run.body.get("previous_interaction_id") is None:
            return run.body, []
        earlier = self.earlier(run.body)
        left = None
        if earlier is not None and self._archive is not None:
            left = self._archive.left(earlier.run_id)
        body = {**run.body, "previous_interaction_id": left}
        return body, [] if left is not None else [_ALONE]
