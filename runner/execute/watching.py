"""What a run tells of itself while it goes: to the terminal, to logs, to telemetry, alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from runner.execute.fates import Fate
from runner.execute.outcomes import Outcome
from runner.planning.calls import Call
from runner.providers.base import GroupStatus, RunProgress
from runner.providers.exchanges import Exchange

End: TypeAlias = Literal["done", "failed", "running", "budget", "stopped", "interrupted"]
"""How a run ended; `stopped` by an error."""


class Watcher:
    """Is told how a run goes; the default listens to nothing."""

    def began(self, steps: Sequence[str]) -> None:
        """Hear that the calls of some steps are asked from now on."""

    def ended(self, steps: Sequence[str]) -> None:
        """Hear that these steps have all their outcomes."""

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Hear what became of distinct calls, by fingerprint."""

    def group(self, group: str, status: GroupStatus) -> None:
        """Hear how many runs of a group have each status."""

    def run(self, name: str, progress: RunProgress) -> None:
        """Hear what a single run says of its progress."""

    def exchanged(self, exchange: Exchange) -> None:
        """Hear of a request that was made."""

    def outcome(self, call: Call, outcome: Outcome) -> None:
        """Hear what a row's call came to."""

    def committed(self, cost_usd: Decimal) -> None:
        """Hear what the run has committed to so far; told now and then, and at its end."""

    def over(self, end: End) -> None:
        """Hear that the run is over; the last that is heard of it."""


class Watchers(Watcher):
    """Tells several watchers, in order."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def began(self, steps: Sequence[str]) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.began(steps)

    def ended(self, steps: Sequence[str]) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.ended(steps)

    def settled(self, fates: Mapping[str, Fate]) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.settled(fates)

    def group(self, group: str, status: GroupStatus) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.group(group, status)

    def run(self, name: str, progress: RunProgress) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.run(name, progress)

    def exchanged(self, exchange: Exchange) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.exchanged(exchange)

    def outcome(self, call: Call, outcome: Outcome) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.outcome(call, outcome)

    def committed(self, cost_usd: Decimal) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.committed(cost_usd)

    def over(self, end: End) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher.over(end)
