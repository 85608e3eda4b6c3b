"""Citations checked against the pages they cite: verified, not found, unreachable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from runner.errors import StateError
from runner.evidence.basis import basis_of, citations_of, values_of
from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.jsonvalue import JSON

Verdict: TypeAlias = Literal["verified", "not found", "unreachable", "no excerpt", "not checked"]
"""The excerpt stands in the page; it does not; the page cannot be read; the citation quotes
nothing; nobody has looked (the budget had no room, or the run was offline)."""

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)

MOST_LISTED: Final = 50
"""So many citations that are not verified are kept by name; all are counted."""

Verdicts: TypeAlias = Mapping[tuple[str, str], Verdict]
"""What became of each excerpt, by the address it is cited from and its text."""


class Claims:
    """What is cited from where: each page once, with the excerpts that must stand in it."""

    def __init__(self) -> None:
        self._excerpts: dict[str, dict[str, None]] = {}

    def add(self, outcome: Outcome) -> None:
        """Take in what an outcome cites; a citation without an excerpt claims nothing."""
        for _, citation in cited(outcome):
            for excerpt in excerpts_of(citation):
                self._excerpts.setdefault(citation["url"], {})[excerpt] = None

    @property
    def pages(self) -> list[str]:
        """The addresses that are cited, in the order of their first mention."""
        return list(self._excerpts)

    def judge(
        self, url: str, content: str | None, instead: Verdict
    ) -> dict[tuple[str, str], Verdict]:
        """Return the verdict on each excerpt of a page.

        Args:
            url: The page's address.
            content: All of its text; None where it could not be read.
            instead: The verdict where there is no content.
        """
        excerpts = self._excerpts.get(url, {})
        if content is None:
            return {(url, excerpt): instead for excerpt in excerpts}
        from runner.evidence.quotes import Page  # noqa: PLC0415 - slow to import

        page = Page(content)
        return {
            (url, excerpt): "verified" if page.holds(excerpt) else "not found"
            for excerpt in excerpts
        }


def cited(outcome: Outcome) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """Yield each citation of an outcome, after the path of the value that cites it."""
    for path, entry in basis_of(outcome).items():
        for citation in citations_of(entry):
            yield path, citation


def excerpts_of(citation: Mapping[str, JSON]) -> list[str]:
    """Return what a citation quotes, piece by piece."""
    excerpts = citation.get("excerpts")
    listed = [excerpts] if isinstance(excerpts, str) else excerpts or ()
    return [str(each) for each in listed if each]


def verdict_on(citation: Mapping[str, JSON], verdicts: Verdicts) -> Verdict:
    """Return what became of a citation: the worst of what became of its excerpts."""
    excerpts = excerpts_of(citation)
    if not excerpts:
        return "no excerpt"
    url = citation["url"]
    if len(excerpts) == 1:
        return verdicts.get((url, excerpts[0]), "not checked")
    return worst([verdicts.get((url, excerpt), "not checked") for excerpt in excerpts])


def worst(found: Iterable[Verdict]) -> Verdict:
    """Return the verdict that says least for a citation."""
    return max(found, key=VERDICTS.index)


@frozen
class Doubt:
    """A citation that is not verified, or (where `verdict` is None) a value beside its excerpt."""

    row: str
    field: str
    value: JSON
    url: str
    verdict: Verdict | None


@dataclass(slots=True, kw_only=True)
class StepEvidence:
    """How much of what a step's answers cite is verified.

    Attributes:
        verdicts: How many citations have each verdict.
        stated: Values that stand in an excerpt they cite; `asked`: of so many it can be said.
        doubts: The first citations and values that are doubtful; `doubtful` counts them all.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    stated: int = 0
    asked: int = 0
    doubts: list[Doubt] = field(default_factory=list)
    doubtful: int = 0

    def add(self, outcome: Outcome, verdicts: Verdicts) -> None:
        """Take in one outcome."""
        from runner.evidence.quotes import is_stated  # noqa: PLC0415 - slow to import

        values = values_of(outcome)
        quotes: dict[str, list[str]] = {}
        for path, citation in cited(outcome):
            verdict = verdict_on(citation, verdicts)
            self.verdicts[verdict] += 1
            quotes.setdefault(path.partition(".")[0], []).extend(excerpts_of(citation))
            if verdict != "verified":
                value = values.get(path.partition(".")[0])
                self._doubt(outcome, path, value, citation["url"], verdict)
        for name, excerpts in quotes.items():
            found = is_stated(values.get(name), excerpts) if excerpts else None
            if found is not None:
                self.asked += 1
                self.stated += found
            if found is False:
                self._doubt(outcome, name, values.get(name), "", None)

    def _doubt(
        self, outcome: Outcome, path: str, value: JSON, url: str, verdict: Verdict | None
    ) -> None:
        self.doubtful += 1
        if len(self.doubts) < MOST_LISTED:
            doubt = Doubt(row=outcome.key, field=path, value=value, url=url, verdict=verdict)
            self.doubts.append(doubt)

    @property
    def verified(self) -> int:
        """Citations whose every excerpt stands in the page."""
        return self.verdicts["verified"]

    @property
    def citations(self) -> int:
        """All citations."""
        return self.verdicts.total()


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What became of the citations of a run, and how much of it is verified, by step."""

    verdicts: Verdicts
    steps: dict[str, StepEvidence] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Take in one outcome."""
        self.steps.setdefault(outcome.step, StepEvidence()).add(outcome, self.verdicts)


def weigh(outcomes: Iterable[Outcome], verdicts: Verdicts, steps: Sequence[str]) -> Evidence:
    """Return how much of what outcomes of some steps cite is verified."""
    evidence = Evidence(verdicts=verdicts, steps={step: StepEvidence() for step in steps})
    for outcome in outcomes:
        if outcome.step in evidence.steps:
            evidence.add(outcome)
    return evidence


def verdict_records(verdicts: Verdicts) -> Iterator[dict[str, JSON]]:
    """Yield verdicts as JSON objects, one an excerpt."""
    for (url, excerpt), verdict in verdicts.items():
        yield {"url": url, "excerpt": excerpt, "verdict": verdict}


def verdicts_from(records: Iterable[Mapping[str, JSON]]) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts of what `verdict_records` yielded.

    Raises:
        StateError: that is not what they are.
    """
    found: dict[tuple[str, str], Verdict] = {}
    try:
        for each in records:
            verdict = next(known for known in VERDICTS if known == each["verdict"])
            found[each["url"], each["excerpt"]] = verdict
    except (KeyError, TypeError, StopIteration) as error:
        raise StateError(
            "What is stored of verified citations is damaged", hint="Run `runner verify` again"
        ) from error
    return found
