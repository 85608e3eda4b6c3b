"""Keys and passwords that slipped into a file: found, and never shown."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN = r"[\w+/=.~-]"
_ASSIGNED = (
    r"(?i:(?:api[_-]?key|secret|token|passwd|password)[\"']?[ ]{0,9}[:=][ ]{0,9}[\"']?)"
    r"(?=[A-Za-z_+/=.~-]{0,200}[0-9])(?=[0-9_+/=.~-]{0,200}[A-Za-z])"
)
# A kind is its name, what stands before the secret part, and how that part begins; it lasts as
# long as the characters of a key do. Before a match nothing is repeated without an upper bound,
# and what a match takes is not searched again, so that no text takes long, however it is built.
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("a private key", "", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    ("an API key", r"\b", r"(?:sk|pk|rk)[-_](?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{20}"),
    ("an AWS access key", r"\b", r"(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b", r"(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{30})"),
    ("a GitLab token", r"\b", r"glpat-[A-Za-z0-9_-]{18}"),
    ("a Slack token", r"\b", r"xox[abeoprs]-[A-Za-z0-9-]{10}"),
    ("a Google API key", r"\b", r"AIza[0-9A-Za-z_-]{30}"),
    ("a webhook secret", r"\b", r"whsec_[A-Za-z0-9+/=]{16}"),
    ("a signed token", r"\b", r"eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10}"),
    (
        "a bearer token",
        r"\b[Bb]earer[ ]{1,9}",
        r"(?=[A-Za-z_.-]{0,200}[0-9])[A-Za-z0-9_.~+/-]{20}",
    ),
    (
        "a password in a URL",
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{1,100}:",
        r"(?!\{\{)[^\s/:@\"']{1,200}(?=@)",
    ),
    ("a secret", _ASSIGNED, _RUN + "{16}"),
)


@cache
def _secret() -> re.Pattern[str]:
    """Return what finds a credential; it is large, and made where a text looks like one."""
    return re.compile(
        "|".join(
            f"{lead}(?P<k{index}>{secret}{'' if secret.endswith('(?=@)') else _RUN + '*'})"
            for index, (_, lead, secret) in enumerate(_KINDS)
        )
    )


# What every credential holds, of any kind: a text without any of these needs no search.
_MARKS = (
    *("private key", "sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "akia", "asia", "ghp_", "gho_"),
    *("ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "aiza", "whsec_", "eyj", "bearer"),
)
_ASSIGNMENT = re.compile(r"(?:api[_-]?key|secret|token|passwd|password)[\"']?[ ]{0,9}[:=]")
_RUN_AT_START = re.compile(_RUN + "*")
_SHOWN = 4
_AROUND = 300
_MARGIN = 1_500
"""More than any credential's beginning, so that one is known as such wherever a line is cut."""


def secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of each piece of a text that looks like a credential."""
    for match in _found(text):
        group = match.lastgroup or "k0"
        yield match.start(group), match.end(group), _KINDS[int(group[1:])][0]


def _found(text: str) -> Iterator[re.Match[str]]:
    plain = text.casefold()
    is_marked = any(mark in plain for mark in _MARKS) or ("://" in plain and "@" in plain)
    if is_marked or _ASSIGNMENT.search(plain):
        return _secret().finditer(text)
    return iter(())


def masked(text: str) -> str:
    """Return a text of the same length with every credential hidden.

    The first characters stay where they only say what kind of key it is.
    """
    pieces: list[str] = []
    done = 0
    for match in _found(text):
        start, end = match.span(match.lastgroup or 0)
        kept = start + (_SHOWN if start == match.start() else 0)
        pieces += [text[done:kept], "*" * (end - kept)]
        done = end
    return "".join([*pieces, text[done:]])


def excerpt(line: str, column: int) -> tuple[str, int]:
    """Return the part of a line around a column (from 1), masked, and how much is cut before it."""
    first = max(0, column - 1 - _AROUND)
    begin = max(0, first - _MARGIN)
    window = line[begin : column + _AROUND + _MARGIN]
    # What a cut leaves of a long run of characters may be the end of a key.
    head = _RUN_AT_START.match(window)
    tail = head.end() if begin and head else 0
    hidden = "*" * tail + masked(window[tail:])
    return hidden[first - begin : column + _AROUND - begin], first
