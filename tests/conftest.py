"""What holds for all tests: machines are noisy, so Hypothesis measures no time."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def bare(monkeypatch):
    """An environment in which nothing is said to runner, to git, or by CI."""
    for name in tuple(os.environ):
        if name.startswith(("RUNNER_", "PARALLEL_", "GITHUB_", "GIT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def ground(bare, tmp_path, monkeypatch):
    """An empty project folder, as the working directory of a bare environment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def towns(ground):
    """A project with notes on two towns, each on a river."""
    (ground / "notes").mkdir()
    (ground / "notes/ulm.md").write_text("# Ulm\n\nRiver: Danube\n", encoding="utf-8")
    (ground / "notes/bonn.md").write_text("# Bonn\n\nRiver: Rhine\n", encoding="utf-8")
    return ground
