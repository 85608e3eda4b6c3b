"""The runs of a job whose outcomes are kept, so that two of them can be compared."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from runner.errors import StateError, UsageError
from runner.execute.outcomes import Outcome
from runner.execute.state import State, write_whole
from runner.execute.stored import json_line, loaded_line, read_outcomes
from runner.frozen import frozen
from runner.jsonvalue import JSON

MOST_KEPT: Final = 10
"""So many runs of a job are kept; the oldest goes when a new one comes."""

_NAME = re.compile(r"(?P<run>run_(?P<day>\d{8})T\d{6}Z_\w+)\.(?P<digest>[0-9a-f]{16})\.jsonl")
_HINT = "`runner history` lists the runs; the outcomes of the last 10 are kept"


@frozen
class KeptRun:
    """A finished run.

    Attributes:
        id: As `runner run --json` and `runner history --json` name it.
        file: Its outcomes.
        answers: The digest of what was answered: equal where nothing differs but price and cache.
    """

    id: str
    file: Path
    answers: str

    @property
    def date(self) -> str:
        """The day it began, `YYYY-MM-DD`."""
        day = self.id.removeprefix("run_")
        return f"{day[:4]}-{day[4:6]}-{day[6:8]}"

    @property
    def verdicts(self) -> Path:
        """Where it is kept what became of its citations; there where they were verified."""
        return self.file.with_name(f"{self.id}.verdicts.jsonl")

    def outcomes(self) -> Iterator[Outcome]:
        """Yield its outcomes, in input order.

        Raises:
            StateError: the file is damaged.
        """
        return read_outcomes(self.file)


def read_verdicts(run: KeptRun) -> Iterator[Mapping[str, JSON]]:
    """Yield what is kept of a run's verified citations; nothing where they were not verified.

    Raises:
        StateError: the file is damaged.
    """
    try:
        with run.verdicts.open("rb") as lines:
            for line in lines:
                yield loaded_line(line)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StateError(
            f"What is kept in {run.verdicts} is damaged", hint="Run `runner verify` again"
        ) from error


def write_verdicts(run: KeptRun, records: Iterable[Mapping[str, JSON]]) -> None:
    """Keep what became of a run's citations.

    Raises:
        UsageError: the file cannot be written.
    """
    write_whole(run.verdicts, (json_line(dict(record)) for record in records))


class Answers:
    """The digest of what a run answers, one outcome after another.

    Of an outcome's line it takes what stands before the run's id: the row and its answer.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, line: str) -> None:
        """Take in an outcome, by its line (see `outcome_line`)."""
        # The last such name is the outcome's own: only texts come after it, and they spell the
        # quotes in them otherwise.
        self._hash.update(line[: line.rindex('"run_id":')].encode())

    def __str__(self) -> str:
        return self._hash.hexdigest()[:16]


def keep_run(state: State, job: str, run: str, answers: str) -> KeptRun:
    """Keep the outcomes of a job's last run under the run's name; the oldest kept one goes.

    Raises:
        StateError: the state directory cannot be written.
    """
    last = state.outcomes(job)
    kept = KeptRun(id=run, file=last.with_name(f"{run}.{answers}.jsonl"), answers=answers)
    try:
        try:
            # The same file under a second name: the next run replaces only the first.
            kept.file.hardlink_to(last)
        except OSError:
            shutil.copyfile(last, kept.file)
        for old in kept_runs(state, job)[MOST_KEPT:]:
            for file in (old.file, old.verdicts):
                file.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"The outcomes of {run} cannot be kept: {error.strerror}") from error
    return kept


def last_run(state: State, job: str) -> KeptRun | None:
    """Return the last run of a job, None where none is kept."""
    return next(iter(kept_runs(state, job)), None)


def kept_runs(state: State, job: str) -> list[KeptRun]:
    """Return the kept runs of a job, the newest first."""
    found: list[tuple[str, int, KeptRun]] = []
    folder = state.runs(job)
    for file in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(file.name)
        if match is None:
            continue
        with contextlib.suppress(FileNotFoundError):  # another process may prune
            run = KeptRun(id=match["run"], file=file, answers=match["digest"])
            # The name says the second; of two runs in one, the file says which was later.
            began = match["run"].rpartition("_")[0]
            found.append((began, file.stat().st_mtime_ns, run))
    return [run for *_, run in sorted(found, key=lambda each: each[:2], reverse=True)]


def chosen_runs(state: State, job: str, names: tuple[str, ...]) -> tuple[KeptRun, KeptRun]:
    """Return two runs of a job, the older first: those named, or the last two.

    One name is compared with the last run. A name may be cut, as long as one run has it.

    Raises:
        UsageError: there are no two, or a name is not known.
    """
    runs = kept_runs(state, job)
    if not names:
        if len(runs) < 2:  # noqa: PLR2004 - it takes two
            raise UsageError(
                "There are no two runs of this job to compare",
                hint="Run it again with `runner run`; its next run can be compared with the last",
            )
        return runs[1], runs[0]
    found = [_named(runs, name) for name in names]
    if len(found) == 1:
        found.append(runs[0])
    older, newer = found[0], found[1]
    if older == newer:
        raise UsageError("A run has no changes from itself", hint="Name two different runs")
    return older, newer


def _named(runs: list[KeptRun], name: str) -> KeptRun:
    found = [run for run in runs if run.id == name] or [
        run for run in runs if run.id.removeprefix("run_").startswith(name.removeprefix("run_"))
    ]
    if len(found) != 1:
        what = f"'{name}' is the beginning of {len(found)} runs" if found else f"No run '{name}'"
        raise UsageError(f"{what} of this job is kept" if not found else what, hint=_HINT)
    return found[0]


def earlier_run(state: State, job: str, than: KeptRun) -> KeptRun | None:
    """Return the newest run before one whose answers differ from its, or None.

    So a run that answers all from the cache gives the report of the run before it.
    """
    runs = kept_runs(state, job)
    older = runs[runs.index(than) + 1 :] if than in runs else []
    return next((run for run in older if run.answers != than.answers), None)
