"""What the cache already answers, for planning the steps that read it; nothing is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from runner.execute.cache import Cache
from runner.execute.outcomes import Outcome, unanswered, withheld
from runner.execute.portions import portions
from runner.execute.standing import Standings
from runner.execute.survey import CHUNK
from runner.jsonvalue import JSON
from runner.planning.calls import Call


def known_outcomes(
    calls: Iterable[Call], cache: Cache | None, standings: Standings
) -> Iterator[Outcome]:
    """Yield one outcome per call, in order: what the cache answers, what failed, else `pending`."""
    for chunk in portions(calls, CHUNK):
        asked = [call for call in chunk if call.withheld is None]
        found = {
            call.fingerprint: standing
            for call, standing in zip(asked, standings.of(asked), strict=True)
        }
        fresh = [each for each, standing in found.items() if standing.state == "cached"]
        stored = {} if cache is None else cache.look(fresh)
        for call in chunk:
            entry = stored.get(call.fingerprint)
            if call.withheld is not None:
                yield withheld(call, call.withheld)
            elif entry is not None:
                yield _answered(call, entry.answer)
            elif error := found[call.fingerprint].error:
                yield unanswered(call, "failed", error)
            else:
                yield unanswered(call, "pending", "Not asked yet")


def _answered(call: Call, answer: Mapping[str, JSON]) -> Outcome:
    return Outcome(
        step=call.step,
        row=call.row,
        key=call.key,
        item=call.item,
        status="ok",
        output=answer["output"],
        basis=answer["basis"],
        run_id=answer["run_id"],
        cached=True,
        interaction_id=answer.get("interaction_id") or answer["run_id"],
    )
