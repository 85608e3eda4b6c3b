"""`checks` run on outcomes, one after another: what fails names row, field, value and check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from runner.errors import TemplateError
from runner.evidence.basis import (
    LEVELS,
    basis_of,
    citations_of,
    confidence_of,
    entries_of,
    is_empty,
    results_of,
    values_of,
)
from runner.evidence.text import glimpse, one_line, plural
from runner.execute.outcomes import Outcome
from runner.frozen import frozen
from runner.job.model import Check, Job, Step, Task
from runner.jsonvalue import JSON
from runner.planning.expand import Earlier, Past
from runner.planning.reading import ALL, names_in
from runner.templating import references, render_value

MOST_KEPT: Final = 50
"""So many failures of one check are kept; the others are counted."""


@frozen
class Failure:
    """Where an answer does not fulfil a check.

    Attributes:
        row: What the row is called; "" where the check is about all rows.
        field: The field's path; "" where the check is about the whole row.
        value: What the field says.
        message: What is wrong, in a few words without a full stop.
    """

    row: str
    field: str
    value: JSON
    message: str

    def __str__(self) -> str:
        shown = f"{self.field} ({glimpse(self.value)})" if self.field else ""
        names = ", ".join(part for part in (self.row, shown) if part)
        return one_line(f"{names}: {self.message}" if names else self.message)


@dataclass(slots=True, kw_only=True)
class Judged:
    """What became of one check: `failed` counts all failures, `failures` holds the first.

    `reads` are the steps that its template reads.
    """

    check: Check
    step: Step
    reads: AbstractSet[str] = frozenset()
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, failure: Failure) -> None:
        """Take in a failure."""
        self.failed += 1
        if len(self.failures) < MOST_KEPT:
            self.failures.append(failure)


@dataclass(slots=True)
class _Earlier:
    """What expectations see as `steps` of the row that is judged."""

    read: Earlier = lambda _row: {}
    row: int = -1
    past: Mapping[str, Past] = field(default_factory=dict)

    def of(self, row: int) -> Mapping[str, Past]:
        """Return it for a row; several outcomes of one row read it once."""
        if row != self.row:
            self.row, self.past = row, self.read(row)
        return self.past


class Checks:
    """The checks of a job, run on one outcome after another; what it holds is bounded.

    Rows without an answer are not judged, nor by what reads a step that has none for them: they
    have failed, or wait, already. What a check of `verified` needs comes at the end, through
    `count_verified`.
    """

    def __init__(self, job: Job, *, date: str | None = None) -> None:
        self._job = job
        self._run = {"date": date}
        self.judged = [
            Judged(check=each, step=step, reads=names_in(each.value, "steps"))
            for step in job.steps
            for each in step.checks
        ]
        self._earlier = {step.id: _Earlier() for step in job.steps}

    def __bool__(self) -> bool:
        return bool(self.judged)

    def read(self, step: str, earlier: Earlier) -> None:
        """Say what a step's expectations see as `steps` of a row; rows are asked for in order."""
        self._earlier[step] = _Earlier(earlier)

    def add(self, outcome: Outcome) -> list[tuple[Judged, list[Failure]]]:
        """Judge one outcome; return the checks it was judged by, with its failures."""
        if not self.judged:
            return []
        past = self._earlier[outcome.step].of(outcome.row)
        if outcome.output is None:
            return []
        missing = {id_ for id_, each in past.items() if each.withheld is not None}
        earlier = {id_: each.values for id_, each in past.items()}
        found = [
            (each, list(self._failures(each.check, each.step, outcome, earlier)))
            for each in self.judged
            if each.step.id == outcome.step and each.check.kind != "verified"
            if not (missing if ALL in each.reads else missing & each.reads)
        ]
        for judged, failures in found:
            for failure in failures:
                judged.add(failure)
        return found

    def count_verified(self, step: str, verified: int, of: int, examples: Sequence[str]) -> None:
        """Judge the share of a step's citations that were found in the pages they cite."""
        for judged in self.judged:
            if judged.check.kind != "verified" or judged.step.id != step:
                continue
            # Of no citation at all none is wrong.
            if of and verified < judged.check.value * of:
                wanted = f"{judged.check.value:.0%}"
                said = f"{verified:,} of {of:,} citations are verified, fewer than {wanted}"
                said += f" ({'; '.join(examples)})" if examples else ""
                judged.add(Failure(row="", field="", value=None, message=said))

    @property
    def failed(self) -> list[Judged]:
        """The checks that failed, those that only warn among them."""
        return [each for each in self.judged if each.failed]

    @property
    def stops(self) -> bool:
        """Whether a check failed that does not only warn."""
        return any(not each.check.warns for each in self.failed)

    def _failures(
        self, check: Check, step: Step, outcome: Outcome, earlier: Mapping[str, JSON]
    ) -> Iterator[Failure]:
        match check.kind:
            case "min_confidence":
                if isinstance(step.action, Task):
                    yield from _unsure(check, outcome)
            case "min_citations":
                yield from _uncited(check, outcome, finds_pages=not isinstance(step.action, Task))
            case "domains":
                yield from _elsewhere(check, outcome)
            case "expect":
                yield from self._unexpected(check.value, outcome, earlier)
            case "verified":
                return

    def _unexpected(
        self, template: str, outcome: Outcome, earlier: Mapping[str, JSON]
    ) -> Iterator[Failure]:
        context = {
            "vars": self._job.vars,
            "item": outcome.item,
            "run": self._run,
            "steps": earlier,
            "output": outcome.output,
            "basis": list(outcome.basis),
        }
        try:
            if render_value(template, context):
                return
            name, value = _read(template, outcome)
            said = "is not true"
        except TemplateError as error:
            name, value = _read(template, outcome)
            reason = _reason(error)
            if name and value is None and "an empty value" in reason:
                reason = f"{name} is empty"
            said = f"cannot be worked out: {reason}"
        said = f"{_expression(template)} {said}"
        yield Failure(row=outcome.key, field=name, value=value, message=said)


def _unsure(check: Check, outcome: Outcome) -> Iterator[Failure]:
    """Yield the values whose confidence, or that of one of their elements, is too low."""
    allowed = LEVELS[: LEVELS.index(check.value) + 1]
    basis = basis_of(outcome)
    for name, value in _values(check, outcome):
        entries = entries_of(basis, name)
        if not entries:
            said = f"no confidence is given, and {check.value} is wanted"
            yield Failure(row=outcome.key, field=name, value=value, message=said)
        for entry in entries:
            path, level = str(entry["field"]), confidence_of(entry)
            # Where the elements of a list are graded, the list itself need not be.
            if level in allowed or (not level and len(entries) > 1 and path == name):
                continue
            said = f"the confidence is {level or 'not given'}, not {check.value}"
            said += "" if check.value == "high" else " or higher"
            shown = value if path == name else _inner(value, path.removeprefix(f"{name}."))
            yield Failure(row=outcome.key, field=path, value=shown, message=said)


def _uncited(check: Check, outcome: Outcome, *, finds_pages: bool) -> Iterator[Failure]:
    if finds_pages:
        count = len(results_of(outcome.output))
        if count < check.value:
            said = f"{_counted(count, 'result')}, fewer than {check.value}"
            yield Failure(row=outcome.key, field="", value=None, message=said)
        return
    basis = basis_of(outcome)
    for name, value in _values(check, outcome):
        cited = [c for entry in entries_of(basis, name) for c in citations_of(entry)]
        if len(cited) < check.value:
            said = f"{_counted(len(cited), 'citation')}, fewer than {check.value}"
            yield Failure(row=outcome.key, field=name, value=value, message=said)


def _elsewhere(check: Check, outcome: Outcome) -> Iterator[Failure]:
    """Yield each citation, or page found, of another domain; a page once a field."""
    values = values_of(outcome)
    for path, entry in basis_of(outcome).items():
        urls = dict.fromkeys(citation["url"] for citation in citations_of(entry))
        for url in urls:
            if not is_within(url, check.value):
                said = f"{glimpse(url, 200)} is not of {', '.join(check.value)}"
                name, _, rest = path.partition(".")
                value = values.get(path, _inner(values.get(name), rest))
                yield Failure(row=outcome.key, field=path, value=value, message=said)
    for result in results_of(outcome.output):
        if not is_within(str(result.get("url") or ""), check.value):
            said = f"{glimpse(result.get('url'), 200)} is not of {', '.join(check.value)}"
            yield Failure(row=outcome.key, field="", value=None, message=said)


def is_within(url: str, domains: Sequence[str]) -> bool:
    """Return whether a page is of one of the domains, or a document in one of the folders."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    for each in domains:
        place = each.strip().lower().removeprefix("./").rstrip("/")
        if host is not None:
            # `.gov` is every site below it; `sec.gov` is the site itself, too.
            if host == place.removeprefix("www.") or host.endswith(f".{place.lstrip('.')}"):
                return True
        elif place in {"", "."} or f"{url.lower().removeprefix('./')}/".startswith(f"{place}/"):
            return True
    return False


def _values(check: Check, outcome: Outcome) -> Iterator[tuple[str, JSON]]:
    """Yield the fields that say something, or those of them that the check names."""
    for name, value in values_of(outcome).items():
        if not is_empty(value) and (not check.fields or name in check.fields):
            yield str(name), value


def _inner(value: JSON, path: str) -> JSON:
    """Return the value at a dotted path, or None where there is none."""
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _read(template: str, outcome: Outcome) -> tuple[str, JSON]:
    """Return the first field of the answer that a template reads, and its value."""
    for reference in references(template):
        root, *path = reference.path
        if root == "output" and path:
            return ".".join(path), _inner(outcome.output, ".".join(path))
    return "", None


def _expression(template: str) -> str:
    return " ".join(template.strip().removeprefix("{{").removesuffix("}}").split())


def _reason(error: TemplateError) -> str:
    return error.message.removeprefix("The template failed: ").removeprefix("The template ")


def _counted(count: int, noun: str) -> str:
    return plural(count, noun) if count else f"no {noun}"
