"""Citations as numbered footnotes: one number a source and excerpt, in the order of first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.evidence.basis import citations_of, excerpt_of
from runner.evidence.text import shortened
from runner.evidence.verifying import VERDICTS, Verdict, Verdicts, verdict_on
from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.report.escape import inline
from runner.report.links import Links
from runner.report.values import plain
from runner.templating import Markdown

EXCERPT_LENGTH: Final = 300
"""How many characters of an excerpt a footnote shows."""


VERDICT_WORDS: Final[Mapping[Verdict, str]] = {
    "verified": "verified",
    "not found": "**not found** on the page",
    "unreachable": "the page could not be read",
    "no excerpt": "no excerpt to verify",
    "not checked": "not verified yet",
}


@frozen
class Source:
    """A cited page or document: its address, its title ("" where unknown) and what it says."""

    url: str
    title: str
    excerpt: str
    link: Markdown

    def __str__(self) -> str:
        return self.title or self.url


class Sources(list[Source]):
    """Sources; printed, a numbered list of them."""

    def as_markdown(self) -> Markdown:
        """Return a line for each source: its link, and what it says."""
        lines: list[str] = []
        for number, each in enumerate(self, start=1):
            said = f': "{inline(each.excerpt)}"' if each.excerpt else ""
            lines.append(f"{number}. {each.link}{said}")
        return Markdown("\n".join(lines))


@dataclass(slots=True, kw_only=True)
class Footnotes:
    """The footnotes of one report, collected while its text is written.

    `verdicts` says of each excerpt whether it stands in the page it is cited from; None where
    nobody has looked.
    """

    links: Links
    verdicts: Verdicts | None = None
    _judged: dict[int, Verdict] = field(default_factory=dict)
    _numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    _urls: list[str] = field(default_factory=list)
    _excerpts: list[str] = field(default_factory=list)
    _titles: list[str] = field(default_factory=list)
    _printed: int = 0

    def mark(self, entries: Iterable[Mapping[str, JSON]], value: JSON = "") -> Markdown:
        """Return the markers of what basis entries cite, e.g. `[^1][^4]`.

        A source that is cited twice with the same excerpt keeps its number; a long excerpt is cut
        around `value`.
        """
        marks: list[str] = []
        for entry in entries:
            for citation in citations_of(entry):
                excerpt = excerpt_of(citation)
                if len(excerpt) > EXCERPT_LENGTH:
                    excerpt = shortened(excerpt, EXCERPT_LENGTH, around=plain(value))
                mark = self._marker(citation["url"], excerpt, citation.get("title"))
                if self.verdicts is not None:
                    self._judge(int(mark[2:-1]), verdict_on(citation, self.verdicts))
                if mark not in marks:
                    marks.append(mark)
        return Markdown("".join(marks))

    def _marker(self, url: str, excerpt: str, title: JSON) -> str:
        # A mapping an address is less to hold than a pair a footnote.
        numbers = self._numbers.get(url)
        if numbers is None:
            numbers = self._numbers[url] = {}
        titles = self._titles
        number = numbers.setdefault(excerpt, len(titles) + 1)
        if number > len(titles):
            titles.append("")
            self._urls.append(url)
            self._excerpts.append(excerpt)
        if title and not titles[number - 1] and isinstance(title, str):
            titles[number - 1] = title
        return f"[^{number}]"

    def _judge(self, number: int, verdict: Verdict) -> None:
        """Remember the worst that is said of a footnote's source."""
        known = self._judged.get(number, verdict)
        self._judged[number] = max(known, verdict, key=VERDICTS.index)

    def definitions(self) -> Markdown:
        """Return the definitions of the footnotes used since the last call, a line each."""
        link = self.links.link
        lines: list[str] = []
        for index in range(self._printed, len(self._urls)):
            excerpt, verdict = self._excerpts[index], self._judged.get(index + 1)
            said = f': "{inline(excerpt)}"' if excerpt else ""
            said += f" ({VERDICT_WORDS[verdict]})" if verdict is not None else ""
            lines.append(f"[^{index + 1}]: {link(self._titles[index], self._urls[index])}{said}")
        self._printed += len(lines)
        return Markdown("\n".join(lines))

    def names(self, url: str) -> bool:
        """Return whether a footnote names a source."""
        return url in self._numbers

    def sources(self) -> list[Source]:
        """Return the sources cited so far, in the order of their numbers."""
        return [
            Source(url=url, title=title, excerpt=excerpt, link=self.links.link(title, url))
            for url, title, excerpt in zip(self._urls, self._titles, self._excerpts, strict=True)
        ]
