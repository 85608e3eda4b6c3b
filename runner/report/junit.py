"""Outcomes and checks as JUnit XML: a suite a job, a case a row, and one more a row and check.

As CI servers read it: `failure` is an answer that breaks its schema or a check, `error` a row that
the provider failed, `skipped` one that was not asked or has no answer yet. A check that only warns
passes, with what it found in `system-out`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import IO, TextIO
from xml.sax.saxutils import escape, quoteattr

from runner.evidence.checks import Failure, Judged
from runner.execute.outcomes import Outcome

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""

_LONGEST = 10_000


class Suite:
    """The cases of one job, written to temporary files as they come: a file a step."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._spools: dict[str, IO[str]] = {}

    def expect(self, steps: Iterable[str]) -> None:
        """Say of which steps cases will come, in the order in which they are to stand."""
        for step in steps:
            self._spool(f"{self.name}.{step}")

    def add(self, outcome: Outcome, judged: Iterable[tuple[Judged, list[Failure]]]) -> None:
        """Write the case of a row, and those of the checks it was judged by."""
        group = f"{self.name}.{outcome.step}"
        name = outcome.key or f"row {outcome.row + 1}"
        said = outcome.error or ""
        match outcome.status:
            case "ok":
                self._case(group, name)
            case "invalid":
                self._case(group, name, "failure", said, kind="invalid")
            case "failed":
                self._case(group, name, "error", said, kind="failed")
            case "pending" | "skipped":
                self._case(group, name, "skipped", said, kind=outcome.status)
        for check, failures in judged:
            self.judge(group, f"{name}: {check.check.kind}", check, failures)

    def judge(self, group: str, name: str, judged: Judged, failures: list[Failure]) -> None:
        """Write the case of a check: of a row, or of all of them."""
        file, line, column = judged.check.place
        place = f"{file}:{line}:{column}"
        text = "\n".join([*map(str, failures), place])
        if not failures:
            self._case(group, f"{name} (line {line})")
        elif judged.check.warns:
            self._case(group, f"{name} (line {line})", "system-out", text=text)
        else:
            said = str(failures[0])
            kind = judged.check.kind
            self._case(group, f"{name} (line {line})", "failure", said, kind=kind, text=text)

    def _case(self, group: str, name: str, result: str = "", said: str = "", **about: str) -> None:
        """Write a case; `about` may have the result's `kind`, and a longer `text`."""
        self.counts["tests"] += 1
        self.counts[result] += 1
        inner = ""
        if result:
            kind = about.get("kind")
            head = {"message": said, "type": kind} if kind else {}
            inner = _tag(result, head, escape(_allowed(about.get("text", ""))))
        self._spool(group).write(_tag("testcase", {"classname": group, "name": name}, inner))

    def fail(self, said: str) -> None:
        """Write the case of a job that could not be run."""
        self._case(self.name, "run", "error", said.partition("\n")[0], kind="error", text=said)

    def write(self, file: TextIO, properties: Mapping[str, str], seconds: float) -> None:
        """Write the suite: its counts, its properties, and its cases."""
        counts = self.counts
        head = {
            "name": self.name,
            "tests": f"{counts['tests']}",
            "failures": f"{counts['failure']}",
            "errors": f"{counts['error']}",
            "skipped": f"{counts['skipped']}",
            "time": f"{seconds:.3f}",
        }
        known = (_tag("property", {"name": name, "value": v}, "") for name, v in properties.items())
        file.write(_tag("testsuite", head) + _tag("properties", {}, "".join(known)))
        for spool in self._spools.values():
            spool.seek(0)
            shutil.copyfileobj(spool, file)
        file.write("</testsuite>\n")

    def close(self) -> None:
        """Let the temporary files go."""
        for spool in self._spools.values():
            spool.close()

    def _spool(self, group: str) -> IO[str]:
        if group not in self._spools:
            self._spools[group] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        return self._spools[group]


def begin_suites(file: TextIO) -> None:
    """Write what stands before the first suite."""
    file.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="runner">\n')


def end_suites(file: TextIO) -> None:
    """Write what stands after the last suite."""
    file.write("</testsuites>\n")


def _tag(name: str, attributes: Mapping[str, str], content: str | None = None) -> str:
    """Return an element, or only its start where `content` is None, on a line of its own."""
    said = "".join(f" {key}={quoteattr(_allowed(text))}" for key, text in attributes.items())
    return f"<{name}{said}>\n" if content is None else f"<{name}{said}>{content}</{name}>\n"


def _fit(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", _fit(text))
