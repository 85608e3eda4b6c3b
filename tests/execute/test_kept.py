"""Kept runs: the last ones, found by name, each with its own outcomes."""

import pytest

from runner.errors import UsageError
from runner.execute.kept import (
    MOST_KEPT,
    Answers,
    chosen_runs,
    earlier_run,
    keep_run,
    kept_runs,
)
from runner.execute.outcomes import Outcome
from runner.execute.state import State, write_whole
from runner.execute.stored import outcome_line


def outcome(value, **more):
    return Outcome(step="main", row=0, key="a", item={}, status="ok", output={"a": value}, **more)


@pytest.fixture
def state(tmp_path):
    return State(tmp_path)


def kept(state, run, value, **more):
    answers = Answers()
    line = outcome_line(outcome(value, **more))
    answers.add(line)
    write_whole(state.outcomes("job"), [line])
    return keep_run(state, "job", run, str(answers))


def test_each_run_keeps_its_outcomes_and_the_newest_comes_first(state):
    first = kept(state, "run_20261125T120000Z_ffffff", 1)
    second = kept(state, "run_20261126T120000Z_aaaaaa", 2)
    third = kept(state, "run_20261126T120000Z_000000", 3)
    assert kept_runs(state, "job") == [third, second, first]
    assert [next(run.outcomes()).output["a"] for run in (first, second, third)] == [1, 2, 3]
    assert first.date == "2026-11-25"


def test_the_oldest_go_with_what_belongs_to_them(state):
    runs = [kept(state, f"run_20261126T1200{n:02}Z_aaaaaa", n) for n in range(MOST_KEPT)]
    runs[0].verdicts.write_text("")
    runs.append(kept(state, "run_20261127T120000Z_aaaaaa", 99))
    assert kept_runs(state, "job") == runs[:0:-1]
    assert not runs[0].file.exists()
    assert not runs[0].verdicts.exists()


def test_answers_are_the_same_bought_or_cached():
    def digest(value, **more):
        answers = Answers()
        answers.add(outcome_line(outcome(value, **more)))
        return str(answers)

    told = {"warnings": ['"run_id": "run_id":'], "error": '"run_id":'}
    assert digest(1, cached=True, run_id="x", **told) == digest(1)
    assert digest(1) != digest(2)
    assert digest({"run_id": 1}, run_id="x") == digest({"run_id": 1})
    assert digest({"run_id": 1}) != digest({"run_id": 2})
    assert digest("\ud800") != digest(2**70)
    assert digest(2**70, **told) == digest(2**70) != digest(2**71)


def test_a_run_is_compared_with_the_last_that_answered_otherwise(state):
    """So a second run from the cache gives the report of the first."""
    first = kept(state, "run_20261124T120000Z_aaaaaa", 1)
    second = kept(state, "run_20261125T120000Z_aaaaaa", 2)
    third = kept(state, "run_20261126T120000Z_aaaaaa", 2, cached=True)
    assert earlier_run(state, "job", first) is None
    assert earlier_run(state, "job", second) == earlier_run(state, "job", third) == first


def test_runs_are_chosen_by_name_or_are_the_last_two(state):
    first, second, third = (
        kept(state, f"run_2026112{n}T120000Z_{letter * 6}", n)
        for n, letter in ((4, "a"), (5, "b"), (6, "c"))
    )
    assert chosen_runs(state, "job", ()) == (second, third)
    assert chosen_runs(state, "job", (first.id,)) == (first, third)
    assert chosen_runs(state, "job", ("20261124", second.id)) == (first, second)
    for names in (("nothing",), ("run_2026112",), (third.id,)):
        with pytest.raises(UsageError):
            chosen_runs(state, "job", names)
    with pytest.raises(UsageError, match="no two runs"):
        chosen_runs(state, "other", ())
