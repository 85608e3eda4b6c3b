"""Interrupted runs: stop, save, say how to go on; the next run buys nothing again."""

import os
import signal
import subprocess
import sys
import time

import pytest

from runner.server.faults import Faults

PATIENCE = 30.0


def start(project, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "runner", "run", "job.yaml", *arguments],
        cwd=project.folder,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_bought(project, count):
    ends = time.monotonic() + PATIENCE
    while sum(project.server.bought().values()) < count:
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_run_ends_with_130_and_is_picked_up(project, number):
    project.server.faults = Faults(endless=1.0)
    process = start(project)
    wait_until_bought(project, 40)
    time.sleep(0.2)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "run again" in said
    assert "40 calls not answered yet" in said
    assert "Traceback" not in said
    assert not (project.folder / "reports/rows.md").exists()
    project.server.release()
    assert project.run().exit_code == 0
    assert [outcome["status"] for outcome in project.outcomes()] == ["ok"] * 40
    assert set(project.server.bought().values()) == {1}


def test_status_tells_of_a_run_under_way_and_of_one_that_died(project):
    project.server.faults = Faults(endless=1.0)
    process = start(project)
    wait_until_bought(project, 40)
    time.sleep(1.5)
    under_way = project.call("status").output
    process.kill()
    process.communicate()
    died = project.call("status").output
    assert "rows  running: 0 of 40 done" in under_way
    assert "$0.40" in under_way
    assert "rows  stopped" in died
