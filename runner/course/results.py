"""The results file of a run, in the format that its suffix names."""

from __future__ import annotations

from pathlib import Path

from runner.execute.state import copy_whole, staged, write_whole
from runner.execute.stored import StoredOutcomes
from runner.job.model import Job
from runner.report.columnar import is_binary, write_columnar
from runner.report.data import results_text


def write_results(job: Job, results: Path, outcomes: StoredOutcomes) -> None:
    """Write a job's results whole or not at all.

    Raises:
        UsageError: the file cannot be written, or cannot hold so many rows.
    """
    if is_binary(results):
        with staged(results) as file:
            write_columnar(job, outcomes, results, file.buffer)
    elif results.suffix.lower() in (".csv", ".json"):
        write_whole(results, results_text(job, outcomes))
    else:
        copy_whole(outcomes.file, results)  # What is stored is jsonl already.
