"""Problems as SARIF 2.1.0, the format of code scanning."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from runner import __version__
from runner.job.diagnostics import KINDS, Problem
from runner.job.project import find_root
from runner.jsonvalue import JSON

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

MOST = 5_000
"""So many results of a log code scanning takes."""


def sarif_log(problems: Sequence[Problem]) -> JSON:
    """Return problems as a SARIF log of one run; files are named from the project's root."""
    here = Path.cwd()
    root = find_root(here)
    rules = list(KINDS)
    met: Counter[tuple[object, ...]] = Counter()
    run: dict[str, JSON] = {
        "tool": {
            "driver": {
                "name": "runner",
                "semanticVersion": __version__,
                "rules": [
                    {"id": name, "shortDescription": {"text": text}} for name, text in KINDS.items()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, rules, met, here, root) for each in problems[:MOST]],
    }
    if len(problems) > MOST:
        said = f"{len(problems) - MOST:,} more problems were left out"
        run["invocations"] = [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "warning", "message": {"text": said}}],
            }
        ]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(
    problem: Problem, rules: list[str], met: Counter[tuple[object, ...]], here: Path, root: Path
) -> JSON:
    text = problem.message + (f". {problem.hint}" if problem.hint else "")
    # The place may move; what is wrong with which text stays the same finding.
    same = (problem.kind, problem.file, problem.message, (problem.snippet or "").strip())
    met[same] += 1
    mark = hashlib.sha256(repr((*same, met[same])).encode()).hexdigest()[:32]
    result: dict[str, JSON] = {
        "ruleId": problem.kind,
        "ruleIndex": rules.index(problem.kind),
        "level": problem.severity,
        "message": {"text": text},
        "partialFingerprints": {"problem/v1": mark},
    }
    if problem.file:
        result["locations"] = [{"physicalLocation": _place(problem, here, root)}]
    return result


def _place(problem: Problem, here: Path, root: Path) -> dict[str, JSON]:
    file = Path(os.path.normpath(here / problem.file))
    if file.is_relative_to(root):
        place: JSON = {
            "uri": quote(file.relative_to(root).as_posix()),
            "uriBaseId": "%SRCROOT%",
        }
    else:
        place = {"uri": file.as_uri()}
    found: dict[str, JSON] = {"artifactLocation": place}
    if problem.line:
        region: dict[str, JSON] = {"startLine": problem.line}
        if problem.column:
            region |= {
                "startColumn": problem.column,
                "endColumn": problem.column + max(1, problem.width),
            }
        found["region"] = region
    return found
