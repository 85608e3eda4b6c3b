"""What a template sees of outcomes: rows, their values, results and notes.

Nothing here tells a cached answer from a bought one, so a second run gives the same report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from runner.evidence.basis import (
    Basis,
    basis_of,
    citations_of,
    confidence_of,
    entries_of,
    excerpt_of,
    is_empty,
    is_scalar,
    level_of,
    results_of,
    values_of,
)
from runner.evidence.text import one_line, shortened
from runner.execute.outcomes import Outcome, Status
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.report.blocks import LINE_LENGTH, block
from runner.report.citations import Footnotes, Source, Sources
from runner.report.escape import MISSING, inline, quoted
from runner.report.fields import Field, own_fields
from runner.report.links import address
from runner.report.values import cell, label, plain
from runner.templating import Markdown

REASON_LENGTH: Final = 400
"""How many characters of a reasoning a report shows."""

WEAK: Final = {"high": "", "medium": " (medium)", "low": " (low)", "": ""}
"""What follows a value, by its confidence."""

STATUS_WORDS: Final[Mapping[Status, str]] = {
    "ok": "answered",
    "failed": "failed",
    "invalid": "not as the schema asks",
    "pending": "still running",
    "skipped": "skipped",
}

_DISAGREEMENT: Final = ("disagree", "contradict", "conflict", "inconsisten", "sources differ")


@frozen
class Note:
    """What a reader should know of one value: why it is weak, or that its sources disagree."""

    field: Field
    confidence: str
    reasoning: str


@frozen
class Gap:
    """Fields that say nothing, and why: all those for the same reason."""

    fields: Sequence[Field]
    reasoning: str


@frozen
class Result:
    """A page or document that `search` found or `extract` read; its parts are markdown."""

    title: str
    url: str
    date: str
    link: Markdown
    excerpts: Sequence[str]
    content: str

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def address(self) -> Markdown:
        """The URL without its scheme, or the document's path."""
        return inline(address(self.url))

    @property
    def quotes(self) -> Sequence[Markdown]:
        """The excerpts (or else the content) as block quotes."""
        return [quoted(text) for text in self.excerpts or ([self.content] if self.content else [])]

    @property
    def said(self) -> Markdown:
        """All of `quotes`, one below the other."""
        return Markdown("\n\n".join(self.quotes))


@frozen
class Row:
    """One row's outcome, as templates see it.

    Attributes:
        key: What the row is called.
        values: The output's fields; a text is the field `output`.
        basis: What each value rests on, by field (or by element, e.g. `products.0`).
        fields: The fields of all rows of its step, in order.
        level: The level of the heading it stands under, for what it lays out in blocks.
    """

    key: str
    item: Mapping[str, JSON]
    status: Status
    output: JSON
    error: str | None
    warnings: Sequence[str]
    values: Mapping[str, JSON]
    fields: Sequence[Field]
    basis: Basis
    footnotes: Footnotes
    level: int = 1

    def __str__(self) -> str:
        return self.key

    @property
    def state(self) -> str:
        """The status in words."""
        return STATUS_WORDS[self.status]

    @property
    def answered(self) -> bool:
        """Whether there is an output to show."""
        return self.output is not None

    @property
    def found(self) -> bool:
        """Whether the output says anything at all."""
        return any(not is_empty(value) for value in self.values.values())

    def value(self, name: str) -> JSON:
        """Return a field's value, None where there is none."""
        return self.values.get(name)

    def has(self, name: str) -> bool:
        """Return whether a field says anything."""
        return not is_empty(self.values.get(name))

    def confidence(self, name: str) -> str:
        """Return `high`, `medium`, `low`, or "" where the provider does not say."""
        return level_of(self.basis, name)

    def reasoning(self, name: str) -> str:
        """Return how a field's value was found, "" where the provider does not say."""
        return reasoning_of(self.basis.get(name))

    def cite(self, name: str = "output") -> Markdown:
        """Return a field's footnote markers, those of its elements included."""
        return self.footnotes.mark(self._entries(name), self.value(name))

    def sources(self, name: str | None = None) -> Sources:
        """Return the sources of a field, or of the whole row; printed, a numbered list of them."""
        names = [name] if name is not None else list(self.basis)
        found: dict[tuple[str, str], Source] = {}
        for each in names:
            for citation in (c for entry in self._entries(each) for c in citations_of(entry)):
                url, excerpt = citation["url"], excerpt_of(citation)
                title = str(citation.get("title") or "")
                link = self.footnotes.links.link(title, url)
                source = Source(url=url, title=title, excerpt=excerpt, link=link)
                found.setdefault((url, excerpt), source)
        return Sources(found.values())

    @property
    def uncited(self) -> list[Source]:
        """The row's sources that no footnote of the report names yet."""
        return [each for each in self.sources() if not self.footnotes.names(each.url)]

    def _entries(self, name: str) -> list[Mapping[str, JSON]]:
        """Return what a field and its elements rest on."""
        return entries_of(self.basis, name)

    def show(self, name: str) -> Markdown:
        """Return a field on one line: its value, its confidence unless high, its citations."""
        value = self.values.get(name)
        if is_empty(value):
            return MISSING
        entries = self._entries(name)
        if not entries:
            return cell(value)
        level = WEAK[level_of(self.basis, name)]
        return Markdown(f"{cell(value)}{level}{self.footnotes.mark(entries, value)}")

    def lay_out(self, name: str | None = None, level: int | None = None) -> Markdown:
        """Return a field (or the whole output) in blocks: paragraphs, bullets, tables."""
        value = self.output if name is None else self.value(name)
        return block(value, self.level + 1 if level is None else level, self._mark, name or "")

    def _mark(self, path: str) -> str:
        entry = self.basis.get(path)
        if entry is None:
            return ""
        return WEAK[confidence_of(entry)] + self.footnotes.mark((entry,))

    @property
    def text(self) -> Markdown:
        """A text answer, its formatting kept and its headings below the row's."""
        if isinstance(self.output, str):
            from runner.report.references import cited_prose  # noqa: PLC0415 - for texts only

            entries = list(self.basis.values())
            return cited_prose(self.output, entries, self.footnotes, self.level)
        return self.lay_out()

    @property
    def results(self) -> list[Result]:
        """What `search` found or `extract` read, in the provider's order."""
        return [self._result(each) for each in results_of(self.output)]

    def _result(self, entry: Mapping[str, JSON]) -> Result:
        url, title = str(entry.get("url") or ""), str(entry.get("title") or "")
        excerpts = entry.get("excerpts") or ()
        return Result(
            title=title,
            url=url,
            date=str(entry.get("publish_date") or ""),
            link=self.footnotes.links.link(title, url),
            excerpts=[str(each) for each in excerpts if not is_empty(each)],
            content=str(entry.get("full_content") or ""),
        )

    @property
    def unread(self) -> list[Mapping[str, JSON]]:
        """What `extract` could not read: `url` and `error_type` each."""
        found = self.output.get("errors") if isinstance(self.output, Mapping) else None
        return [each for each in found or () if isinstance(each, Mapping)]

    def reason(self, name: str) -> str:
        """Return why a value, or an element of it, is weak or disputed; else ""."""
        found = [reasoning_of(entry) for entry in self._entries(name) if _is_doubtful(entry)]
        return " ".join(dict.fromkeys(found))

    def evidence(self, name: str) -> Markdown:
        """Return the line below a field that was laid out in blocks: its sources and its doubts."""
        entry = self.basis.get(name)
        parts: list[str] = []
        if entry is not None and not is_scalar(self.value(name)):  # a text carries its own marks
            marks = self.footnotes.mark((entry,))
            level = self.confidence(name)
            parts += [f"Sources: {marks}."] if marks else []
            parts += [f"Confidence: {level}."] if WEAK[level] else []
        return Markdown(" ".join([*parts, inline(self.reason(name))]).strip())

    def facts(self, *, lists: bool = False) -> list[Field]:
        """Return the fields that fit on a line; short lists of texts only with `lists`."""
        return [each for each in self._filled if self._fits(self.value(each.name), lists=lists)]

    def parts(self, *, lists: bool = False) -> list[Field]:
        """Return the fields that `facts` leaves: long texts, lists and mappings."""
        return [each for each in self._filled if not self._fits(self.value(each.name), lists=lists)]

    @property
    def _filled(self) -> list[Field]:
        return [each for each in self.fields if self.has(each.name)]

    @staticmethod
    def _fits(value: JSON, *, lists: bool) -> bool:
        flat = is_scalar(value) or (
            lists and isinstance(value, list) and all(is_scalar(each) for each in value)
        )
        return flat and len(plain(value)) <= LINE_LENGTH

    @property
    def notes(self) -> list[Note]:
        """The weak values and those whose sources disagree, with the reasoning."""
        found: list[Note] = []
        for each in self.fields:
            for entry in self._entries(each.name):
                if _is_doubtful(entry) and not is_empty(self.values.get(each.name)):
                    about = _about(each, str(entry["field"]))
                    level, reasoning = confidence_of(entry), reasoning_of(entry)
                    found.append(Note(field=about, confidence=level, reasoning=reasoning))
        return found

    @property
    def missing(self) -> list[Field]:
        """The fields that say nothing."""
        return [each for each in self.fields if is_empty(self.values.get(each.name))]

    @property
    def gaps(self) -> list[Gap]:
        """The fields that say nothing, by the reason that is given for it."""
        reasons: dict[str, list[Field]] = {}
        for each in self.missing:
            reasons.setdefault(self.reasoning(each.name), []).append(each)
        return [Gap(fields=fields, reasoning=reason) for reason, fields in reasons.items()]


def _about(whole: Field, path: str) -> Field:
    """Return the field that a basis entry is about: itself, or one of its elements."""
    if path == whole.name:
        return whole
    inner = path.removeprefix(f"{whole.name}.")
    title = f"item {int(inner) + 1}" if inner.isdecimal() else label(inner)
    return replace(whole, name=path, title=f"{whole.title}, {title}")


def _is_doubtful(entry: Mapping[str, JSON]) -> bool:
    """Return whether it is said why a value is weak, or that its sources disagree."""
    reasoning = entry.get("reasoning")
    if not reasoning:
        return False
    if WEAK[confidence_of(entry)]:
        return True
    lowered = str(reasoning).lower()
    return any([word in lowered for word in _DISAGREEMENT])  # noqa: C419 - a list is faster here


def reasoning_of(entry: Mapping[str, JSON] | None) -> str:
    """Return the beginning of a basis entry's reasoning, on one line; "" where it has none."""
    reasoning = entry.get("reasoning") if entry is not None else None
    return shortened(str(reasoning), REASON_LENGTH) if reasoning else ""


def rows_of(
    outcomes: Sequence[Outcome], fields: Sequence[Field], footnotes: Footnotes, level: int
) -> tuple[Row, ...]:
    """Return the rows of a step, in input order; `level` is that of the heading above each."""
    return tuple(_row(outcome, fields, footnotes, level) for outcome in outcomes)


def _row(outcome: Outcome, fields: Sequence[Field], footnotes: Footnotes, level: int) -> Row:
    return Row(
        key=one_line(outcome.key) or f"Row {outcome.row + 1}",
        item=outcome.item,
        status=outcome.status,
        output=outcome.output,
        error=outcome.error,
        warnings=outcome.warnings,
        values=values_of(outcome),
        fields=fields or own_fields(outcome.output),
        basis=basis_of(outcome),
        footnotes=footnotes,
        level=level,
    )
