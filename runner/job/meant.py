"""What a value in the wrong form was meant to be."""

from __future__ import annotations

import re

BARE_TEMPLATE = "a value that starts with a template needs quotes"
BARE_TEMPLATE_HINT = 'write "{{ ... }}": without quotes YAML takes { for the start of a mapping'

_MOST_DIGITS = 20
_MOST_EXPRESSION = 100
_NAMED = re.compile(r"[^{}\n]*\b(?:item|vars|steps|run|output|basis)\b[^{}\n]*")
# Where the day comes first only with dots: 1/2/2025 is February here and January there.
_YEAR_FIRST = re.compile(r"([0-9]{4})([./ ]|-)([0-9]{1,2})\2([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


def as_template(text: str) -> str | None:
    """Return what was meant by an expression without its braces, or None."""
    text = text.strip().removeprefix("${").removesuffix("}")
    if len(text) > _MOST_EXPRESSION or not _NAMED.fullmatch(text):
        return None
    mark = "'" if '"' in text else '"'
    return f"{mark}{{{{ {text} }}}}{mark}"


def as_day(text: str) -> str | None:
    """Return a day that is written in another way (2025/1/31, 31.1.2025) as YYYY-MM-DD, or None."""
    if match := _YEAR_FIRST.fullmatch(text.strip()):
        year, month, day = match[1], match[3], match[4]
    elif match := _DAY_FIRST.fullmatch(text.strip()):
        day, month, year = match.groups()
    else:
        return None
    return f"{year}-{int(month):02}-{int(day):02}"


def number_pitfall(word: str) -> str:
    """Return why digits are a text: quotes, zeros in front of them, or too many of them."""
    if len(word) > _MOST_DIGITS:
        return "the number is too long"
    if word.startswith("0") and word[1:2].isdigit():
        return f"digits after a 0 are a text, such as a postal code: write {word.lstrip('0') or 0}"
    return f"write {word} without quotes"
