"""In which order steps are asked: each as soon as what it reads is there."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from runner.frozen import frozen
from runner.job.model import Step
from runner.planning.reading import ALL, names_judged, names_read


@frozen
class Wave:
    """Steps that begin together, for they wait for the same steps: `after`, by id."""

    steps: tuple[Step, ...]
    after: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its steps."""
        return tuple(step.id for step in self.steps)


def needs(step: Step, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the steps that a step reads or follows; they stand before it in `ids`."""
    return _among(names_read(step, "steps") | {step.follows}, step, ids)


def waves(steps: Sequence[Step]) -> list[Wave]:
    """Return the steps in waves; a wave comes after those that it waits for, in the file's order.

    A step waits for what its request reads, and for what its checks read. That stands before it in
    the file, so there is no circle.
    """
    ids = [step.id for step in steps]
    together: dict[tuple[str, ...], list[Step]] = {}
    for step in steps:
        read = names_read(step, "steps") | names_judged(step, "steps") | {step.follows}
        together.setdefault(_among(read, step, ids), []).append(step)
    return [Wave(steps=tuple(each), after=after) for after, each in together.items()]


def _among(read: AbstractSet[str | None], step: Step, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(id_ for id_ in ids[: ids.index(step.id)] if id_ in read or ALL in read)
