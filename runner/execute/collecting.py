"""Collecting the outcome of one run that the ledger knows, without buying anything."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from runner.errors import UnknownRunError
from runner.execute.cache import Cache
from runner.execute.ledger import Ledger
from runner.execute.terms import entry_of
from runner.providers.base import FINISHED, Runs

Collected: TypeAlias = Literal["kept", "known", "stranger", "later"]
"""Its outcome was stored now; or had been before; it is none of ours; or look again later."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")


async def collect(run_id: str, *, runs: Runs, cache: Cache, ledger: Ledger) -> Collected:
    """Fetch and store the outcome of a run: first in the cache, then in the ledger.

    Raises:
        RunnerError: the provider cannot be asked, or the state directory cannot be used.
    """
    if not _ID.fullmatch(run_id):
        return "stranger"
    try:
        run = await runs.result(run_id)
    except UnknownRunError:
        return "stranger"
    fingerprint = run.fingerprint or ""
    purchase = ledger.look([fingerprint]).get(fingerprint)
    if purchase is None or purchase.run_id not in (None, run_id):
        return "stranger"
    if purchase.run_id is None or run.status not in FINISHED:
        return "later"  # Its request may not have been answered yet.
    if purchase.state != "submitted":
        return "known"
    if run.answer is not None:
        cache.put_many([entry_of((fingerprint, run.answer, run.ended_at))])
    ledger.settled({fingerprint: run.error})
    return "kept"
