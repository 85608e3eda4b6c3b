"""The plan and the budget before a run: what is on its way counts, and a terminal is asked."""

import json
import os
import pty
import subprocess
import sys

import pytest

from runner.server.faults import Faults


def bought(project):
    return sum(project.server.bought().values())


def plan(project):
    return json.loads(project.call("plan", "job.yaml", "--json").stdout)


def test_the_plan_counts_what_an_earlier_run_left_under_way(project):
    project.server.faults = Faults(endless=1.0)
    assert project.run("--no-wait", "--limit", "15").exit_code == 5
    found = plan(project)
    assert (found["attached"], found["new"], found["cost_usd"]) == (15, 25, 0.25)
    assert (
        "bought:   15 in an earlier run; not bought again"
        in project.call("plan", "job.yaml").stdout
    )
    project.server.faults = Faults()
    project.server.release()
    done = project.run()
    assert done.exit_code == 0
    assert "40 distinct calls (15 bought earlier, 25 new), provider parallel, $0.25" in done.stderr
    assert bought(project) == 40


def test_the_plan_counts_what_is_cached_for_this_server(project):
    project.run("--limit", "15")
    found = plan(project)
    assert (found["cached"], found["new"]) == (15, 25)


def test_a_failed_run_is_not_counted_as_new(project):
    project.server.faults = Faults(failed=1.0)
    project.run("--limit", "3")
    found = plan(project)
    assert (found["attached"], found["new"]) == (3, 37)


def on_a_terminal(project, answer):
    """Run with a budget for 25 of the 40 rows, and answer the question."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "run", "job.yaml", "--max-cost", "0.25"],
        cwd=project.folder,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
    )
    os.close(theirs)
    with process:
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # Linux says so when the other end is closed.
            pass
        process.communicate(timeout=30)
    os.close(ours)
    return process.returncode, said.decode()


@pytest.mark.parametrize(("answer", "rows"), [("y", 25), ("n", 0), ("", 0)])
def test_on_a_terminal_the_part_that_fits_is_offered(project, answer, rows):
    code, said = on_a_terminal(project, answer)
    assert code == 6
    assert (
        "This run costs $0.40, and the budget is $0.25. Buy what fits, the first 25 rows? [y/N]"
        in said.replace("\r\n", " ")
    )
    assert bought(project) == rows
    assert ("nothing was bought" in said) == (not rows)
