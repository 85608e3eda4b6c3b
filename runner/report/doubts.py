"""What a report says of verified citations: how many there are, and which are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runner.evidence.text import glimpse, plural
from runner.evidence.verifying import Doubt, StepEvidence, Verdict
from runner.frozen import frozen
from runner.report.escape import inline
from runner.report.links import Links
from runner.report.values import label
from runner.templating import Markdown

_SAID: Final[Mapping[Verdict, str]] = {
    "verified": "verified",
    "not found": "the excerpt is not found in",
    "unreachable": "the page could not be read:",
    "no excerpt": "no excerpt is cited from",
    "not checked": "not verified yet:",
}


@frozen
class ShownEvidence:
    """How much of what a step cites is verified; printed, a list of what is not.

    False where nobody has looked.
    """

    found: StepEvidence | None
    links: Links

    def __bool__(self) -> bool:
        return self.found is not None and bool(self.found.citations)

    @property
    def coverage(self) -> str:
        """How many citations have which verdict, and how many values stand in their excerpts."""
        if self.found is None:
            return ""
        found = self.found
        counts = [f"{count:,} {word}" for word, count in found.verdicts.most_common() if count]
        listed = ", ".join(sorted(counts, key=_last_word))
        said = f"{plural(found.citations, 'citation')}: {listed}"
        if found.asked:
            said += f"; {found.stated:,} of {plural(found.asked, 'value')} stand in what they cite"
        return f"{said}."

    @property
    def doubts(self) -> Sequence[Doubt]:
        """The first citations that are not verified, and values that are not in their excerpts."""
        return [] if self.found is None else self.found.doubts

    def as_markdown(self) -> Markdown:
        """Return a bullet for each doubt, and how many more there are."""
        return Markdown("\n".join(f"- {line}" for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        for doubt in self.doubts:
            value = "" if doubt.value is None else f" ({inline(glimpse(doubt.value))})"
            names = f"**{inline(doubt.row)}**, {inline(label(doubt.field))}{value}"
            if doubt.verdict is None:
                yield f"{names}: the value is not in the excerpt"
            else:
                yield f"{names}: {_SAID[doubt.verdict]} {self.links.link('', doubt.url)}"
        if self.found is not None and self.found.doubtful > len(self.doubts):
            yield f"and {self.found.doubtful - len(self.doubts):,} more"


def _last_word(count: str) -> str:
    # "verified" comes first, and the order does not depend on the counts.
    word = count.partition(" ")[2]
    return "" if word == "verified" else word
