"""What a value in the wrong form was meant to be."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from runner.templating import every_fault, is_sole

BARE_TEMPLATE = "a value that starts with a template needs quotes"
BARE_TEMPLATE_HINT = 'write "{{ ... }}": without quotes YAML takes { for the start of a mapping'

DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""The pattern of days in the JSON Schema of job files."""

_MOST_DIGITS = 20
_MOST_EXPRESSION = 100
_NAMED = re.compile(r"[^{}\n]*\b(?:item|vars|steps|run|output|basis)\b[^{}\n]*")
_BRACES = re.compile(r"\$?\{\{?|\}\}?")
# What other languages write for what a template says in words.
_OPERATORS = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "=="),
    (re.compile(r"&&|\bAND\b"), "and"),
    (re.compile(r"\|\||\bOR\b"), "or"),
    (re.compile(r"!(?!=)|\bNOT\b"), "not "),
    (re.compile(r"<>"), "!="),
)
# Where the day comes first only with dots, or beyond 12: 1/2/2025 is February here, January there.
_YEAR_FIRST = re.compile(
    r"([0-9]{4})(?:([./ -])([0-9]{1,2})(?:\2([0-9]{1,2})(?:[T ].*)?)?)?", re.DOTALL
)
_DAY_FIRST = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
_RUN_TOGETHER = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SPOKEN_DAY = re.compile(
    r"(?:([0-9]{1,2})\.?(?:st|nd|rd|th)? ([a-z]{3,9})|([a-z]{3,9}) ([0-9]{1,2})(?:st|nd|rd|th)?)"
    r",? ([0-9]{4})",
    re.IGNORECASE,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LAST_MONTH = 12


def as_template(text: str) -> str | None:
    """Return what was meant by an expression without braces, or with too many, or None."""
    if len(text) > _MOST_EXPRESSION:
        return None
    text = " ".join(_BRACES.sub(" ", text).split())
    for written, meant in _OPERATORS if "(" not in text else ():
        text = written.sub(meant, text)
    whole = f"{{{{ {text} }}}}"
    if not _NAMED.fullmatch(text) or every_fault(whole) or not is_sole(whole):
        return None
    return quoted(whole)


def quoted(text: str) -> str:
    """Return a text in the quotes that it does not hold itself."""
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}"


def as_day(text: str) -> str | None:
    """Return a day in another form (2025/1/31, 31.1.2025, 20250131) as YYYY-MM-DD, or None."""
    text = text.strip()
    year, month, day = "", "1", "1"
    if match := _RUN_TOGETHER.fullmatch(text):
        year, month, day = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[3] or "1", match[4] or "1"
    elif match := _DAY_FIRST.fullmatch(text):
        day, mark, month, year = match.groups()
        if mark != "." and int(day) <= _LAST_MONTH:
            return None
    elif match := _SPOKEN_DAY.fullmatch(text):
        name = (match[2] or match[3])[:3].lower()
        year, day = match[5], match[1] or match[4]
        month = str(_MONTHS.index(name) + 1) if name in _MONTHS else ""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def as_list(text: str) -> list[str]:
    """Return the entries that a text is meant to list."""
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()] or [text]


def as_name(text: str, mark: str) -> str:
    """Return a name of small letters and digits, with a mark between its words."""
    plain = (
        unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", mark, plain.lower()).strip(mark)


def number_pitfall(word: str) -> str:
    """Return why digits are a text: quotes, zeros in front, marks between, or too many of them."""
    digits = re.sub(r"[_,' ]", "", word)
    if len(digits) > _MOST_DIGITS:
        return "the number is too long"
    if digits != word:
        return f"write {digits}, without a mark between the digits"
    if word.startswith("0") and word[1:2].isdigit():
        return f"digits after a 0 are a text, such as a postal code: write {word.lstrip('0') or 0}"
    return f"write {word} without quotes"
