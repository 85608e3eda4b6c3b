"""What a command loads: what is slow to load, only where it is used."""

import json
import os
import subprocess
import sys

import pytest

SLOW = (
    *("asyncio", "diskcache", "httpx", "importlib.metadata", "jinja2", "jsonschema"),
    *("jsonschema_rs", "leather", "logging", "lxml", "markdown_it", "multiprocessing", "nh3"),
    *("openpyxl", "opentelemetry", "pyarrow", "pypdf", "requests", "rich", "runner.report"),
    *("runner.server", "runner.telemetry.export", "sqlite3", "ssl", "starlette", "tempfile"),
    *("uvicorn", "watchfiles", "yaml"),
)
CHECKING = {"jsonschema_rs", "yaml"}
PLANNING = CHECKING | {"diskcache", "jinja2", "sqlite3", "tempfile"}
RUNNING = PLANNING | {"asyncio", "logging", "runner.report", "ssl"}
"""The event loop brings `logging` and `ssl`; the cache brings `sqlite3` and `tempfile`."""

SCRIPT = """
import atexit, json, runpy, sys
slow, sys.argv = json.loads(sys.argv[1]), ["runner", *sys.argv[2:]]
atexit.register(lambda: sys.stderr.write(json.dumps([n for n in slow if n in sys.modules])))
runpy.run_module("runner", run_name="__main__", alter_sys=True)
"""


def loaded(*arguments):
    environment = {name: value for name, value in os.environ.items() if name[:5] != "OTEL_"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(SLOW), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]], ids=" ".join)
def test_help_loads_nothing_of_what_the_command_would_need(project, arguments):
    assert loaded(*arguments) == set()


def test_checking_a_job_with_plain_templates_loads_no_template_engine(project):
    assert loaded("validate", "-q", "companies.yaml") == CHECKING


def test_checking_a_job_with_other_templates_loads_it(project):
    project.change("{{ item.company }}", "{{ item.company | upper }}")
    assert loaded("validate", "-q", "companies.yaml") == CHECKING | {"jinja2", "tempfile"}


def test_planning_loads_no_event_loop_and_no_http(project):
    project.change("provider: local\ndocuments: [notes]\n", "processor: core\n")
    assert loaded("plan", "companies.yaml") == PLANNING


def test_a_run_that_the_cache_answers_loads_no_reader_and_no_client(project):
    """And no telemetry, where no variable asks for it."""
    assert project.run("run", "companies.yaml").exit_code == 0
    assert loaded("run", "-q", "companies.yaml") == RUNNING
