"""`--changed` and `--since`: which jobs are to be run, and why."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from runner.cli.messages import shown_path
from runner.course.forecasting import survey_job
from runner.course.options import Options
from runner.course.stages import edition_for
from runner.course.words import plural
from runner.errors import UsageError
from runner.execute.inputs import inputs_of, read_inputs
from runner.execute.kept import last_run
from runner.execute.state import State
from runner.execute.survey import Survey
from runner.frozen import frozen
from runner.job.load import job_files
from runner.job.model import Job

NEVER = "it has not run yet"
UNFINISHED = "its last run did not come to its end"

MOST_SHOWN = 8
"""So many reasons are told of a job."""

_ENDED = {
    "failed": "rows or checks failed in its last run",
    "running": "rows were on their way in its last run",
    "budget": "the budget stopped its last run",
}


@frozen
class Git:
    """What git sees changed in a working tree since a commit; all paths are absolute."""

    commit: str
    changed: frozenset[Path]

    def reasons(self, job: Job) -> Iterator[str]:
        """Yield which of a job's files changed."""
        for file in sorted({file.resolve() for file in _made_from(job)} & self.changed):
            yield f"{shown_path(file)} changed since {self.commit}"
        if job.provider == "local":
            yield from self._documents(job)

    def _documents(self, job: Job) -> Iterator[str]:
        folder = job.file.parent
        patterns = [os.path.normpath(folder / pattern) for pattern in job.documents]
        for file in sorted(self.changed):
            # `**/` may stand for no folder at all, and a folder stands for what is in it.
            if any(_matches(str(file), pattern) for pattern in patterns):
                yield f"{shown_path(file)} changed since {self.commit}"


def _made_from(job: Job) -> list[Path]:
    """Return the files of a job and of its report."""
    from runner.report.render import files_of

    return files_of(job)


def _matches(file: str, pattern: str) -> bool:
    flat = pattern.replace("**/", "*")
    return fnmatch.fnmatchcase(file, flat) or fnmatch.fnmatchcase(file, f"{flat}/*")


def read_git(commit: str, folder: Path) -> Git:
    """Return what changed since a commit, or since the branch left it; also what is not committed.

    Raises:
        UsageError: there is no git, no repository, or no such commit.
    """
    root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    try:
        name = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
    except UsageError as error:
        raise UsageError(
            f"git knows no commit '{commit}'",
            hint="Fetch it first: in CI the whole history, or at least that branch",
        ) from error
    base = name.decode().strip()
    with contextlib.suppress(UsageError):  # a history that is cut short has none
        base = _git(folder, "merge-base", base, "HEAD").decode().strip()
    tracked = _git(root, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", base, "--")
    strange = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    names = [os.fsdecode(each) for each in (tracked + strange).split(b"\0") if each]
    return Git(commit=commit, changed=frozenset((root / each).resolve() for each in names))


def _git(folder: Path, *words: str) -> bytes:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no word that a stranger chose
            ["git", "-C", str(folder), *words],  # noqa: S607 - the user's own git
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        ).stdout
    except FileNotFoundError as error:
        raise UsageError("git is not installed", hint="Leave out --since") from error
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip().removeprefix("fatal: ")
        raise UsageError(f"git says: {said}", hint="Leave out --since") from error


def chosen_files(paths: tuple[Path, ...], *, changed: bool, since: str | None) -> list[Path]:
    """Return the job files that a command line names; folders only where jobs are chosen from.

    Raises:
        UsageError: none is named, or there is none.
    """
    if not changed and since is None:
        if not paths:
            raise UsageError(
                "No job is named", hint="Name its file, such as companies.yaml, or say --changed"
            )
        return list(paths)
    files = list(job_files(paths or (Path(),)))
    if not files:
        folders = ", ".join(map(str, paths)) or "this folder"
        raise UsageError(f"There is no job file below {folders}", hint="Make one: runner init")
    return files


@frozen
class Chooser:
    """Says why a job is to be run.

    Attributes:
        options: What the run is asked for.
        git: What changed since a commit; None: what changed since the job's last run counts.
    """

    options: Options
    git: Git | None = None

    def reasons(self, job: Job, *, quiet: bool) -> list[str]:
        """Return why a job is taken, each in a few words, and say so; [] where nothing changed.

        Raises:
            RunnerError: its rows, its documents or the state directory are at fault.
        """
        reasons = self._reasons(job)
        if not quiet:
            why = f"changed: {'; '.join(_few(reasons))}" if reasons else "unchanged, left out"
            click.echo(f"{job.name}: {why}", err=True)
        return reasons

    def _reasons(self, job: Job) -> list[str]:
        if self.git is not None:
            return list(self.git.reasons(job))
        with edition_for(job, allow_outside=self.options.allow_outside) as (edition, state, _):
            found = list(self._of_files(job, state))
            if found in ([NEVER], [UNFINISHED]):
                return found
            survey = survey_job(job, state, edition, self.options.limit, lambda calls: calls)
            return [*found, *_of_calls(survey)]

    def _of_files(self, job: Job, state: State) -> Iterator[str]:
        then = read_inputs(state.inputs(job.name))
        if then is None:
            yield NEVER if last_run(state, job.name) is None else UNFINISHED
            return
        yield from inputs_of(job, _made_from(job), self.options.inputs).changes_from(then)
        if then.status in _ENDED:
            yield _ENDED[then.status]
        for target in (job.report.path, job.results):
            if target is not None and not target.is_file():
                yield f"{shown_path(target)} is not there"


def chooser_for(
    files: Sequence[Path], options: Options, *, changed: bool, since: str | None
) -> Chooser | None:
    """Return what says why jobs are taken; None where all that are named are.

    Raises:
        UsageError: git cannot say what changed.
    """
    if not changed and since is None:
        return None
    git = None if since is None else read_git(since, (Path.cwd() / files[0]).parent)
    return Chooser(options=options, git=git)


def _few(reasons: list[str]) -> list[str]:
    more = len(reasons) - MOST_SHOWN
    return reasons if more <= 0 else [*reasons[:MOST_SHOWN], f"and {more:,} more"]


def _of_calls(survey: Survey) -> Iterator[str]:
    reasons: Iterable[tuple[str, int]] = survey.reasons.most_common()
    yield from (f"{plural(count, 'call')}: {why}" for why, count in reasons)
    waiting = sum(survey.waiting.values())
    if waiting:
        yield f"{plural(waiting, 'row')}: a step before has no answer yet"
