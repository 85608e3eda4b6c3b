"""Files that are not there: which one was meant."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path, PurePosixPath

from runner.job.spelling import closest

_MOST = 2_000
"""So many names of a folder are looked at."""

_PATTERN = re.compile(r"[*?\[]")


def missing_hint(folder: Path, text: str, otherwise: str, *, folders: bool = False) -> str:
    """Return what to do about a path, or a pattern of paths, that leads to no file.

    Args:
        folder: Where the path starts.
        text: The path as it is written; it does not leave the project.
        otherwise: The hint where nothing like it is there.
        folders: Whether it may be a folder.
    """
    if "://" in text:
        return "name a file: what stands on the web is downloaded first"
    if "\\" in text:
        return f"folders are separated by /: {text.replace(chr(92), '/')}"
    near = _nearest(folder, text, folders=folders)
    return otherwise if near is None else f"did you mean {near}?"


def _nearest(folder: Path, text: str, *, folders: bool) -> str | None:
    """Return the path that most resembles one that is not there, or None."""
    parts = PurePosixPath(text).parts
    found: list[str] = []
    place = folder
    for index, part in enumerate(parts):
        if _PATTERN.search(part):
            found += parts[index:]
            break
        name: str | None = part
        if part not in {".", ".."} and not os.path.lexists(place / part):
            is_last = index == len(parts) - 1
            names = _names(place, files=True) if is_last else []
            if folders or not is_last:
                names += _names(place, files=False)
            name = _like(part, names)
        if name is None:
            return None
        found.append(name)
        place /= name
    near = "/".join(found)
    return None if near == text else near


def _like(name: str, names: list[str]) -> str | None:
    """Return the name that most resembles one; how they end counts little."""
    stems: dict[str, str] = {}
    for each in sorted(names, key=lambda n: PurePosixPath(n).suffix == PurePosixPath(name).suffix):
        stems[PurePosixPath(each).stem] = each
    near = closest(PurePosixPath(name).stem, stems)
    return None if near is None else stems[near]


def _names(folder: Path, *, files: bool) -> list[str]:
    """Return the names of the files, or else of the folders, in a folder."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry.name
                for entry in islice(entries, _MOST)
                if (entry.is_file() if files else entry.is_dir(follow_symlinks=False))
            ]
    except (OSError, ValueError):
        return []
