"""What an answer leaves for the questions that follow it, as a text that any process can read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Final

from runner.frozen import frozen
from runner.jsonvalue import JSON

PREFIX: Final = "local1."
"""The edition of the text: what another edition left is not read."""

MAX_CHARS: Final = 2_000
MAX_SUBJECT: Final = 200
MAX_DOCUMENTS: Final = 8


@frozen
class Interaction:
    """What an earlier question was about.

    Attributes:
        subject: The name of what was asked about, or the words that were searched for.
        is_named: Whether it is a name.
        documents: Paths of the documents that the answer cites, the first first.
    """

    subject: str
    is_named: bool = False
    documents: tuple[str, ...] = ()


def written(interaction: Interaction) -> str:
    """Return an interaction as a text of at most `MAX_CHARS`; what is too much is left out."""
    subject = _encodable(interaction.subject)[:MAX_SUBJECT]
    documents = [path for path in interaction.documents if _encodable(path) == path]
    documents = documents[:MAX_DOCUMENTS]
    while len(text := _text([int(interaction.is_named), subject, *documents])) > MAX_CHARS:
        documents.pop()
    return text


def read(text: str) -> Interaction | None:
    """Return what a text says that `written` has made; None of any other."""
    if not text.startswith(PREFIX) or len(text) > MAX_CHARS:
        return None
    try:
        packed = base64.b64decode(text.removeprefix(PREFIX), altchars=b"-_", validate=True)
        value = json.loads(packed)
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(value, list) or len(value) < 2 or value[0] not in (0, 1):  # noqa: PLR2004
        return None
    named, subject, *documents = value
    if not all(isinstance(each, str) for each in (subject, *documents)):
        return None
    found = Interaction(subject=subject, is_named=bool(named), documents=tuple(documents))
    return found if written(found) == text else None


def cited(basis: Sequence[Mapping[str, JSON]]) -> tuple[str, ...]:
    """Return the documents that a basis cites, each once, in its order."""
    return tuple(dict.fromkeys(c["url"] for entry in basis for c in entry["citations"]))


def _text(value: JSON) -> str:
    packed = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return PREFIX + base64.urlsafe_b64encode(packed).decode()


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
