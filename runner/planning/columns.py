"""Which columns of the data leave the machine: those that a request's templates read."""

from __future__ import annotations

from runner.job.model import FoundItems, Job
from runner.job.rows.reader import header
from runner.planning.reading import ALL, names_read


def columns_sent(job: Job) -> tuple[str, ...]:
    """Return the columns that the requests' templates read, in the data's order."""
    if job.items is None or isinstance(job.items, FoundItems):
        return ()
    read = {name for step in job.steps for name in names_read(step, "item")}
    known = header(job.items)
    if known is None:
        return tuple(sorted(read))
    if ALL in read:
        return tuple(known)
    return tuple(column for column in known if column in read)
