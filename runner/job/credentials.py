"""Keys and passwords that slipped into a file: found, and never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASSIGNMENT = (
    r"(?i:\b[\w-]{0,30}(?:api[_-]?key|secret|token|passwd|password)"
    r"[\"']?[ ]{0,9}[:=][ ]{0,9}[\"']?)"
    r"(?=[A-Za-z_+/=.~-]{0,200}[0-9])(?=[0-9_+/=.~-]{0,200}[A-Za-z])[\w+/=.~-]{16,200}"
)
# Every repetition has an upper bound, so that no text, however built, takes long to search.
_KINDS: tuple[tuple[str, str], ...] = (
    ("a private key", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    (
        "an API key",
        r"\b(?:sk|pk|rk)[-_](?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{20,200}",
    ),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,200}|github_pat_[A-Za-z0-9_]{30,200})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{18,200}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,200}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{30,200}"),
    ("a webhook secret", r"\bwhsec_[A-Za-z0-9+/=]{16,200}"),
    (
        "a signed token",
        r"\beyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{0,2000}",
    ),
    (
        "a bearer token",
        r"\b[Bb]earer[ ]{1,9}(?=[A-Za-z_.-]{0,200}[0-9])[A-Za-z0-9_.~+/-]{20,2000}",
    ),
    (
        "a password in a URL",
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{1,100}:(?!\{\{)[^\s/:@\"']{1,200}(?=@)",
    ),
    ("a secret", _ASSIGNMENT),
)
_SECRET = re.compile("|".join(f"(?P<k{i}>{p})" for i, (_, p) in enumerate(_KINDS)))
_SHOWN = 4


def secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of each piece of a text that looks like a credential."""
    for match in _SECRET.finditer(text):
        yield match.start(), match.end(), _KINDS[int((match.lastgroup or "k0")[1:])][0]


def masked(text: str) -> str:
    """Return a text of the same length with every credential but its first characters hidden."""
    for start, end, _ in secrets(text):
        kept = start + min(_SHOWN, (end - start) // 2)
        text = text[:kept] + "*" * (end - kept) + text[end:]
    return text
