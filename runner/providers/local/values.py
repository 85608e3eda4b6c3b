"""Text to typed value: numbers, years, dates, booleans, URLs, names and lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from runner.frozen import frozen
from runner.jsonvalue import JSON
from runner.providers.local.lexicon import word_set

_SCALES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "m": 1e6, "mio": 1e6,
    "billion": 1e9, "bn": 1e9, "b": 1e9, "trillion": 1e12, "tn": 1e12,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>[-−+]\s?)?(?:[$€£¥]|[A-Z]{2,3}\$?\s)?\s?"
    r"(?P<digits>\d{1,3}(?:[,’'\u00a0\u202f\u2009 ]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}"
    r"|\d+(?:[.,]\d+)?)"
    r"(?:\s?(?P<scale>thousand|million|billion|trillion|mn|bn|tn|mio|[kKmMbB])\b)?"
    r"(?P<percent>\s?%|\s+per ?cent\b)?(?![\w]|[.,]\d)"
)
_MONEY = re.compile(
    r"(?:(?:about|around|some|roughly|nearly|almost|over|more than|less than|up to)\s+)?"
    r"(?<![\w.,])[-−]?(?:(?:US|A|C|NZ|HK)?[$€£¥]|(?:[A-Z]{3}|kr|Fr\.?)\s)?\s?"
    r"(?!(?:1[5-9]|20)\d\d(?![\d,.]))\d[\d.,’'\u00a0\u202f]*(?<![.,])"
    r"(?:[\s-]?(?:thousand|million|billion|trillion|mn|bn|tn|mio|[kKmMbB])\b\.?)?"
    r"(?!\s?(?:%|per ?cent\b))(?![\d.,]*\d)"
    r"(?:\s?[$€£¥]|\s(?:(?:US|American|Danish|Swedish|Norwegian|Swiss)\s)?(?:dollars?|euros?|yen|pounds?"
    r"|kron(?:er|or|e|a)|francs?|yuan|renminbi|rupees?|won|[A-Z]{3})\b)?"
)
_YEAR = re.compile(r"(?<![\d.,$€£])(1[0-9]{3}|20[0-9]{2})(?!\d|\s?%|[.,]\d)")
_ASIDE = re.compile(
    r"\([^()]*\)|\b(?:as of|at the end of|end of|since|in|by|for|during|until)\s+"
    r"(?:the\s+)?(?:(?:fiscal|financial)\s+)?(?:years?\s+)?(?:\w+\s+)?(?:1[5-9]|20)\d\d\b",
    re.IGNORECASE,
)
_COUNT_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([A-Za-z]{3,9})\.?,? (\d{4})\b")
_MONTH_DAY = re.compile(r"\b([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
_SLASHED = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")
_URL = re.compile(r"https?://[^\s<>\"'`)\]|]+")
_DOMAIN = re.compile(r"(?<![@\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[^\s<>\"')\]]*)?", re.IGNORECASE)
_YES = word_set("yes y true on ✓ ✔ ✅ supported available included full")
_NO = word_set("no n false off none never ✗ ✘ ❌ unsupported unavailable excluded not")
_NEGATION = re.compile(
    r"\b(?:not|no longer|never|without|cannot|neither|nor|no|isn't|doesn't|don't|won't|can't|"
    r"dropped|drops|ended|lacks?|unsupported|removed)\b|n’t\b",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"\s*<[^<>\s]+@[^<>\s]+>")
_MAIL = re.compile(r"^\S+@\S+\.\S+$")
_LEGAL = r"(?:Inc|Ltd|LLC|Corp|Co|Company|GmbH|AG|SA|S\.A|plc|PLC|Jr|Sr|N\.V|B\.V)\b"
_SEPARATOR = re.compile(rf"\s*;\s*|\s*,\s*(?!{_LEGAL})(?=\S)|\n+|\s+[•·|]\s+")
_FINAL_AND = re.compile(r"^(?:and|or|und|et|&)\s+", re.IGNORECASE)
_LAST_AND = re.compile(r"\s+(?:and|or|&)\s+")
_ETC = re.compile(
    r"^(?:etc\.?|and more|others?|and others|among others"
    r"|(?:many|several|various|countless|(?:a )?few|(?:many |several )?other)\s.*)$",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"[<>=!~^]")


@frozen
class Parsed:
    """A value of the asked type; `clean` says that the text was that value and little else."""

    value: JSON
    clean: bool


def parse_number(text: str, *, divisor: float = 1) -> Parsed | None:
    """Return the first number of a text that is no aside such as `(2023)`.

    `1,200`, `1 200` and `1.200.000` are thousands; `3.2 billion` is 3200000000 and `12 %` is 12.
    A stated scale is divided by `divisor` (a field "in millions" reads `3.2 billion` as 3200).
    """
    asides = _ASIDE.sub(" ", text)
    bare = asides.strip(" .,;")
    if bare.lower() in _COUNT_WORDS:
        return Parsed(value=_COUNT_WORDS[bare.lower()], clean=True)
    if not re.search(r"\w", bare) and not re.search(r"[^\W\d_]", text):
        bare = text.strip(" .,;()")  # "(2023)" is no aside where nothing else is said
    match = _NUMBER.search(bare)
    if match is None:
        return None
    number = float(_plain(match["digits"]))
    if match["scale"]:
        number *= _SCALES[match["scale"].lower()] / divisor
    if match["sign"] and match["sign"].strip() in "-−" and match.start() == 0:
        number = -number
    others = len(_NUMBER.findall(bare))
    around = bare[: match.start()] + bare[match.end() :]
    is_range = re.match(r"\s*(?:[-–—]|to)\s*\d", bare[match.end() :]) is not None
    few = 6
    clean = not is_range and others <= 1 and len(around.split()) <= few
    return Parsed(value=_as_int(number), clean=clean)


def parse_amount(text: str) -> str | None:
    """Return the first amount of money in a text, as written: `about 15.67 billion euros`.

    Percentages and years are none; what follows the amount is left out.
    """
    return next((match.group() for match in _MONEY.finditer(text)), None)


def _plain(digits: str) -> str:
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", digits):
        return digits.replace(".", "")
    if re.fullmatch(r"\d+,\d{1,2}", digits):
        return digits.replace(",", ".")
    return re.sub(r"[,’'\s]", "", digits)


def _as_int(number: float) -> int | float:
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def parse_year(text: str) -> Parsed | None:
    """Return the first year (1000 to 2099) of a text."""
    years = _YEAR.findall(text)
    if not years:
        return None
    return Parsed(value=int(years[0]), clean=len(set(years)) == 1)


def parse_date(text: str) -> Parsed | None:
    """Return the first full date of a text as `YYYY-MM-DD`; `03/04/2024` is ambiguous: None."""
    for pattern, order in ((_ISO_DATE, "ymd"), (_DAY_MONTH, "dmy"), (_MONTH_DAY, "mdy")):
        for match in pattern.finditer(text):
            parts = dict(zip(order, match.groups(), strict=True))
            month = parts["m"] if parts["m"].isdigit() else _MONTHS.get(parts["m"].lower())
            if month is None:
                continue
            found = _date(parts["y"], month, parts["d"])
            if found:
                return Parsed(value=found, clean=True)
    if slashed := _SLASHED.search(text):
        first, second, year = slashed.groups()
        twelve = 12
        if int(first) > twelve:
            first, second = second, first
        elif int(second) <= twelve and first != second:
            return None
        found = _date(year, first, second)
        return Parsed(value=found, clean=True) if found else None
    return None


def _date(year: str, month: str | int, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def parse_boolean(text: str) -> Parsed | None:
    """Return what a short text such as `yes`, `Supported` or `no longer` says; else None."""
    words = re.findall(r"[^\s,;.()]+", text.lower())
    if not words:
        return None
    if words[0] in _YES:
        return Parsed(value=True, clean=len(words) <= 3)  # noqa: PLR2004 - "yes, since 2020"
    if words[0] in _NO:
        return Parsed(value=False, clean=len(words) <= 3)  # noqa: PLR2004
    return None


def is_negated(sentence: str) -> bool:
    """Whether a sentence denies: `does not support`, `no longer`, `without`."""
    return _NEGATION.search(sentence) is not None


def parse_url(text: str) -> Parsed | None:
    """Return the first URL of a text, else its first domain name as written."""
    if match := _URL.search(text):
        url = match.group().rstrip(".,;:!?*")
        return Parsed(value=url, clean=len(text) - len(url) < 40)  # noqa: PLR2004 - a name or so
    match = _DOMAIN.search(text)
    if match and (match.group() == text.strip() or match.group().startswith("www.")):
        return Parsed(value=match.group().rstrip(".,;"), clean=match.group() == text.strip())
    return None


def parse_enum(text: str, members: Sequence[JSON]) -> Parsed | None:
    """Return the member a text names: the whole of it, or the only one among its words.

    Members that are ranges of numbers (`51-200`, `10,001+`) take the number that falls into them.
    """
    folded = _fold(text)
    for member in members:
        if isinstance(member, str) and _fold(member) == folded:
            return Parsed(value=member, clean=True)
    named = [
        member
        for member in members
        if isinstance(member, str)
        and re.search(rf"(?<!\w){re.escape(_fold(member))}(?!\w)", folded)
    ]
    # "very high" names both "high" and "very high": the longer one is meant.
    named = [m for m in named if not any(m != o and _fold(m) in _fold(o) for o in named)]
    if len(named) == 1:
        return Parsed(value=named[0], clean=False)
    number = parse_number(text)
    if number is not None:
        if re.search(r"\b(?:more than|over|above)\s+\d", text, re.IGNORECASE):
            number = Parsed(value=number.value + 1, clean=number.clean)
        for member in members:
            if member == number.value and not isinstance(member, bool):
                return Parsed(value=member, clean=number.clean)
            if isinstance(member, str) and _in_range(number.value, member):
                return Parsed(value=member, clean=number.clean)
    return None


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().strip(".").lower())


def _in_range(number: float, member: str) -> bool:
    numbers = [float(_plain(match["digits"])) for match in _NUMBER.finditer(member)]
    parts = re.fullmatch(r"\s*([\d,. ]+?)\s*(?:[-–—]|to)\s*([\d,. ]+?)\D*", member)
    if parts:
        low, high = (float(_plain(part.strip())) for part in parts.groups())
        return low <= number <= high
    if len(numbers) != 1:
        number_plus = re.fullmatch(r"\D*([\d,. ]+)\+\D*", member)
        if number_plus is None:
            return False
        return number >= float(_plain(number_plus[1].strip()))
    if re.search(r"\+|more than|over|above|>", member):
        return number >= numbers[0]
    if re.search(r"less than|under|below|up to|<", member):
        return number <= numbers[0]
    return False


def clean_text(text: str) -> str:
    """Return a text as a value: one line, no emphasis, quotes, or mail address beside a name."""
    text = " ".join(text.split())
    named = re.sub(r"\s+\S+@\S+\.\w+$", "", _MAILBOX.sub("", text)).strip(" ,")
    text = named or text
    text = re.sub(r"^([*_`]{1,2})(.+)\1$", r"\2", text)
    if len(text) > 1 and text[0] in "\"'“‘" and text[-1] in "\"'”’":
        text = text[1:-1]
    return text.strip()


def is_mail_address(text: str) -> bool:
    """Whether the text is a mail address and nothing else."""
    return _MAIL.match(text.strip().strip("<>")) is not None


def first_name(text: str) -> str:
    """Return the first of several names: of mailboxes, or of a list of three or more."""
    if len(_MAILBOX.findall(text)) > 1:
        return clean_text(_MAILBOX.split(text)[0])
    names = split_list(clean_text(text))
    return names[0] if len(names) > 2 else clean_text(text)  # noqa: PLR2004 - "Acme, Inc."


def split_list(text: str, *, at_spaces: bool = False) -> list[str]:
    """Return the items of `a, b and c`, `a; b`, `a and b`; with `at_spaces` also of `a b c`."""
    text = re.sub(r"\s*\([^()]*\)", "", _MAILBOX.sub("", text)).strip().rstrip(".;,")
    mark = ";" if ";" in text else None
    pieces = [p.strip() for p in (text.split(";") if mark else _SEPARATOR.split(text)) if p.strip()]
    if pieces and (len(pieces) > 1 or len(text.split()) <= 9):  # noqa: PLR2004 - two short names
        *most, last = pieces
        last = _FINAL_AND.sub("", last) if most else last
        halves = _LAST_AND.split(last)
        pieces = [*most, *(halves if len(halves) == 2 else [last])]  # noqa: PLR2004 - two halves
    if len(pieces) == 1 and at_spaces:
        pieces = pieces[0].split()
    cleaned = (clean_text(_FINAL_AND.sub("", piece)).strip(" .") for piece in pieces)
    return list(dict.fromkeys(p for p in cleaned if p and not _ETC.match(p)))


def cut_to_example(text: str, example: str) -> str | None:
    """Return the part of a text that looks like an example, or None where nothing does.

    An example that begins with an operator (`>=3.8`) asks for a range: `3.8+` and `3.8 or later`
    become one. One that is a version asks for a version. Others ask for nothing.
    """
    if _OPERATOR.match(example):
        if match := re.search(r"(?:[<>=!~^]=?=?\s*v?\d[\w.*]*\s*,?\s*)+", text):
            return match.group().strip(" ,.")
        match = re.search(
            r"(\d+(?:\.\d+)*)(?:\+|\s+(?:or|and)\s+(?:later|newer|higher|above|up))", text
        )
        return f">={match[1]}" if match else None
    if re.fullmatch(r"v?\d+(?:\.\w+)+", example):
        match = re.search(r"v?\d+(?:\.\w+)+", text)
        return match.group() if match else None
    return text
