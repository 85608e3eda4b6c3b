"""What a job's last run was made from: the digests of its files, its variables and its options.

They stand beside its outcomes from its end to the beginning of the next run, so that a run that did
not come to its end leaves none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, field
from pathlib import Path

from runner.execute.state import write_whole
from runner.frozen import frozen
from runner.job.model import Job
from runner.jsonvalue import JSON, digest


@frozen
class Inputs:
    """What a run is made from.

    Attributes:
        files: Digests by path, relative to the project root.
        variables: Digests by name.
        options: Who is asked, and what the caller said of how much, and where it is written.
        status: How it ended, in a word; see `runner run --json`.
    """

    files: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, JSON] = field(default_factory=dict)
    status: str = ""

    def changes_from(self, then: Inputs) -> Iterator[str]:
        """Yield what is not as it was, each in a few words."""
        yield from _changes(then.files, self.files)
        variables = _changes(then.variables, self.variables)
        yield from (f"the variable {change}" for change in variables)
        yield from (f"--{name} differs" for name in _differing(then.options, self.options))


def inputs_of(job: Job, files: Iterable[Path], options: Mapping[str, JSON]) -> Inputs:
    """Return what a job is made from now; a file that cannot be read has no digest."""
    return Inputs(
        files={os.path.relpath(file, job.root): _digest(file) for file in sorted(set(files))},
        variables={name: digest(value) for name, value in job.vars.items()},
        options={"provider": job.provider, **options},
    )


def read_inputs(file: Path) -> Inputs | None:
    """Return what the last run was made from; None where that is not known."""
    try:
        return Inputs(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_inputs(file: Path, inputs: Inputs) -> None:
    """Keep what a run was made from.

    Raises:
        UsageError: the file cannot be written.
    """
    write_whole(file, [json.dumps(asdict(inputs), sort_keys=True) + "\n"])


def _changes(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in _differing(then, now):
        word = "is new" if name not in then else "is gone" if name not in now else "changed"
        yield f"{name} {word}"


def _differing(then: Mapping[str, JSON], now: Mapping[str, JSON]) -> list[str]:
    return [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError:
        return ""
