"""Files written by hand: small, UTF-8, and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.job.diagnostics import JobProblemsError, Problem
from runner.job.rules.nearby import missing_hint
from runner.job.text.credentials import excerpt
from runner.job.text.lines import Lines

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_048_576
"""Job files are written by hand; what is larger is something else."""

_SAVE_HINT = "save the file as UTF-8"

# A byte-order mark in the middle of a text is invisible and breaks words.
_UNPRINTABLE = re.compile(
    r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)


def read_text(path: Path, shown: str) -> str:
    """Return the text of a file written by hand: UTF-8, at most 1 MiB, no control characters.

    Raises:
        JobProblemsError: it is not that.
    """
    try:
        if path.is_dir():
            raise _refused(shown, "this is a folder, not a file", "name a file in it")
        if path.exists() and not path.is_file():
            # A pipe would be waited for, and a device may never end.
            raise _refused(shown, "this is a pipe or a device, not a file", "name a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = missing_hint(path.parent, path.name, "check the path's spelling")
        raise _refused(shown, "there is no such file", hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(
            shown, f"the file cannot be read: {reason}", "check its path and rights"
        ) from None
    if len(raw) > MAX_BYTES:
        hint = "keep data in a csv or jsonl file, named by `items`"
        raise _refused(shown, "the file is larger than 1 MiB", hint)
    return _decoded(raw, shown)


def _decoded(raw: bytes, shown: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JobProblemsError((not_utf8(raw, error, shown),)) from None
    if _is_wide(raw):
        raise JobProblemsError((_wide(shown),))
    if bad := _UNPRINTABLE.search(text):
        lines = Lines(text)
        is_mark = bad[0] == "\ufeff"
        problem = lines.problem(
            shown,
            lines.position(bad.start()),
            f"a{'n invisible' if is_mark else ' control'} character (U+{ord(bad[0]):04X}) "
            "that no text file holds",
            hint="remove it" if is_mark else "remove it; is this a text file?",
        )
        raise JobProblemsError((problem,))
    return text


def _is_wide(raw: bytes) -> bool:
    """Return whether a text's characters take two bytes or four."""
    return raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[:2].count(0) == 1


def _wide(shown: str) -> Problem:
    return Problem(
        file=shown, line=1, column=1, message="the file is UTF-16, not UTF-8", hint=_SAVE_HINT
    )


def not_utf8(raw: bytes, error: UnicodeDecodeError, shown: str) -> Problem:
    """Return the problem of bytes that are not UTF-8, at the first wrong one."""
    if _is_wide(raw):
        return _wide(shown)
    # A byte-order mark is taken off before decoding: the error counts from behind it.
    start = error.start + len(raw) - len(error.object)
    before = raw[:start].decode("utf-8-sig", "replace")
    column = len(before) - before.rfind("\n")
    rest = raw[start:].split(b"\n", 1)[0].decode("utf-8", "replace")
    snippet, cut = excerpt(before.rsplit("\n", 1)[-1] + rest, column)
    return Problem(
        file=shown,
        line=before.count("\n") + 1,
        column=column,
        message=f"byte {start + 1} of the file (0x{raw[start]:02x}) is not UTF-8",
        hint=_SAVE_HINT,
        snippet=snippet,
        cut=cut,
    )


def _refused(shown: str, message: str, hint: str) -> JobProblemsError:
    return JobProblemsError((Problem(file=shown, line=0, column=0, message=message, hint=hint),))
