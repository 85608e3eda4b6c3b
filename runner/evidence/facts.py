"""What a text states, whatever its words: dates, numbers, names, and which way it points."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from runner.evidence.lexicon import ALIASES, ENGLISH, FORMS, MAYBE, NEGATIONS, SIDES, STATES, STOP
from runner.frozen import frozen

_TYPOGRAPHY: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009\u2007", " "),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
        "…": "...",
    }
)


def folded(text: str) -> str:
    """Return a text in plain typography: quotes, dashes, ligatures, white space; case is kept."""
    if text.isascii() and "`" not in text:
        return " ".join(text.split())
    plain = unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)
    return " ".join(plain.split())


@frozen
class Facts:
    """What a text states.

    Attributes:
        dates: `2025-10-10` or `2025-10`, in the order of their mention.
        numbers: Each with its unit (`$`, `€`, `£`, `%` or ""), in the order of their mention.
        names: Words written with a capital, each once, in lower case.
        polarity: How many negations there are, which words point which way, and whether it is
            certain.
        words: The other words that carry content, by their stem.
        is_english: Its negations and its words that point one way are known.
    """

    dates: tuple[str, ...] = ()
    numbers: tuple[tuple[Decimal, str], ...] = ()
    names: tuple[str, ...] = ()
    polarity: tuple[tuple[str, int], ...] = ()
    words: tuple[str, ...] = ()
    is_english: bool = False


_MONTH_NAMES: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTHS: Final[Mapping[str, int]] = {
    **{name: number for number, name in enumerate(_MONTH_NAMES, start=1)},
    **{name[:3]: number for number, name in enumerate(_MONTH_NAMES, start=1)},
    "sept": 9,
}
_MONTH: Final = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>[12]\d{3})"
_DATES: Final = tuple(
    re.compile(rf"(?<![\w.]){pattern}(?!\w)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}-(?P<month>[01]?\d)-(?P<day>[0-3]?\d)(?:T[\d:.]+Z?)?",
        rf"(?:the )?{_DAY}(?: of)? {_MONTH},? {_YEAR}",
        rf"{_MONTH} {_DAY},? {_YEAR}",
        rf"{_MONTH},?(?: of)? {_YEAR}",
        rf"(?P<day>[0-3]?\d)\.(?P<month>[01]?\d)\.{_YEAR}",
    )
)

_HAS_YEAR: Final = re.compile(r"[12]\d{3}")

_SCALES: Final[Mapping[str, int]] = {
    "k": 3,
    "thousand": 3,
    "m": 6,
    "mn": 6,
    "million": 6,
    "millions": 6,
    "bn": 9,
    "b": 9,
    "billion": 9,
    "billions": 9,
    "tn": 12,
    "trillion": 12,
}
_UNITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("$", "us$", "usd", "dollar", "dollars"), "$"),
    **dict.fromkeys(("€", "eur", "euro", "euros"), "€"),
    **dict.fromkeys(("£", "gbp", "pound", "pounds"), "£"),
    **dict.fromkeys(("%", "percent", "per cent"), "%"),
}
_SCALE: Final = rf"(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![a-z])"
_NUMBER: Final = re.compile(
    r"(?P<sign>(?<![\w.-])-(?=us\$|[$€£\d]))?(?P<before>(?:us\$|[$€£]|\b(?:usd|eur|gbp)) ?)?"
    r"(?P<inner>(?<![\w.-])-)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
    rf"(?:[ -]?{_SCALE})?"
    r"(?: ?(?P<after>us\$|[$€£%]|"
    r"(?:usd|eur|gbp|dollars?|euros?|pounds?|percent|per cent)(?![a-z])))?",
    re.IGNORECASE,
)
_IN_WORDS: Final = dict(
    zip(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        range(1, 11),
        strict=True,
    )
) | {"eleven": 11, "twelve": 12}
_NUMBER_WORD: Final = re.compile(
    rf"\b(?P<word>{'|'.join(_IN_WORDS)})\b(?! of\b)(?: {_SCALE})?", re.IGNORECASE
)
_HAS_NUMBER: Final = re.compile(rf"\d|\b(?:{'|'.join(_IN_WORDS)})\b", re.IGNORECASE)
_CONTRACTED: Final = re.compile(r"\b(ca|wo|\w+?)n't\b", re.IGNORECASE)
_STATE: Final = re.compile(rf",\s*({'|'.join(STATES)})\b(?!\.)")
_ALIASES: Final = tuple((re.compile(pattern), name) for pattern, name in ALIASES)
_WORD: Final = re.compile(r"[^\W\d_](?:[\w'&-]*\w)?")
_ENDS: Final = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "'s", "s")
# What begins a sentence with a capital is seldom a name when it ends so.
_COMMON: Final = re.compile(r".{3,}(?:ed|ing|ly|tion|ment|ness|ity|ive|able|ous)$")


def facts_of(text: str, beside: str = "") -> Facts:
    """Return what a text states.

    Args:
        text: Any text.
        beside: The text it is compared with: a word that begins a sentence here and stands in
            lower case there is no name.
    """
    rest = folded(text)
    for pattern, name in _ALIASES:
        rest = pattern.sub(f" {name} ", rest)
    rest = _STATE.sub(lambda found: f", {STATES[found[1]]}", rest)
    rest = _CONTRACTED.sub(r"\1 not ", rest)
    dates, numbers, rest = _measures(rest)
    names, words, polarity = _words(rest, folded(beside))
    return Facts(
        dates=dates,
        numbers=numbers,
        names=tuple(dict.fromkeys(names)),
        polarity=tuple(sorted(polarity.items())),
        words=tuple(words),
        is_english=not ENGLISH.isdisjoint(_WORD.findall(rest.lower())),
    )


def measures_of(text: str) -> tuple[tuple[str, ...], tuple[tuple[Decimal, str], ...]]:
    """Return only the dates and numbers that a text states, as `Facts` has them."""
    dates, numbers, _ = _measures(folded(text))
    return dates, numbers


def is_falling(text: str) -> bool:
    """Return whether a text says that something falls, or that there is less of it."""
    return any(SIDES.get(word) == (0, 1) for word in _WORD.findall(text.lower()))


def _measures(
    text: str,
) -> tuple[tuple[str, ...], tuple[tuple[Decimal, str], ...], str]:
    """Return the dates and numbers of a text, and the text without them."""
    dates: tuple[str, ...] = ()
    if _HAS_YEAR.search(text):
        dates, text = _dates(text)
    numbers: tuple[tuple[Decimal, str], ...] = ()
    if _HAS_NUMBER.search(text):
        numbers, text = _numbers(text)
    return dates, numbers, text


def _dates(text: str) -> tuple[tuple[str, ...], str]:
    """Return the dates of a text, and the text without them."""
    found: dict[int, str] = {}
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = parts["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS[month]
            day = f"-{int(parts['day']):02}" if parts.get("day") else ""
            found[match.start()] = f"{parts['year']}-{number:02}{day}"
        # Its place stays, so that the order of what is found later is known.
        text = pattern.sub(lambda match: "\0" * len(match[0]), text)
    return tuple(found[start] for start in sorted(found)), text.replace("\0", " ")


def _numbers(text: str) -> tuple[tuple[tuple[Decimal, str], ...], str]:
    """Return the numbers of a text with their units, and the text without them."""
    found: dict[int, tuple[Decimal, str]] = {}
    for match in _NUMBER.finditer(text):
        number = Decimal(match["digits"].replace(",", ""))
        unit = (match["before"] or match["after"] or "").strip().lower()
        value = _scaled(number, match)
        signed = -value if match["sign"] or match["inner"] else value
        found[match.start()] = (signed, _UNITS.get(unit, ""))
    text = _NUMBER.sub(lambda match: "\0" * len(match[0]), text)
    for match in _NUMBER_WORD.finditer(text):
        found[match.start()] = (_scaled(Decimal(_IN_WORDS[match["word"].lower()]), match), "")
    text = _NUMBER_WORD.sub(" ", text)
    return tuple(found[start] for start in sorted(found)), text.replace("\0", " ")


def _scaled(number: Decimal, match: re.Match[str]) -> Decimal:
    scale = match["scale"]
    return (number.scaleb(_SCALES[scale.lower()]) if scale else number).normalize()


def _words(text: str, beside: str) -> tuple[list[str], list[str], Counter[str]]:
    """Return the names of a text, its other words, and which way it points."""
    names: list[str] = []
    words: list[str] = []
    polarity: Counter[str] = Counter()
    lowered = frozenset(_WORD.findall(beside)) if beside else frozenset()
    for match in _WORD.finditer(text):
        word = match[0]
        low = word.lower().removesuffix("'s")
        if low in NEGATIONS:
            polarity["not"] += 1
        elif low in MAYBE and not (low == "may" and word != "may"):
            polarity["maybe"] = 1
        elif low in SIDES:
            axis, side = SIDES[low]
            polarity[f"axis {axis}.{side}"] += 1
            words.append(f"axis {axis}.{side}")
        elif low in FORMS or low in STOP:
            continue
        elif word[0].isupper() and not _opens(text, match.start(), word, lowered):
            names.append(low)
        else:
            words.append(stem(low))
    return names, words, polarity


def _opens(text: str, start: int, word: str, lowered: frozenset[str]) -> bool:
    """Return whether a word has its capital only because a sentence begins with it."""
    before = text[:start].rstrip(" \"'([")
    if before and before[-1] not in ".!?:;\n-|*#":
        return False
    return word.lower() in lowered or (word[1:].islower() and bool(_COMMON.match(word)))


def stem(word: str) -> str:
    """Return a word without its ending, roughly."""
    for ending in _ENDS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004
            return word.removesuffix(ending)
    return word.removesuffix("e") if len(word) > 4 else word  # noqa: PLR2004
