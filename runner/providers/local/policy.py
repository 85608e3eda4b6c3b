"""Which documents a source policy lets be used: its domains are files and folders."""

from __future__ import annotations

from runner.job.model import SourcePolicy


def allowed(path: str, date: str, policy: SourcePolicy) -> bool:
    """Return whether a policy lets a document be used.

    `include_domains` and `exclude_domains` name files and folders (all below them); where both
    are given, only `include_domains` counts. `after_date` lets the day itself pass.

    Args:
        path: The document's path, as citations show it.
        date: `YYYY-MM-DD` that it states, or else when its file was last changed.
        policy: The policy.
    """
    if policy.after_date is not None and date < policy.after_date.isoformat():
        return False
    if policy.include_domains:
        return any(_is_below(path, place) for place in policy.include_domains)
    return not any(_is_below(path, place) for place in policy.exclude_domains)


def _is_below(path: str, place: str) -> bool:
    folder = place.strip().removeprefix("./").rstrip("/")
    path = path.removeprefix("./")
    return folder in ("", ".") or path == folder or path.startswith(f"{folder}/")
