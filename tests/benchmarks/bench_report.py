"""How long 10,000 cited rows take to render, against a bare Jinja loop over the same data.

Run it: `python tests/benchmarks/bench_report.py`. The bare loop writes the same table, notes and
footnotes from the same outcomes, and checks and escapes nothing.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jinja2

from runner.execute.outcomes import Outcome
from runner.job.model import InlineItems, Job, JsonOutput, Report, Step, Task
from runner.job.source import Source
from runner.report.data import csv_text, jsonl_lines
from runner.report.render import render_report

FIELDS = ("name", "founded_year", "headquarters", "employee_range", "key_products")
ROUNDS = 5

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


def job() -> Job:
    """Return a job with a schema of five fields."""
    kinds = {field: {"type": "string"} for field in FIELDS} | {FIELDS[1]: {"type": "integer"}}
    schema = {"type": "object", "properties": kinds}
    folder = Path("/project")
    return Job(
        file=folder / "companies.yaml",
        root=folder,
        name="companies",
        items=InlineItems(rows=()),
        steps=(Step(action=Task(input="x", output=JsonOutput(schema=schema))),),
        report=Report(path=folder / "reports" / "companies.md", template="table"),
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
    rows, asked = outcomes(count), job()
    bare = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(BARE)
    reference, ours, csv, jsonl = best(
        lambda: bare.render(title="companies", fields=FIELDS, rows=rows),
        lambda: render_report(asked, rows),
        lambda: sum(map(len, csv_text(asked, rows))),
        lambda: sum(map(len, jsonl_lines(rows))),
    )
    size = len(render_report(asked, rows)) / 1e6
    print(f"{count:,} rows x {len(FIELDS)} fields, a citation each: {size:.1f} MB of markdown")
    print(f"bare Jinja loop   {reference:6.2f} s")
    print(f"report            {ours:6.2f} s   {ours / reference:.2f} times the loop")
    print(f"results csv       {csv:6.2f} s")
    print(f"results jsonl     {jsonl:6.2f} s")
    print(f"memory            {peak_megabytes(lambda: render_report(asked, rows)):6.1f} MB at most")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
