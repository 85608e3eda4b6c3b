"""Paths in job files: relative to the job, and kept inside the project."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import field
from pathlib import Path, PurePosixPath, PureWindowsPath

from runner.frozen import frozen

PROJECT_FILE = "runner.yaml"

_LONGEST_NAME = 255
"""In bytes; no usual file system takes more."""

_LONGEST_PATH = 4_000
"""In characters; likewise."""

_GLOB = re.compile(r"[*?\[]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@frozen
class Fault:
    """Why a path is refused, and what to write in its place."""

    message: str
    hint: str


@frozen
class Ground:
    """Where a job's paths start, and what they may not leave.

    Attributes:
        folder: The folder that relative paths start from.
        root: The project root.
        allow_outside: The user lets this job leave the project root.
        found: What was found of each path so far, since jobs of a folder name the same ones.
    """

    folder: Path
    root: Path
    allow_outside: bool = False
    found: dict[str, Fault | None] = field(default_factory=dict, compare=False, repr=False)

    def fault(self, text: str) -> Fault | None:
        """Return why a path (or a pattern of paths) is refused, or None."""
        if text not in self.found:
            self.found[text] = self._fault(text)
        return self.found[text]

    def _fault(self, text: str) -> Fault | None:
        if (unusable := _unusable(text)) is not None or self.allow_outside:
            return unusable
        windows = PureWindowsPath(text)
        if PurePosixPath(text).is_absolute() or windows.drive or windows.root:
            return Fault(
                message="an absolute path is refused",
                hint="write it relative to this file, or allow it with --allow-outside",
            )
        return self._leaving(text)

    def path(self, text: str) -> Path:
        """Return the absolute path that a text means; nothing is resolved or checked."""
        return Path(os.path.normpath(os.path.join(self.folder, text)))  # noqa: PTH118

    def _leaving(self, text: str) -> Fault | None:
        parts = PurePosixPath(text.replace("\\", "/")).parts
        fixed = [*parts]
        for index, part in enumerate(parts):
            if _GLOB.search(part):
                fixed = list(parts[:index])
                if ".." in parts[index:]:
                    return Fault(message="'..' after a pattern is refused", hint="leave it away")
                break
        target = os.path.join(self.folder, *fixed)  # noqa: PTH118 - asked for every path of every job
        if not _is_below(os.path.normpath(target), str(self.root)):
            return Fault(
                message="this path leaves the project folder",
                hint=self._way_in(),
            )
        return self._astray(fixed)

    def _way_in(self) -> str:
        if any((self.root / mark).exists() for mark in (PROJECT_FILE, ".git")):
            return "keep it below the project, or allow it with --allow-outside"
        return "an empty runner.yaml in a folder above makes that the project; or --allow-outside"

    def _astray(self, parts: list[str]) -> Fault | None:
        """Return why the links on a path are refused: they lead out, or nowhere, or back again."""
        place = root = str(self.root)
        steps = Path(os.path.relpath(self.folder, root)).parts
        has_link = False
        for step in (*steps, *parts):
            if step == ".." and has_link:
                return Fault(message="'..' after a link is refused", hint="write the path without")
            place = os.path.normpath(os.path.join(place, step))  # noqa: PTH118
            if not _is_below(place, root) or not os.path.islink(place):  # noqa: PTH114
                continue
            has_link = True
            if _is_circle(place):
                return Fault(message="this path cannot be followed", hint="is it a link to itself?")
            if not _is_below(os.path.realpath(place), os.path.realpath(root)):
                return Fault(
                    message="a link on this path leads out of the project folder",
                    hint="copy what it points to, or allow it with --allow-outside",
                )
        return None


def _is_circle(link: str) -> bool:
    """Return whether a link leads back to itself; one that leads to nothing does not."""
    try:
        os.stat(link)  # noqa: PTH116
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _unusable(text: str) -> Fault | None:
    """Return why a text is no path at all, or None."""
    if _CONTROL.search(text):
        return Fault(message="a path cannot hold control characters", hint="remove them")
    if "{{" in text or "{%" in text:
        return Fault(message="templates are not filled in here", hint="write the path itself")
    if len(text) > _LONGEST_PATH:
        return Fault(message="this path is too long", hint="shorten it")
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in text.split("/")):
        return Fault(message="a name in this path is too long", hint="shorten it")
    if text.startswith("~"):
        return Fault(message="~ is not read here", hint="write a path relative to this file")
    return None


def _is_below(path: str, root: str) -> bool:
    """Return whether a normal path is a root or below it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def shown_path(path: Path) -> str:
    """Return how messages name a path: relative to the working directory where it is below it."""
    here = os.getcwd()  # noqa: PTH109 - plain texts: asked for every file of every job
    absolute = os.path.normpath(os.path.join(here, path))  # noqa: PTH118
    if absolute == here or not _is_below(absolute, here):
        return "." if absolute == here else absolute
    return absolute[len(here.rstrip(os.sep)) + 1 :].replace(os.sep, "/")


def is_file(path: Path) -> bool:
    """Return whether a path is a file that exists, also for names no system allows."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder, also for names no system allows."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
