"""What a report keeps of a run: of very many rows the first, the bad ones and the counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from runner.evidence.checks import Checks, Failure, Judged
from runner.evidence.verifying import Evidence
from runner.execute.outcomes import Outcome
from runner.job.model import Job, Step
from runner.report.coverage import Coverage
from runner.report.fields import properties_of

MOST_SHOWN: Final = 500
"""A report shows so many rows of a step; more would not be read, nor be shown by most viewers."""


@dataclass(slots=True, kw_only=True)
class StepDigest:
    """One step's outcomes.

    Attributes:
        shown: The outcomes whose answers the report shows.
        bad: Of the others, those that are not ok: they are listed, never hidden.
        coverage: Counts all of them.
    """

    coverage: Coverage
    shown: list[Outcome] = field(default_factory=list)
    bad: list[Outcome] = field(default_factory=list)


class Digest:
    """The outcomes of a run as far as its report needs them, and the checks run on all of them.

    `most` None keeps every outcome; `date` is the run's, `YYYY-MM-DD`.
    """

    def __init__(self, job: Job, *, most: int | None = MOST_SHOWN, date: str | None = None) -> None:
        self.checks = Checks(job, date=date)
        self.date = date
        self.evidence: Evidence | None = None
        self._job = job
        self._most = most
        self._steps = {step.id: StepDigest(coverage=_coverage(step)) for step in job.steps}

    @classmethod
    def of(
        cls,
        job: Job,
        outcomes: Iterable[Outcome],
        *,
        most: int | None = MOST_SHOWN,
        date: str | None = None,
    ) -> Self:
        """Return the digest of outcomes."""
        digest = cls(job, most=most, date=date)
        for outcome in outcomes:
            digest.add(outcome)
        return digest

    def add(self, outcome: Outcome) -> list[tuple[Judged, list[Failure]]]:
        """Take in one outcome; those of a step come in input order. Returns how it was judged."""
        judged = self.checks.add(outcome)
        step = self._steps[outcome.step]
        step.coverage.add(outcome)
        if self._most is None or len(step.shown) < self._most:
            step.shown.append(outcome)
        elif outcome.status != "ok":
            step.bad.append(outcome)
        return judged

    def verify(self, evidence: Evidence) -> None:
        """Take in what became of the citations, and judge the checks that ask for it."""
        self.evidence = evidence
        for step, found in evidence.steps.items():
            examples = [
                f"{doubt.row}, {doubt.field}: {doubt.verdict}"
                for doubt in found.doubts
                if doubt.verdict is not None
            ]
            self.checks.count_verified(step, found.verified, found.citations, examples[:3])

    def steps(self) -> list[tuple[Step, StepDigest]]:
        """Return the steps that have outcomes; the last one where none has any."""
        every = [(step, self._steps[step.id]) for step in self._job.steps]
        return [(step, digest) for step, digest in every if digest.coverage.rows] or every[-1:]


def _coverage(step: Step) -> Coverage:
    return Coverage(names=tuple(map(str, properties_of(step))))
