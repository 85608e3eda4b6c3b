"""In which order steps are asked: side by side where none reads the other."""

from __future__ import annotations

from collections.abc import Sequence

from runner.job.model import Step
from runner.planning.reading import ALL, names_judged, names_read


def needs(step: Step, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the steps that a step reads or follows; they stand before it in `ids`."""
    read = names_read(step, "steps") | {step.follows}
    return tuple(id_ for id_ in ids[: ids.index(step.id)] if id_ in read or ALL in read)


def waves(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Return the steps in groups, each of which reads only groups before it, its checks included.

    A step reads steps before it in the file only, so there is no circle.
    """
    ids = [step.id for step in steps]
    depth: dict[str, int] = {}
    for step in steps:
        judged = names_judged(step, "steps")
        before = [id_ for id_ in depth if id_ in judged or ALL in judged]
        depth[step.id] = 1 + max((depth[id_] for id_ in (*needs(step, ids), *before)), default=-1)
    return [
        tuple(step for step in steps if depth[step.id] == level)
        for level in range(max(depth.values()) + 1)
    ]
