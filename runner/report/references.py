"""References in a long text, `[1]`: each becomes a footnote with the excerpt it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runner.evidence.basis import citations_of, excerpt_of
from runner.evidence.text import one_line
from runner.jsonvalue import JSON
from runner.report.citations import Footnotes
from runner.report.prose import prose
from runner.templating import Markdown

# The blank between a word and its marker goes; the blank after a colon or a comma stays.
_REFERENCE = re.compile(r"(?:(?<=[\w.)\"'”’]) )?\\?\[(\d{1,3})\\?\](?![(:\[]|&#)")
_NOT_A_WORD = re.compile(r"\W+")


def cited_prose(
    text: str, entries: Sequence[Mapping[str, JSON]], footnotes: Footnotes, below: int
) -> Markdown:
    """Return a provider's text as safe markdown; its references `[1]`, `[2]` become footnotes.

    Reference n means the n-th source that `entries` cite. That is believed only where the text
    names the address of every source it refers to; else its references stay as written.
    """
    sources = _sources(entries)
    if not _agrees(text, sources):
        return prose(text, below, footnotes.links.base)

    def cite(line: str) -> str:
        said = _folded(line)

        def footnote(found: re.Match[str]) -> str:
            citations = sources[int(found[1]) - 1]
            # The excerpt that the sentence quotes, or else the source's first.
            quoted = (each for each in citations if (_folded(excerpt_of(each)) or " ") in said)
            return footnotes.mark([{"citations": [next(quoted, citations[0])]}])

        return _REFERENCE.sub(footnote, line)

    return prose(text, below, footnotes.links.base, finish=cite)


def _sources(entries: Sequence[Mapping[str, JSON]]) -> list[list[Mapping[str, JSON]]]:
    """Return the citations by source, one an excerpt, in the order of their first mention."""
    found: dict[str, list[Mapping[str, JSON]]] = {}
    for entry in entries:
        for citation in citations_of(entry):
            excerpts = citation.get("excerpts")
            single = excerpts if isinstance(excerpts, list) and excerpts else [""]
            found.setdefault(citation["url"], []).extend(
                {**citation, "excerpts": [excerpt] if excerpt else []} for excerpt in single
            )
    return list(found.values())


def _agrees(text: str, sources: Sequence[Sequence[Mapping[str, JSON]]]) -> bool:
    numbers = {int(found[1]) for found in _REFERENCE.finditer(text)}
    if not numbers or min(numbers) < 1 or max(numbers) > len(sources):
        return False
    written = text.replace("\\", "")
    return all(sources[number - 1][0]["url"] in written for number in numbers)


def _folded(text: str) -> str:
    """Return a text's words alone, for comparing a quotation with its source."""
    return _NOT_A_WORD.sub(" ", one_line(text)).strip().lower()
