"""How long 10,000 cited rows take to render, against a bare Jinja loop over the same data.

Run it: `python tests/benchmarks/bench_report.py`. The bare loop writes the same table, notes and
footnotes from the same outcomes, and checks and escapes nothing. A built-in template shows the first
500 rows and counts them all; a template of one's own shows every row.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import jinja2

from runner.evidence.changes import changes_between
from runner.evidence.verifying import Claims, Evidence, Verdict, Verdicts, weigh
from runner.execute.outcomes import Outcome
from runner.job.model import InlineItems, Job, JsonOutput, Report, Step, Task
from runner.job.text.source import Source
from runner.report.data import csv_text, jsonl_lines
from runner.report.render import digest_for, render_report

FIELDS = ("name", "founded_year", "headquarters", "employee_range", "key_products")
ROUNDS = 3

BARE = """\
# {{ title }}

| Company | {{ fields | join(" | ") }} |
| --- |{% for field in fields %} --- |{% endfor %}

{% set notes = [] %}{% set footnotes = [] %}
{% for row in rows %}
| {{ row.key }} |{% for field in fields %}{% set basis = row.basis[loop.index0] %} {{ row.output[field] }}\
{% if basis.confidence != "high" %} ({{ basis.confidence }}){% endif %}\
{% for citation in basis.citations %}{% set _ = footnotes.append(citation) %}[^{{ footnotes | length }}]{% endfor %}\
 |{% endfor %}

{% endfor %}
{% for row in rows %}
{% for basis in row.basis if basis.confidence != "high" %}
- **{{ row.key }}**, {{ basis.field }} ({{ basis.confidence }}): {{ basis.reasoning }}
{% endfor %}
{% endfor %}
{% for citation in footnotes %}
[^{{ loop.index }}]: [{{ citation.title }}]({{ citation.url }}): "{{ citation.excerpts[0] }}"
{% endfor %}
"""


def job(suffix: str = "md", template: str = "table", folder: Path = Path("/project")) -> Job:
    """Return a job with a schema of five fields."""
    kinds = {field: {"type": "string"} for field in FIELDS} | {FIELDS[1]: {"type": "integer"}}
    schema = {"type": "object", "properties": kinds}
    return Job(
        file=folder / "companies.yaml",
        root=folder,
        name="companies",
        items=InlineItems(rows=()),
        steps=(Step(action=Task(input="x", output=JsonOutput(schema=schema))),),
        report=Report(path=folder / "reports" / f"companies.{suffix}", template=template),
        source=cast("Source", None),
    )


def outcomes(count: int) -> list[Outcome]:
    """Return rows with five values each; every value cites an excerpt of its own."""
    dice = random.Random(7)
    words = [
        "the",
        "company",
        "was",
        "founded",
        "by",
        "two",
        "people",
        "in",
        "a",
        "small",
        "town",
        "and",
        "sells",
        "its",
        "goods",
    ]
    made: list[Outcome] = []
    for row in range(count):
        values = {
            "name": f"Company {row} & Sons",
            "founded_year": dice.randint(1850, 2024),
            "headquarters": "San Francisco, California",
            "employee_range": "1,001-5,000",
            "key_products": ["payments", "billing", "card_issuing"],
        }
        basis = [
            {
                "field": field,
                "confidence": dice.choices(["high", "medium", "low"], [7, 2, 1])[0],
                "reasoning": f"A table of the annual report gives it as {values[field]}.",
                "citations": [
                    {
                        "url": f"https://www.example.com/companies/{row}",
                        "title": f"Company {row} | Annual report",
                        "excerpts": [f"{' '.join(dice.choices(words, k=25))} ({field} {row})."],
                    }
                ],
            }
            for field in FIELDS
        ]
        made.append(
            Outcome(
                step="main",
                row=row,
                key=f"Company {row}",
                item={"company": f"Company {row}"},
                status="ok",
                output=values,
                basis=basis,
            )
        )
    return made


def best(*actions: Callable[[], Any]) -> list[float]:
    """Return each action's processor seconds in its fastest round, the actions taking turns."""
    fastest = [float("inf")] * len(actions)
    for _ in range(ROUNDS):
        for index, action in enumerate(actions):
            start = time.process_time()
            action()
            fastest[index] = min(fastest[index], time.process_time() - start)
    return fastest


def peak_megabytes(action: Callable[[], Any]) -> float:
    """Return the most memory an action held at once."""
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main(count: int = 10_000) -> None:
    """Print the figures."""
    rows, asked, page = outcomes(count), job(), job("html")
    bare = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(BARE)
    changed = [replace(row, output={**row.output, "founded_year": 1}) for row in rows]
    verdicts = _verdicts(rows)
    evidence = weigh(rows, verdicts, ["main"])
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder)
        (own / "own.md.j2").write_text('{% extends "table.md.j2" %}', encoding="utf-8")
        every, every_page = (job(suffix, "own.md.j2", own) for suffix in ("md", "html"))
        actions: dict[str, Callable[[], Any]] = {
            "bare Jinja loop": lambda: bare.render(title="companies", fields=FIELDS, rows=rows),
            "report": lambda: render_report(asked, rows),
            "page": lambda: render_report(page, rows),
            "report, every row": lambda: render_report(every, rows),
            "page, every row": lambda: render_report(every_page, rows),
            "report, verified": lambda: _marked(every, rows, evidence),
            "page, verified": lambda: _marked(every_page, rows, evidence),
            "results csv": lambda: sum(map(len, csv_text(asked, rows))),
            "results jsonl": lambda: sum(map(len, jsonl_lines(rows))),
            "changes, none": lambda: changes_between(rows, list(rows)),
            "changes, every row": lambda: changes_between(rows, changed),
            "evidence": lambda: weigh(rows, verdicts, ["main"]),
        }
        seconds = dict(zip(actions, best(*actions.values()), strict=True))
        reference = seconds["bare Jinja loop"]
        size = len(render_report(every, rows)) / 1e6
        print(f"{count:,} rows x {len(FIELDS)} fields, a citation each: {size:.1f} MB of markdown")
        for name, taken in seconds.items():
            print(f"{name:18} {taken:6.2f} s   {taken / reference:5.2f} times the loop")
        for name in ("report", "page", "report, every row", "page, every row"):
            print(f"memory, {name:18} {peak_megabytes(actions[name]):6.1f} MB at most")


def _marked(asked: Job, rows: list[Outcome], evidence: Evidence) -> str:
    """Return the report whose every footnote says whether it is verified."""
    digest = digest_for(asked, rows)
    digest.verify(evidence)
    return render_report(asked, digest)


def _verdicts(rows: list[Outcome]) -> Verdicts:
    claims = Claims()
    for row in rows:
        claims.add(row)
    found: dict[tuple[str, str], Verdict] = {}
    for url in claims.pages:
        found |= claims.judge(url, "a page", "unreachable")
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
