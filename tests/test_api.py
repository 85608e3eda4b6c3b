"""The Python API does what the command line does, in silence."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import runner
from runner.server.faults import Faults
from tests.api_consumer import answers, report
from tests.server.commands import ROOT
from tests.wire import KEY, WireServer

JOB = """\
name: towns
provider: local
documents: [notes]
items: [Ulm, Bonn]
query: Facts about {{ item.value }} in {{ vars.year }}
vars: {year: {type: integer}}
output: {river: The river it stands on}
checks: [{expect: "{{ output.river == 'Rhine' }}"}]
results: out/towns.csv
"""


@pytest.fixture
def folder(towns):
    (towns / "towns.yaml").write_text(JOB, encoding="utf-8")
    return towns


@pytest.fixture
def web(folder, monkeypatch):
    """A job for the web, and a server that answers it."""
    text = JOB.replace("provider: local\ndocuments: [notes]", "provider: parallel\nprocessor: core")
    (folder / "towns.yaml").write_text(text.split("checks:")[0], encoding="utf-8")
    with WireServer() as server:
        monkeypatch.setenv("PARALLEL_API_KEY", KEY)
        monkeypatch.setenv("PARALLEL_BASE_URL", server.url)
        yield server


def job(**more):
    return runner.load_job(Path("towns.yaml"), variables={"year": 2026}, **more)


def test_a_job_is_planned_run_and_rendered(folder, capfd):
    loaded = job()
    planned = runner.plan(loaded)
    assert (planned.rows, planned.new, planned.cost_usd) == (2, 2, Decimal(0))
    assert planned.new_because == {"never asked": 2}
    done = runner.run(loaded)
    assert done.status == "failed"
    assert [(each.key, each.output) for each in done.outcomes] == [
        ("Ulm", {"river": "Danube"}),
        ("Bonn", {"river": "Rhine"}),
    ]
    ((failed,),) = [each.failures for each in done.failed_checks]
    assert (failed.row, failed.field, failed.value) == ("Ulm", "river", "Danube")
    assert done.report.read_text(encoding="utf-8") == runner.render(loaded)
    assert (folder / "out/towns.csv").is_file()
    assert runner.plan(loaded).cached == 2
    assert capfd.readouterr() == ("", "")


def test_a_report_is_rendered_with_another_template_or_as_a_page(folder):
    loaded = job()
    runner.run(loaded)
    assert runner.render(loaded, html=True).startswith("<!doctype html>")
    assert runner.render(loaded, template="cards") != runner.render(loaded, template="table")
    with pytest.raises(runner.TemplateError, match="no report template"):
        runner.render(loaded, template="nothing")


def test_what_is_wrong_with_a_job_is_a_list_of_problems(folder):
    (folder / "bad.yaml").write_text("name: bad\nquery: x\nprocesor: core\n", encoding="utf-8")
    with pytest.raises(runner.JobProblemsError) as caught:
        runner.load_job(Path("bad.yaml"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.severity) == (3, 1, "error")


def test_outcomes_are_those_of_their_own_run(folder):
    """Also when the job has run again since."""
    loaded = job()
    first = runner.run(loaded, limit=1)
    second = runner.run(loaded)
    assert [each.status for each in first.outcomes] == ["ok", "skipped"]
    assert [each.status for each in second.outcomes] == ["ok", "ok"]


def test_inside_an_event_loop_a_run_is_awaited(folder, web):
    async def both():
        loaded = job()
        with pytest.raises(runner.UsageError, match="event loop"):
            runner.run(loaded)
        assert runner.plan(loaded).new == 2
        return await asyncio.gather(runner.arun(loaded), runner.arun(loaded))

    one, other = asyncio.run(both())
    assert (one.status, other.status) == ("done", "done")
    assert max(web.bought().values()) == 1
    assert one.cost_usd + other.cost_usd == Decimal("0.05")


def test_a_budget_that_is_too_small_is_an_error_and_nothing_is_bought(folder, web):
    loaded = job()
    with pytest.raises(runner.BudgetError, match=r"costs \$0\.05") as caught:
        runner.run(loaded, max_cost=0.03)
    assert "--limit 1" in caught.value.hint
    assert web.bills() == []
    assert runner.run(loaded, limit=1, max_cost="$0.03").new == 1
    with pytest.raises(runner.UsageError, match="no amount"):
        runner.run(loaded, max_cost="much")


def test_a_run_that_is_cancelled_loses_nothing_that_was_bought(folder, web):
    web.faults = Faults(run_seconds=30.0)

    async def cancelled():
        run = asyncio.ensure_future(runner.arun(job()))
        while len(web.bills()) < 2:  # noqa: ASYNC110 - the server is a thread of its own
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancelled())
    web.faults = Faults()
    assert runner.plan(job()).attached == 2
    assert len(web.bills()) == 2


def test_without_a_key_the_error_says_so(folder, web, monkeypatch):
    monkeypatch.delenv("PARALLEL_API_KEY")
    assert runner.plan(job()).cost_usd == Decimal("0.05")
    with pytest.raises(runner.KeyRefusedError):
        runner.run(job())


def test_a_caller_s_code_runs_as_the_type_checker_reads_it(folder):
    assert report(Path("towns.yaml")).startswith("<!doctype html>")
    assert report(Path("nowhere.yaml")).startswith("1 problem")
    assert asyncio.run(answers(job())) == [{"river": "Danube"}, {"river": "Rhine"}]


def test_the_names_are_there_and_loaded_only_when_asked_for():
    code = (
        "import sys, runner; assert runner.__version__; loaded = set(sys.modules); "
        "assert not [m for m in loaded if m.startswith('runner.')], loaded; "
        "[getattr(runner, name) for name in runner.__all__]; "
        "assert 'click' not in sys.modules; print(sorted(set(dir(runner)) >= set(runner.__all__) "
        "and runner.__all__) == sorted(runner.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = runner.nothing


def test_the_readme_s_ten_lines_run(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    if "<!-- python-api -->" not in text:
        pytest.skip("the README has no such block")
    code = text.split("<!-- python-api -->\n```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) <= 10
    monkeypatch.setenv("RUNNER_STATE_DIR", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.dumps(done.stdout)
