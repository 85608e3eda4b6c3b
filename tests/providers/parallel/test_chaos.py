"""Killed at any moment, with answers lost, in two processes at once: nothing is bought twice.

A small version runs by default; `RUNNER_CHAOS=full` runs 300 rows and 50 kills.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runner.templating import render_value
from tests.wire import Fault, Faults, WireProcess, canonical, expected_answer

FULL = os.environ.get("RUNNER_CHAOS") == "full"
ROWS, KILLS = (300, 50) if FULL else (60, 6)
SEED = int(os.environ.get("RUNNER_CHAOS_SEED", "15"))
ROOT = Path(__file__).parents[3]
LONGEST_LIFE = 1.5
"""Seconds from the first request of a process to the latest moment it is killed."""
LONGEST_START = 0.4
"""The same for every fifth process, from its start."""
COMMAND = """\
from datetime import timedelta
from runner.execute import following, reconciling
from runner.job.model import Retry
assert reconciling.LOOKS and following.POLL
reconciling.LOOKS = (0.0, 0.1, 0.2, 0.2, 0.3)
following.POLL = Retry(backoff=timedelta(seconds=0.05), max_backoff=timedelta(seconds=0.3))
from runner.cli.main import main
main(prog_name="runner")
"""
"""The command with its waits made short; it still looks for longer than the server takes to
accept what it accepts late."""
LAST_RUNS = 10
GO_ON = frozenset({0, 4, 5})
"""How a run may end that nobody killed: done, the provider failed, still running."""
PATIENCE = 180.0

SCHEMA = {
    "type": "object",
    "properties": {
        "founded_year": {"type": "integer"},
        "headquarters": {"type": "string"},
        "brands": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["founded_year", "headquarters", "brands"],
    "additionalProperties": False,
}
JOB = {
    "name": "chaos",
    "items": "rows.jsonl",
    "query": "Facts about {{ item.company }}",
    "processor": "base",
    "output": SCHEMA,
    "concurrency": 12,
    "retry": {"attempts": 10, "backoff": "0.05s", "max_backoff": "0.5s"},
    "results": "out/rows.jsonl",
}
LOST_ANSWERS = Faults(
    seed=SEED,
    run_seconds=0.4,
    run_sigma=0.6,
    credit_in_flight=ROWS // (20 if FULL else 4),
    cut_after=Fault(rate=0.2, routes=("group.create", "group.add")),
    cut_later=0.05,
    later_seconds=0.3,
    slow=Fault(rate=0.3, routes=("group.add",)),
    slow_seconds=0.2,
    stream_cut=0.1,
)
"""A fifth of the answers to what is bought is lost, and some to all else. Credit for a few runs at a time has the rows go out in many
requests, all along the run, and slow answers give a kill time to strike between a purchase and
the news of it."""


STEPS = {
    "facts": "Facts about {{ item.company }}",
    "rivals": "Rivals of {{ item.company }}",
    "again": "Facts about {{ item.company }}",
    "place": "Who else is in {{ steps.facts.output.headquarters }}, beside {{ item.company }}?",
    "others": "{{ item.company }} and those in {{ steps.rivals.output.headquarters }}",
    "all": "{{ item.company }}: {{ steps.place.output.brands }}, "
    "{{ steps.others.output.founded_year }}",
}
"""Two ways side by side that meet in the end; one question is asked in two steps."""


def question(company: str) -> dict:
    return asked(f"Facts about {company}")


def asked(text: str) -> dict:
    return {
        "input": text,
        "processor": "base",
        "task_spec": {"output_schema": {"type": "json", "json_schema": SCHEMA}},
    }


class Field:
    """A job over rows, of which every tenth occurs twice, in a folder of its own."""

    job = JOB
    rows = ROWS
    asked = 1
    """So many different questions about each company."""

    def __init__(self, folder: Path, server: WireProcess) -> None:
        self.folder, self.server = folder, server
        self._started: list[subprocess.Popen] = []
        self.companies = [f"Company {number - (number % 10 == 9)}" for number in range(self.rows)]
        lines = [json.dumps({"company": company}) for company in self.companies]
        (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "job.yaml").write_text(json.dumps(self.job), encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen:
        kept = {name: value for name, value in os.environ.items() if not _ours(name)}
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "run", "job.yaml", "-q", *arguments],
            cwd=self.folder,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "PARALLEL_API_KEY": self.server.key,
                "PARALLEL_BASE_URL": self.server.url,
                "RUNNER_STATE_DIR": str(self.folder / "state"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        """Leave no process behind."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                process.communicate()

    def finish(self) -> None:
        """Run until it is done; what it says meanwhile matters only when it never is."""
        for _ in range(LAST_RUNS):
            code, said = ended(self.start())
            if code == 0:
                return
            assert code in GO_ON, said
        pytest.fail(f"not done after {LAST_RUNS} runs; the last ended with {code}: {said}")

    def holds(self) -> None:
        """Check the promise: each row its answer, each distinct row bought once."""
        self.answers("out")
        bought = self.server.bought()
        assert set(bought) == {canonical(question(company)) for company in self.companies}
        assert {key: times for key, times in bought.items() if times != 1} == {}

    def answers(self, out: str) -> None:
        """Check that a results file has every row, in order, with its answer."""
        lines = (self.folder / out / "rows.jsonl").read_text(encoding="utf-8").splitlines()
        outcomes = [json.loads(line) for line in lines]
        assert [outcome["item"]["company"] for outcome in outcomes] == self.companies
        assert {outcome["status"] for outcome in outcomes} == {"ok"}
        for outcome in outcomes:
            answer = expected_answer(question(outcome["item"]["company"]), elements=True)
            assert (outcome["output"], outcome["basis"]) == (answer["content"], answer["basis"])


class StepsField(Field):
    """The same rows over steps that read each other."""

    job = {
        **{key: value for key, value in JOB.items() if key not in {"query", "processor", "output"}},
        "steps": [
            {"id": id_, "query": text, "processor": "base", "output": SCHEMA}
            for id_, text in STEPS.items()
        ],
    }
    rows = ROWS // 4
    asked = len(set(STEPS.values()))

    def questions(self, company: str) -> dict[str, str]:
        """What is asked of a company by step, by the answers that the server gives."""
        found: dict[str, str] = {}
        steps: dict[str, dict] = {}
        for id_, template in STEPS.items():
            found[id_] = str(render_value(template, {"item": {"company": company}, "steps": steps}))
            answer = expected_answer(asked(found[id_]), elements=True)
            steps[id_] = {"output": answer["content"]}
        return found

    def holds(self) -> None:
        """Check the promise for every step."""
        lines = (self.folder / "out/rows.jsonl").read_text(encoding="utf-8").splitlines()
        outcomes = [json.loads(line) for line in lines]
        assert {outcome["status"] for outcome in outcomes} == {"ok"}
        wanted = {company: self.questions(company) for company in self.companies}
        for id_ in STEPS:
            mine = [outcome for outcome in outcomes if outcome["step"] == id_]
            assert [outcome["item"]["company"] for outcome in mine] == self.companies
            for outcome in mine:
                text = wanted[outcome["item"]["company"]][id_]
                assert outcome["output"] == expected_answer(asked(text), elements=True)["content"]
        bought = self.server.bought()
        assert set(bought) == {
            canonical(asked(text)) for each in wanted.values() for text in each.values()
        }
        assert {key: times for key, times in bought.items() if times != 1} == {}


def _ours(name: str) -> bool:
    return name.startswith(("RUNNER_", "PARALLEL_"))


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """Wait for the end of a process, and never leave it behind."""
    try:
        said = "".join(process.communicate(timeout=PATIENCE))
    except subprocess.TimeoutExpired:
        process.kill()
        said = "".join(process.communicate())
        pytest.fail(f"still running after {PATIENCE:g} s: {said}")
    return process.returncode, said


def strike(process: subprocess.Popen, server: WireProcess, chance: random.Random) -> bool:
    """Kill a process at a random moment after its first request."""
    before, patience = len(server.requests), time.monotonic() + PATIENCE
    while process.poll() is None and len(server.requests) == before:
        assert time.monotonic() < patience
        time.sleep(0.005)
    time.sleep(chance.uniform(0, LONGEST_LIFE))
    return killed(process)


def killed(process: subprocess.Popen) -> bool:
    """Kill a process as a power cut would; false when it had ended before."""
    process.send_signal(signal.SIGKILL)
    said = "".join(process.communicate())
    assert process.returncode in {-signal.SIGKILL, *GO_ON}, said
    return process.returncode == -signal.SIGKILL


@pytest.fixture
def field(tmp_path) -> Iterator[Field]:
    yield from opened(tmp_path, Field)


@pytest.fixture
def steps(tmp_path) -> Iterator[Field]:
    yield from opened(tmp_path, StepsField)


def opened(tmp_path: Path, kind: type[Field]) -> Iterator[Field]:
    logs = tmp_path / "server"
    folder = tmp_path / "project"
    logs.mkdir()
    folder.mkdir()
    with (
        WireProcess(logs, faults=LOST_ANSWERS, seconds=3_600) as server,
        closing(kind(folder, server)) as field,
    ):
        yield field


def test_killed_at_random_moments(field):
    """A process that dies at any instruction loses nothing, and its successor buys nothing twice."""
    kill_often(field)
    assert any(
        request["method"] == "POST" and request["status"] == 0 for request in field.server.requests
    )


def test_killed_in_the_middle_of_steps(steps):
    kill_often(steps)


def test_two_processes_over_the_same_steps(steps):
    pair = [steps.start("--out", "one"), steps.start("--out", "two")]
    ends = [ended(process) for process in pair]
    assert [code for code, _ in ends] == [0, 0], ends
    steps.finish()
    steps.holds()


def kill_often(field: Field) -> None:
    chance = random.Random(SEED)
    unfinished = 0
    for number in range(KILLS):
        process = field.start()
        if number % 5 == 4:
            time.sleep(chance.uniform(0, LONGEST_START))
            killed(process)
        else:
            strike(process, field.server, chance)
        unfinished += 0 < len(field.server.bought()) < len(set(field.companies)) * field.asked
    field.finish()
    field.holds()
    assert unfinished >= KILLS // 3, "most kills came when there was nothing left to lose"


def test_two_processes_at_the_same_time(field):
    """Of two processes that want the same rows, one buys each and both have all."""
    pair = [field.start("--out", "one"), field.start("--out", "two")]
    ends = [ended(process) for process in pair]
    assert [code for code, _ in ends] == [0, 0], ends
    for out in ("one", "two"):
        field.answers(
            next((field.folder / out).rglob("rows.jsonl")).parent.relative_to(field.folder)
        )
    field.finish()
    field.holds()


def test_a_second_process_takes_over_from_one_that_was_killed(field):
    chance = random.Random(SEED + 1)
    for _ in range(KILLS // 3):
        first, second = field.start("--out", "one"), field.start("--out", "two")
        strike(first, field.server, chance)
        code, said = ended(second)
        assert code == 0, said
    field.finish()
    field.holds()
