"""What a report is to be about: the title, the subject and the themes that its question lists."""

from __future__ import annotations

import re
from typing import Final

from runner.frozen import frozen
from runner.providers.local.kinds import STOPWORDS
from runner.providers.local.sentences import stem, tokens

MAX_THEMES: Final = 12
_TITLE_CHARS = 120

_ITEM = re.compile(r"^\s*(?:[-*•–]|\(?\d{1,2}[.)])\s+(?P<text>\S.*)$")
_INLINE = re.compile(
    r"[,:;]?\s*\b(?:including|covering|such as|with a focus on|focusing on|with respect to"
    r"|in terms of)\b:?\s*(?P<list>[^.?!]+)[.?!]?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*[,;]\s*(?:and\s+|or\s+|as well as\s+)?|\s+as well as\s+")
_LAST_AND = re.compile(r"\s+and\s+")
_OPENING = re.compile(
    r"^(?:please\s+)?(?:can you\s+|could you\s+)?"
    r"(?:provide|give|write|produce|create|prepare|generate|compile|make|draft|do|conduct|perform"
    r"|summari[sz]e|describe|outline|explain|research|analy[sz]e|report on|tell me about|what is"
    r"|what are)\s+(?:me\s+|us\s+)?",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"^(?:(?:an?|the|in-depth|comprehensive|detailed|thorough|complete|full|short|brief|concise"
    r"|written|deep|extensive)\s+)+",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"[\s,;:]*\b(?:including|covering|such as|with|focusing on|the following|as follows)?\s*:?\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^[A-Za-z_][\w ]{0,30}:\s+")

_ABOUT_REPORTS = frozenset(
    stem(word)
    for word in """
    provide give write produce create prepare generate compile summarize summarise summary describe
    outline explain research analyze analyse analysis report brief briefing overview comprehensive
    detailed thorough complete full short in-depth key main important question answer information
    facts details include including cover covering section please latest current recent finding
    """.split()  # noqa: SIM905 - a block of words is easier to read and to mend than a list
)
"""Words that speak of the report, not of what it is about."""

_RELATED_WORDS: Final = (
    "financials financial finance revenue profit income sales turnover margin earnings loss cash",
    "size volume worth sold billion million",
    "growth grow grew trajectory rise fell decline cagr",
    "players companies makers suppliers vendors manufacturers lines firms leader largest",
    "share percent percentage portion",
    "competitors competition rivals competitive competes",
    "position largest leading leader rank dominant",
    "strategy strategic plan aim focus goal expand acquisition invest priorities",
    "trends trend emerging disruptions disruption shift",
    "pain difficulties complaints problems problem challenges challenge complain",
    "regulatory regulation regulations regulated rules law laws legal directive compliance",
    "investment investments invest investors funding opportunities capital valued",
    "risks risk threat threats uncertainty dispute",
    "products product services offering brands portfolio models",
    "technology technique technical technologies method methods",
    "customers customer users buyers consumers clients",
    "employees staff people workforce headcount",
    "history founded started began origins",
    "headquarters offices based located",
    "prices price cost costs pricing average",
    "findings finding results result shows showed found",
    "outlook forecast expected future next",
    "leadership management ceo chief executive director",
)
_RELATED: Final[dict[str, frozenset[str]]] = {}
for _line in _RELATED_WORDS:
    _stems = frozenset(stem(_word) for _word in _line.split())
    for _stem in _stems:
        _RELATED[_stem] = _RELATED.get(_stem, frozenset()) | _stems


@frozen
class Outline:
    """What a report is to contain.

    Attributes:
        title: From the question, without "Provide a comprehensive".
        subject: The words to find the documents with.
        themes: What the question lists, as it words it; empty where it lists nothing.
    """

    title: str
    subject: str
    themes: tuple[str, ...]


def outline(question: str, description: str | None = None) -> Outline:
    """Read the outline of a report from its question and from the description of its output."""
    themes: list[str] = []
    for line in [*question.splitlines(), *(description or "").splitlines()]:
        item = _ITEM.match(line)
        if item:
            themes.append(_theme(item["text"]))
    lead = [line.strip() for line in question.splitlines() if not _ITEM.match(line)]
    said = " ".join(line for line in lead if line)
    inline = _INLINE.search(said)
    if inline and not themes:
        listed = _split(inline["list"])
        if len(listed) > 1:
            themes = [_theme(text) for text in listed]
            said = f"{said[: inline.start()]} {said[inline.end() :]}".strip()
    themes = [theme for theme in dict.fromkeys(themes) if theme][:MAX_THEMES]
    return Outline(title=_title(said), subject=_subject(said or question), themes=tuple(themes))


def theme_terms(theme: str, subject: str) -> tuple[str, ...]:
    """Return the stems that a theme adds to its subject; all of its own where it adds none."""
    own = [
        word.stem
        for word in tokens(theme)
        if not word.mark and word.lower not in STOPWORDS and word.stem not in _ABOUT_REPORTS
    ]
    known = {word.stem for word in tokens(subject)}
    return tuple(dict.fromkeys(term for term in own if term not in known) or dict.fromkeys(own))


def related(term: str) -> frozenset[str]:
    """Return the stems that speak of the same as a theme's stem."""
    return _RELATED.get(term, frozenset([term]))


def _split(listed: str) -> list[str]:
    parts = [part for part in _SEPARATOR.split(listed) if part.strip()]
    if len(parts) == 1:
        parts = _LAST_AND.split(listed)
    return parts


def _theme(text: str) -> str:
    text = re.sub(r"[*_`#]+", "", text).strip().strip(" .;:,")
    return text[:1].upper() + text[1:]


def _title(said: str) -> str:
    text = _FIELD.sub("", said, count=1) if said.count(":") == 1 else said
    text = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
    shorter = _PRAISE.sub("", _OPENING.sub("", text)).strip() if not text.endswith("?") else text
    shorter = _TRAILER.sub("", shorter).strip().rstrip(".:;, ") if shorter else text
    if len(shorter) > _TITLE_CHARS:
        shorter = shorter[: shorter.rfind(" ", 0, _TITLE_CHARS)].rstrip(" ,;:") + " …"
    return shorter[:1].upper() + shorter[1:] if shorter else "Report"


def _subject(said: str) -> str:
    words = [
        word.text
        for word in tokens(said)
        if not word.mark and word.lower not in STOPWORDS and word.stem not in _ABOUT_REPORTS
    ]
    return " ".join(dict.fromkeys(words)) or said
