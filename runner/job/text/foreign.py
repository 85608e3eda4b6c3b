"""What people write because another language, or a program, does so; what it is in YAML."""

from __future__ import annotations

import re

from runner.job.text.complaint import Complaint, Pitfall

_OTHER_COLON = re.compile(r"^[ \t]*(?:- +)*[A-Za-z_][\w-]*[ \t]*(=+>?|->|;|[：﹕︓])")
_CONFLICT = re.compile(r"(?:<{7}|>{7})(?!\S)")
_STARS = re.compile(r"(?:[:-][ \t]+|^[ \t]*)([*&])")
_FOREIGN_COMMENT = re.compile(r"[ \t]*(//|/\*|--(?=[ \t])|;)")
_MARKED_COLON = re.compile(r":(?=\s|$)")


def explain_conflict(complaint: Complaint) -> Pitfall | None:
    """Explain what git leaves where two people changed the same lines."""
    for index in (complaint.context, complaint.index):
        start = complaint.text.rfind("\n", 0, index) + 1 if index is not None else 0
        if found := _CONFLICT.match(complaint.text, start):
            return Pitfall(
                index=start,
                width=len(found[0]),
                message="two versions of these lines were merged and none was chosen",
                hint="keep one version, and remove the lines of <<<<<<<, ======= and >>>>>>>",
            )
    return None


def explain_comment(complaint: Complaint) -> Pitfall | None:
    """Explain a comment as other languages write it."""
    start = complaint.text.rfind("\n", 0, max(0, complaint.start - 1)) + 1
    for at in (start, complaint.start):
        if found := _FOREIGN_COMMENT.match(complaint.text, at):
            return Pitfall(
                index=found.start(1),
                width=len(found[1]),
                message=f"{found[1]} where YAML wants a #",
                hint="a comment starts with # and a space",
            )
    return None


def explain_other_colon(complaint: Complaint) -> Pitfall | None:
    """Explain a key that has something else than a colon, or nothing, behind it."""
    if not complaint.words.startswith(("could not find expected ':'", "mapping values are")):
        return None
    for at, line in (complaint.before, (complaint.start, complaint.line)):
        found = _OTHER_COLON.match(line)
        if found and not _MARKED_COLON.search(line):
            return Pitfall(
                index=at + found.start(1),
                width=len(found[1]),
                message=f"{found[1]} where YAML wants a colon",
                hint="write key: value, with a space after the colon",
            )
    return None


def explain_stars(complaint: Complaint) -> Pitfall | None:
    """Explain a text that starts with * or &, which have a meaning of their own."""
    found = _STARS.search(complaint.line, 0, complaint.index - complaint.start)
    if found is None or "did not find expected key" not in complaint.words:
        return None
    return Pitfall(
        index=complaint.start + found.start(1),
        message=f"a value without quotes cannot start with {found[1]}",
        hint="put the value in quotes",
    )
