"""The rules of the files a job names: inside the project, of a known kind, none written twice."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from runner.job.draft import Draft, Scope
from runner.job.extends import Family
from runner.job.model import REPORT_TEMPLATES
from runner.job.paths import PROJECT_FILE, is_file, is_folder
from runner.job.rows.items import rows_named
from runner.job.rules.nearby import missing_hint
from runner.job.spelling import closest

if TYPE_CHECKING:
    from pathlib import Path, PurePath

    from runner.job.diagnostics import Problem
    from runner.job.model import Where
    from runner.jsonvalue import JSON

RESULT_SUFFIXES = (".csv", ".jsonl", ".json", ".xlsx", ".parquet")

_NO_REPORTS = frozenset((".doc", ".docx", ".odt", ".pdf", ".pptx", ".rtf", ".xls", ".xlsx"))
"""What other programs write, and cannot read where it holds markdown."""

_MOST_PATTERNS = 1_000
"""So many are looked for on the disk."""


def documents(draft: Draft) -> Iterator[Problem]:
    """The local provider is told what to read; no other provider reads documents."""
    holder = draft.holder(draft.job, "documents")
    if draft.is_local and holder is None:
        position = draft.job.key("provider" if "provider" in draft.job.data else "name")
        yield draft.job.problem(
            position,
            "the local provider needs documents",
            hint="add documents: [notes/**/*.md], relative to the job file",
        )
    elif holder is draft.job and draft.provider == "parallel" and not _is_made_local(draft):
        yield draft.job.problem(
            draft.job.key("documents"),
            "documents has no effect: parallel reads the web",
            hint="write provider: local to ask your documents",
            severity="warning",
        )


def _is_made_local(draft: Draft) -> bool:
    """Return whether the job is the local provider's, and only asked of another one this time."""
    holder = draft.holder(draft.job, "provider")
    return holder is not None and holder.data["provider"] == "local"


def file_problems(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with the paths that a job reads documents from and writes to."""
    yield from _document_paths(draft)
    job = draft.job
    written: dict[Path, str] = {draft.file: "the job file"}
    _, items = rows_named(job.data)
    if isinstance(items, str) and draft.ground.fault(items) is None:
        written[draft.ground.path(items)] = "the rows"
    for where, text in _outputs(job):
        fault = draft.ground.fault(text)
        if fault is not None:
            yield job.problem(job.value(*where), fault.message, hint=fault.hint)
            continue
        if where == ("report", "template"):
            yield from _no_template(draft, text)
            continue
        path = draft.ground.path(text)
        name = ".".join(map(str, where))
        if where == ("results",) and path.suffix.lower() not in RESULT_SUFFIXES:
            yield job.problem(
                job.value(*where),
                f"a results file ends in one of {', '.join(RESULT_SUFFIXES)}",
                hint=f"write {text.rsplit('.', 1)[0] if '.' in path.name else text}.csv",
            )
        elif where == ("report", "path") and (told := no_report(path)):
            yield job.problem(job.value(*where), told[0], hint=told[1])
        elif is_folder(path):
            yield job.problem(job.value(*where), "this is a folder", hint="name a file in it")
        elif path in written:
            yield job.problem(
                job.value(*where),
                f"{name} would overwrite {written[path]}",
                hint="give it a path of its own",
            )
        written.setdefault(path, name)


def no_report(path: PurePath) -> tuple[str, str] | None:
    """Return message and hint where a report cannot be written as what its name ends in."""
    if path.suffix.lower() not in _NO_REPORTS:
        return None
    page = path.with_suffix(".html").name
    hint = f"write {page}: word processors open it, and a browser prints it as PDF"
    return f"a report is markdown (.md) or a page (.html), not {path.suffix}", hint


def own_template(draft: Draft) -> str | None:
    """Return the path of the job's own report template, where there is such a file."""
    report = draft.job.data.get("report")
    text = report.get("template") if isinstance(report, Mapping) else None
    if not isinstance(text, str) or _is_built_in(text) or draft.ground.fault(text):
        return None
    return text if is_file(draft.ground.path(text)) else None


def _is_built_in(text: str) -> bool:
    return text.removesuffix(".md.j2") in REPORT_TEMPLATES


def _no_template(draft: Draft, text: str) -> Iterator[Problem]:
    if text and not _is_built_in(text) and own_template(draft) is None:
        known = f"built in are {', '.join(REPORT_TEMPLATES)}; or name a file of your own"
        if {"/", "."} & {*text}:
            known = "paths are relative to the job file"
        near = closest(text, REPORT_TEMPLATES)
        yield draft.job.problem(
            draft.job.value("report", "template"),
            f"there is no report template '{text}'",
            hint=f"did you mean {near}?"
            if near
            else missing_hint(draft.ground.folder, text, known),
        )


def files_read(draft: Draft) -> tuple[Path, ...]:
    """Return the files a job is made from: itself, what it extends, runner.yaml, schemas, rows.

    runner.yaml is among them also where there is none: one that is new changes the job.
    """
    source = draft.job.source
    named: list[JSON] = [rows_named(draft.job.data)[1]]
    for step in draft.steps():
        named += [draft.setting(step, "output"), draft.setting(step, "input_schema")]
    paths = (draft.ground.path(text) for text in named if isinstance(text, str))
    own = source.files if isinstance(source, Family) else (draft.file,)
    found = filter(is_file, paths)
    return tuple(dict.fromkeys((*own, draft.project.root / PROJECT_FILE, *found)))


def _outputs(job: Scope) -> Iterator[tuple[Where, str]]:
    if isinstance(job.data.get("results"), str):
        yield ("results",), job.data["results"]
    report = job.data.get("report")
    for key in ("path", "template"):
        if isinstance(report, Mapping) and isinstance(report.get(key), str):
            yield ("report", key), report[key]


def _document_paths(draft: Draft) -> Iterator[Problem]:
    """Yield the patterns that are refused, and those that match no file."""
    holder = draft.holder(draft.job, "documents")
    patterns = holder.data["documents"] if holder is not None else None
    if holder is None or not isinstance(patterns, list):
        return
    # Paths in runner.yaml start at runner.yaml.
    is_own = holder is draft.job
    ground = draft.ground if is_own else draft.project_ground
    for index, pattern in enumerate(patterns[:_MOST_PATTERNS]):
        if not isinstance(pattern, str) or not pattern:
            continue
        position = holder.value("documents", index)
        if (fault := ground.fault(pattern)) is not None:
            yield holder.problem(position, fault.message, hint=fault.hint)
        elif draft.is_local and not draft.shelf.take(
            ("documents", ground.folder, pattern), partial(_matches, pattern, ground.folder)
        ):
            yield holder.problem(
                position,
                f"no file matches {pattern}",
                hint=missing_hint(
                    ground.folder,
                    pattern,
                    f"paths are relative to {'the job file' if is_own else 'runner.yaml'}",
                    folders=True,
                ),
            )


def _matches(pattern: str, folder: Path) -> bool:
    """Return whether a pattern matches a file, or a folder with a file in it."""
    try:
        # Path.glob raises on patterns such as `**x`; here they simply match nothing.
        for name in glob.iglob(pattern, root_dir=folder, recursive=True):  # noqa: PTH207
            path = folder / name
            if path.is_file() or any(entry.is_file() for entry in path.rglob("*")):
                return True
    except (OSError, ValueError, RecursionError):
        return False
    return False
