"""The state directory: cache, index and stored outcomes, and files that are written whole."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from runner.errors import StateError, UsageError, reason
from runner.job.model import Job
from runner.job.project import find_root
from runner.jsonvalue import digest

FOLDER = ".runner"

LEFT_AFTER = 60.0
"""So many seconds a file that nobody writes any more is left alone."""


@dataclass(frozen=True, slots=True)
class State:
    """The state directory and where things are in it."""

    folder: Path

    @property
    def cache(self) -> Path:
        """Answers by fingerprint."""
        return self.folder / "cache"

    @property
    def ledger(self) -> Path:
        """What was bought and is on its way."""
        return self.folder / "ledger.sqlite"

    @property
    def limits(self) -> Path:
        """How many requests went out lately, over all processes."""
        return self.folder / "limits.sqlite"

    @property
    def webhooks(self) -> Path:
        """Webhooks that came in."""
        return self.folder / "webhooks.sqlite"

    def index(self, documents_of: Path, patterns: Iterable[str]) -> Path:
        """The local provider's index of the documents that a job may read."""
        name = digest([str(documents_of), sorted(patterns)])[:16]
        return self.folder / "index" / f"{name}.sqlite"

    def asked(self, job: str) -> Path:
        """What a job's last run asked, as digests."""
        return self.folder / "runs" / job / "asked.json"

    def inputs(self, job: str) -> Path:
        """What a job's last run was made from, as digests; not there while it runs."""
        return self.runs(job) / "inputs.json"

    def outcomes(self, job: str) -> Path:
        """The outcomes of a job's last run, one JSON object a line."""
        return self.runs(job) / "outcomes.jsonl"

    def runs(self, job: str) -> Path:
        """The folder of what is kept of a job's runs."""
        return self.folder / "runs" / job


def state_of(job: Job, environment: Mapping[str, str], working_directory: Path) -> State:
    """Return a job's state directory, which may not be there yet.

    It is `RUNNER_STATE_DIR`, or `.runner/` beside runner.yaml, at the git root, or else in the
    working directory.
    """
    return State(_folder(job.root, environment, working_directory))


def find_state(environment: Mapping[str, str], working_directory: Path) -> State:
    """Return the state directory that a job in the working directory uses; it may not be there."""
    return State(_folder(find_root(working_directory), environment, working_directory))


def _folder(root: Path, environment: Mapping[str, str], working_directory: Path) -> Path:
    named = environment.get("RUNNER_STATE_DIR")
    if named:
        return working_directory / named
    is_project = (root / "runner.yaml").is_file() or (root / ".git").exists()
    return (root if is_project else working_directory) / FOLDER


def open_state(folder: Path) -> State:
    """Return the state directory at a path, made if it is not there.

    Raises:
        StateError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"The state directory {folder} cannot be used: {reason(error)}",
            hint="Name a folder you may write with RUNNER_STATE_DIR",
        ) from error
    return State(folder)


@contextlib.contextmanager
def staged(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of `path` when all went well; else nothing changes.

    Raises:
        UsageError: the file cannot be written.
    """
    with scratch(path) as file:
        yield file
        file.flush()
        # It was made private; give it what a plain open() would have given.
        umask = os.umask(0)
        os.umask(umask)
        Path(file.name).chmod(0o666 & ~umask)
        Path(file.name).replace(path)


@contextlib.contextmanager
def scratch(path: Path) -> Iterator[TextIO]:
    """Open a text file beside `path` that is gone afterwards.

    What a killed process leaves of it is removed by the next one.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        os.close(handle)
        with Path(name).open("w", encoding="utf-8", newline="") as file:
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(file, fcntl.LOCK_EX)
            _sweep(path)
            yield file
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def _sweep(path: Path) -> None:
    """Remove what killed writers of a file left beside it; one that is at work holds a lock."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[a-z0-9_]' * 8}"):
        with contextlib.suppress(OSError):
            # Between its making and its lock a file is young.
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                with left.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    left.unlink()


def write_whole(path: Path, chunks: Iterable[str]) -> None:
    """Write a text file whole or not at all: an earlier good file stays until the new one is done.

    Raises:
        UsageError: the file cannot be written.
    """
    with staged(path) as file:
        file.writelines(chunks)


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    with source.open("rb") as whole, staged(path) as file:
        shutil.copyfileobj(whole, file.buffer, 1 << 20)


def check_writable(path: Path) -> None:
    """Raise now, before anything is asked, what writing the file would raise later.

    Raises:
        UsageError: the file cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="Name a file to write")
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", hint="Choose another place to write")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(
            f"{path} cannot be written: no permission in {folder}",
            hint="Choose another place, or change the folder's permissions",
        )


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written: {reason(error)}",
        hint="Choose another place with report.path, results or --out",
    )
