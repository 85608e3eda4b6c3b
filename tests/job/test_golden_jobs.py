"""The jobs in tests/jobs: those in ok/ have no problem; those in err/ have exactly these."""

from pathlib import Path

import pytest

from runner.job.diagnostics import render
from runner.job.load import load

JOBS = Path(__file__).parents[1] / "jobs"


def cases(folder):
    files = sorted((JOBS / folder).rglob("*.yaml"))
    return [
        pytest.param(file.relative_to(JOBS), id=file.relative_to(JOBS / folder).as_posix())
        for file in files
        if file.name not in {"runner.yaml", "base.yaml"}
    ]


@pytest.mark.parametrize("job", cases("err"))
def test_every_problem_says_how_to_mend_it(job, monkeypatch):
    monkeypatch.chdir(JOBS)
    assert [render(problem) for problem in load(job).problems if not problem.hint] == []


def rendered(job):
    return "".join(render(problem) + "\n" for problem in load(job).problems)


@pytest.mark.parametrize("job", cases("ok"))
def test_good_jobs_are_silent(job, monkeypatch):
    monkeypatch.chdir(JOBS)
    assert rendered(job) == ""
    assert load(job).job is not None


@pytest.mark.parametrize("job", cases("err"))
def test_bad_jobs_say_exactly_this(job, monkeypatch):
    monkeypatch.chdir(JOBS)
    assert rendered(job) == job.with_suffix(".out").read_text(encoding="utf-8")
