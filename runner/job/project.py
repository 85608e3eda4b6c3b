"""The project around a job: its root, and what runner.yaml says for all jobs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner.job.diagnostics import JobProblemsError
from runner.job.draft import Project, Scope
from runner.job.paths import PROJECT_FILE, is_file, shown_path
from runner.job.schemas.schema import mend_project, project_problems
from runner.job.text.source import read_source, told


def find_root(folder: Path, working_directory: Path | None = None) -> Path:
    """Return the project root of a folder: where runner.yaml is, else the git root.

    The search goes upwards and stops at the first of the two. Where there is neither, it is the
    working directory that the folder is in, unless that holds the whole home folder; else the
    folder itself.
    """
    for candidate in (folder, *folder.parents):
        if is_file(candidate / PROJECT_FILE) or (candidate / ".git").exists():
            return candidate
    if working_directory in folder.parents and working_directory is not None:
        home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
        if not home.is_relative_to(working_directory):
            return working_directory
    return folder


def read_project(folder: Path, working_directory: Path) -> Project:
    """Return the project around a folder; what is wrong with runner.yaml becomes its problems."""
    root = find_root(folder, working_directory)
    file = root / PROJECT_FILE
    if not is_file(file):
        return Project(root=root)
    try:
        source = read_source(file, shown_path(file))
    except JobProblemsError as error:
        # An empty runner.yaml marks the root, and that may be all it is for.
        is_empty = all(problem.message == "the file is empty" for problem in error.problems)
        return Project(root=root, problems=() if is_empty else error.problems, is_known=is_empty)
    mend_project(source)
    problems = (*source.problems, *told(project_problems(source), source))
    data = source.data if isinstance(source.data, Mapping) else {}

    def scope(key: str) -> Scope | None:
        value = data.get(key)
        if not isinstance(value, Mapping):
            return None
        return Scope(source=source, where=(key,), data=value)

    return Project(
        root=root,
        defaults=scope("defaults"),
        policies=scope("source_policies"),
        prices=scope("prices"),
        problems=problems,
        is_known=isinstance(data.get("source_policies", {}), Mapping) and data is source.data,
    )
