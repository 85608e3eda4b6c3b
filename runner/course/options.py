"""What a caller asks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from pathlib import Path

from runner.frozen import frozen
from runner.jsonvalue import JSON


@frozen
class Options:
    """What a caller asks of a run.

    Attributes:
        variables: Values that were given for the job's `vars`.
        provider: Asked in the place of the job's own.
        limit: So many of the first rows are asked for.
        refresh: Ask again, whatever the cache holds.
        offline: Use the cache only.
        max_cost: Commit to no more than this, in US dollars.
        wait: Wait for what is bought; else submit and leave.
        buy: Ask and buy what is new; else use what is stored, or on its way.
        out: The folder of report and results, in the place of the job's own.
        allow_outside: The job may read and write outside its project.
    """

    variables: Mapping[str, JSON] = field(default_factory=dict)
    provider: str | None = None
    limit: int | None = None
    refresh: bool = False
    offline: bool = False
    max_cost: Decimal | None = None
    wait: bool = True
    buy: bool = True
    out: Path | None = None
    allow_outside: bool = False

    @property
    def inputs(self) -> dict[str, JSON]:
        """Those that say how much is asked, and where it is written; the provider is the job's."""
        out = None if self.out is None else str(Path.cwd() / self.out)
        return {"limit": self.limit, "out": out}
