"""What changed since an earlier run, as bullets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from runner.evidence.basis import is_empty
from runner.evidence.changes import PAGES, Changes, FieldChange, RowChange, Side
from runner.evidence.text import one_line, shortened
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.report.escape import MISSING, inline
from runner.report.fields import Field
from runner.report.links import Links
from runner.report.values import cell, label, plain
from runner.templating import Markdown

MOST_LISTED: Final = 50
"""So many changed fields a report lists; the others it counts."""

MOST_NAMED: Final = 100
"""So many rows that came or went a report names."""

VALUE_LENGTH: Final = 120
"""How many characters of each value are shown."""


@frozen
class ShownChanges:
    """The changes of one step, as templates see them; printed, it is a list of bullets.

    Attributes:
        since: The day the earlier run began, in words.
        added: The keys of rows that are new.
        gone: Those of rows that are no more.
        rows: Rows with changed fields (`key`, `fields`); a field has `name`, `kind`, `old` and
            `new`, and these `value`, `confidence` and `sources`.
    """

    since: str
    changes: Changes
    fields: Sequence[Field]
    links: Links

    @property
    def added(self) -> list[str]:
        """The keys of rows that are new."""
        return [key for _, key in self.changes.added]

    @property
    def gone(self) -> list[str]:
        """The keys of rows that are no more."""
        return [key for _, key in self.changes.gone]

    @property
    def rows(self) -> Sequence[RowChange]:
        """The rows with changed fields."""
        return self.changes.rows

    def __bool__(self) -> bool:
        return bool(self.changes)

    def as_markdown(self) -> Markdown:
        """Return the changes as bullets: rows first, then fields, then how many were reworded."""
        return Markdown("\n".join(f"- {line}" for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        for word, keys in (("New", self.added), ("Gone", self.gone)):
            if keys:
                more = f" and {len(keys) - MOST_NAMED:,} more" if len(keys) > MOST_NAMED else ""
                yield f"{word}: {', '.join(map(inline, keys[:MOST_NAMED]))}{more}"
        titles = {each.name: each.title for each in self.fields}
        listed = 0
        for row in self.rows:
            for each in row.fields:
                if each.kind == "reworded":
                    continue
                listed += 1
                if listed <= MOST_LISTED:
                    title = inline(titles.get(each.name) or label(each.name))
                    name = inline(one_line(row.key))
                    yield f"**{name}**, {title}: {self._difference(each)}"
        if listed > MOST_LISTED:
            yield f"and {listed - MOST_LISTED:,} more"
        reworded = self.changes.count("reworded")
        if reworded:
            yield f"{reworded:,} {'value is' if reworded == 1 else 'values are'} only reworded"

    def _difference(self, each: FieldChange) -> str:
        if each.name == PAGES:
            return self._pages(each.old.value, each.new.value)
        if each.kind == "confidence":
            levels = (side.confidence or "not given" for side in (each.old, each.new))
            return f"{cell(_short(each.new.value))}, confidence {' → '.join(levels)}"
        old, new = self._side(each.old), self._side(each.new)
        return f"{old} → {new}"

    def _side(self, side: Side) -> str:
        if is_empty(side.value):
            return MISSING
        links = [self.links.link("", url) for url in side.sources[:3]]
        facts = ", ".join([*([side.confidence] if side.confidence else []), *links])
        return f"{cell(_short(side.value))}{f' ({facts})' if facts else ''}"

    def _pages(self, old: Sequence[str] | None, new: Sequence[str] | None) -> str:
        before, after = list(old or ()), list(new or ())
        parts = [
            (word, [self.links.link("", url) for url in urls])
            for word, urls in (
                ("new", [url for url in after if url not in before]),
                ("gone", [url for url in before if url not in after]),
            )
        ]
        said = [f"{word}: {', '.join(links)}" for word, links in parts if links]
        return "; ".join(said) or "the same in another order"


def _short(value: JSON) -> JSON:
    """Return a value that fits a line: a long one as the beginning of its text."""
    text = plain(value)
    return shortened(text, VALUE_LENGTH) if len(text) > VALUE_LENGTH else value
