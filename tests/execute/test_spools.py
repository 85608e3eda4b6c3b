"""Outcomes that come in any order of steps stand in the file as if one had waited for the other."""

import json
import tempfile
from io import StringIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from runner.execute.kept import Answers
from runner.execute.outcomes import Outcome
from runner.execute.spools import Spools


@st.composite
def runs(draw):
    """Waves of steps, and outcomes in an order in which they may come."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 5)))]
    cuts = sorted(draw(st.sets(st.sampled_from(range(1, len(names) + 1)))) | {len(names)})
    waves = [tuple(names[a:b]) for a, b in zip([0, *cuts], cuts, strict=False)]
    rows = {name: sorted(draw(st.lists(st.integers(0, 4), max_size=6))) for name in names}
    turns = draw(st.permutations([name for name in names for _ in rows[name]]))
    left = {name: list(enumerate(rows[name])) for name in names}
    coming = [(name, *left[name].pop(0)) for name in turns]
    return waves, coming


def outcome(step, number, row):
    return Outcome(step=step, row=row, key=f"é\u2028 {number}", item={}, status="ok")


@given(runs())
def test_the_file_is_in_the_order_of_waves_rows_and_steps(run):
    waves, coming = run
    file, answers = StringIO(newline=""), Answers()
    place = {step: (n, m) for n, wave in enumerate(waves) for m, step in enumerate(wave)}
    with (
        tempfile.TemporaryDirectory() as folder,
        Spools(waves, file, Path(folder, "all.jsonl"), answers) as spools,
    ):
        for each in coming:
            spools.add(outcome(*each))
        spools.join()
    found = [json.loads(line) for line in file.getvalue().split("\n") if line]
    expected = sorted(coming, key=lambda each: (place[each[0]][0], each[2], place[each[0]][1]))
    assert [(each["step"], each["key"]) for each in found] == [
        (step, f"é\u2028 {number}") for step, number, _ in expected
    ]
    again = Answers()
    for line in file.getvalue().splitlines(keepends=True):
        again.add(line)
    assert str(again) == str(answers)


def test_a_step_can_be_read_before_the_others_are_there(tmp_path):
    with (
        (tmp_path / "all.jsonl").open("w", encoding="utf-8") as file,
        Spools([("a", "b"), ("c",)], file, tmp_path / "all.jsonl", Answers()) as spools,
    ):
        spools.add(outcome("a", 0, 0))
        spools.add(outcome("a", 1, 1))
        place = spools.file("a")
        assert len(place.read_text(encoding="utf-8").splitlines()) == 2
        spools.add(outcome("b", 0, 0))
        assert place.parent == tmp_path
    assert [each.name for each in tmp_path.iterdir()] == ["all.jsonl"]
