"""Where calls wait for their outcomes: a few in memory, many in a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Final

from runner.planning.calls import Call, Withheld

HELD: Final = 2_000
"""So many calls wait in memory."""


class Waiting:
    """Calls in their order; those in the file have lost their request's body, which is sent."""

    def __init__(self) -> None:
        self._held: list[Call] = []
        self._file: IO[str] | None = None

    def add(self, call: Call) -> None:
        """Let a call wait."""
        if len(self._held) < HELD:
            self._held.append(call)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see close
        processor = call.body.get("processor")
        line = (call.row, call.step, call.kind, call.key, call.item, processor, call.fingerprint)
        why = call.withheld and (call.withheld.status, call.withheld.reason)
        self._file.write(json.dumps((*line, str(call.price_usd), why)) + "\n")

    def __iter__(self) -> Iterator[Call]:
        yield from self._held
        if self._file is not None:
            self._file.seek(0)
            yield from map(_call, self._file)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()


def _call(line: str) -> Call:
    row, step, kind, key, item, processor, fingerprint, price, why = json.loads(line)
    return Call(
        row=row,
        step=step,
        kind=kind,
        key=key,
        item=item,
        body={} if processor is None else {"processor": processor},
        fingerprint=fingerprint,
        price_usd=Decimal(price),
        withheld=why and Withheld(status=why[0], reason=why[1]),
    )
