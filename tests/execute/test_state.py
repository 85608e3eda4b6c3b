"""Laws of files that a run leaves: whole or not at all."""

import fcntl
import os
import time

import pytest

from runner.errors import StateError, UsageError
from runner.execute.state import LEFT_AFTER, check_writable, open_state, write_whole


def test_a_failed_write_leaves_the_earlier_file_and_no_litter(tmp_path):
    target = tmp_path / "report.md"
    target.write_text("good")

    def chunks():
        yield "half"
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the generator's own
        write_whole(target, chunks())
    assert target.read_text() == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.md"]


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path):
    """But not what another is writing, nor a file that only looks like it."""
    path = tmp_path / "report[1].md"
    old = time.time() - 2 * LEFT_AFTER
    names = (
        ".report[1].md.abcdefg1",
        ".report[1].md.abcdefg2",
        ".report[1].md.note",
        ".other.md.abcdefg1",
    )
    for name in names:
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / ".report[1].md.abcdefg3").write_text("young")
    with (tmp_path / names[1]).open() as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        write_whole(path, ["new"])
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"report[1].md", *names[1:], ".report[1].md.abcdefg3"}


def test_a_write_makes_its_folders(tmp_path):
    write_whole(tmp_path / "a" / "b.md", ["x", "y"])
    assert (tmp_path / "a" / "b.md").read_text() == "xy"


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        check_writable(tmp_path / "file" / "report.md")
    with pytest.raises(UsageError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(StateError, match="state directory"):
        open_state(tmp_path / "file" / "state")


def test_the_state_directory_hides_from_git(tmp_path):
    state = open_state(tmp_path / ".runner")
    assert (state.folder / ".gitignore").read_text() == "*\n"
