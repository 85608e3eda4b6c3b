"""Citations as numbered footnotes: one number a source and excerpt, in the order of first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.jsonvalue import JSON
from runner.report.escape import inline, shortened
from runner.report.links import Links
from runner.report.values import plain
from runner.templating import Markdown

NOTHING: Final = Markdown("")

EXCERPT_LENGTH: Final = 300
"""How many characters of an excerpt a footnote shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A cited page or document: its address, its title ("" where unknown) and what it says."""

    url: str
    title: str
    excerpt: str
    link: Markdown


def excerpt_of(citation: Mapping[str, JSON]) -> str:
    """Return what a citation quotes, its excerpts joined by an ellipsis."""
    excerpts = citation.get("excerpts")
    if not excerpts:
        return ""
    if isinstance(excerpts, str):
        return excerpts
    if len(excerpts) == 1:
        return str(excerpts[0])
    return " … ".join(str(excerpt) for excerpt in excerpts)


def citations_of(entry: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    """Return the citations of a basis entry that name a source."""
    return [
        citation
        for citation in entry.get("citations") or ()
        if isinstance(citation, dict | Mapping) and isinstance(citation.get("url"), str)
    ]


@dataclass(slots=True, kw_only=True)
class Footnotes:
    """The footnotes of one report, collected while its text is written."""

    links: Links
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _titles: list[str] = field(default_factory=list)
    _printed: int = 0

    def mark(self, citations: Iterable[Mapping[str, JSON]], value: JSON = "") -> Markdown:
        """Return the markers of citations, e.g. `[^1][^4]`; a long excerpt is cut around `value`.

        A source that is cited twice with the same excerpt keeps its number.
        """
        numbers = self._numbers
        marks: list[str] = []
        for citation in citations:
            excerpt = excerpt_of(citation)
            if len(excerpt) > EXCERPT_LENGTH:
                excerpt = shortened(excerpt, EXCERPT_LENGTH, around=plain(value))
            key = (citation["url"], excerpt)
            number = numbers.get(key)
            title = citation.get("title")
            if number is None:
                number = numbers[key] = len(numbers) + 1
                self._titles.append(title if isinstance(title, str) else "")
            elif not self._titles[number - 1] and isinstance(title, str):
                self._titles[number - 1] = title
            mark = f"[^{number}]"
            if mark not in marks:
                marks.append(mark)
        return Markdown("".join(marks)) if marks else NOTHING

    def definitions(self) -> Markdown:
        """Return the definitions of the footnotes used since the last call, a line each."""
        lines: list[str] = []
        for (url, excerpt), number in self._numbers.items():
            if number > self._printed:
                link = self.links.link(self._titles[number - 1], url)
                quote = f': "{inline(excerpt)}"' if excerpt else ""
                lines.append(f"[^{number}]: {link}{quote}")
        self._printed = len(self._numbers)
        return Markdown("\n".join(lines))

    def sources(self) -> list[Source]:
        """Return the sources cited so far, in the order of their numbers."""
        return [
            Source(url=url, title=title, excerpt=excerpt, link=self.links.link(title, url))
            for ((url, excerpt), _), title in zip(
                self._numbers.items(), self._titles, strict=True
            )
        ]
