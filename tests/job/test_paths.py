"""Laws of paths: what a job reads and writes stays below its project, however it is named."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.job.load import load
from runner.job.paths import Ground
from runner.job.project import find_root

PARTS = st.sampled_from(["..", ".", "a", "b", "out", "in", "nothing", "file.csv", "*", "**", ""])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A project with a link that leads out of it, one that stays in it, and one in a circle."""
    top = tmp_path_factory.mktemp("top")
    root = top / "project"
    (root / "jobs" / "a").mkdir(parents=True)
    (top / "outside").mkdir()
    (root / "jobs" / "out").symlink_to(top / "outside")
    (root / "jobs" / "in").symlink_to(root / "jobs" / "a")
    (root / "b").symlink_to(root / "b")
    (root / "jobs" / "nothing").symlink_to(top / "nothing")
    return root


@given(st.lists(PARTS, min_size=1, max_size=6).map("/".join))
@example("../b//..")
@example("in//..")
@example("nothing/x")
def test_no_path_that_is_accepted_leads_out(place, text):
    ground = Ground(folder=place / "jobs", root=place)
    fault = ground.fault(text)
    assert ground.fault(text) == fault
    if fault is None and "*" not in text:
        real = os.path.realpath(os.path.join(place / "jobs", text))  # noqa: PTH118
        assert real.startswith(str(place.resolve()))
        assert str(ground.path(text)).startswith(str(place))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("out/x.csv", "a link on this path leads out"),
        ("out/../x.csv", "a link on this path leads out"),
        ("../../x.csv", "leaves the project"),
        ("../../project/b/x", "cannot be followed"),
        ("../b//..", "cannot be followed"),
        ("in/../x.csv", "'..' after a link"),
        ("nothing/x.csv", "a link on this path leads out"),
        ("*/../../..", "'..' after a pattern"),
        ("/etc/passwd", "absolute"),
        ("C:\\x", "absolute"),
        ("~/x", "~ is not read here"),
        ("a\nb", "control characters"),
    ],
)
def test_a_path_that_is_refused_says_why(place, text, words):
    fault = Ground(folder=place / "jobs", root=place).fault(text)
    assert fault is not None
    assert words in fault.message


@pytest.mark.parametrize(
    "text", ["a/x.csv", "in/x.csv", "../jobs/x", "../../project/jobs/x", "../*"]
)
def test_a_path_inside_is_accepted(place, text):
    assert Ground(folder=place / "jobs", root=place).fault(text) is None


def test_the_root_is_where_the_project_file_or_git_is_else_the_working_directory(
    tmp_path, monkeypatch
):
    jobs = tmp_path / "unpacked" / "jobs"
    jobs.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    unpacked = jobs.parent
    assert find_root(jobs) == jobs
    assert find_root(jobs, unpacked) == unpacked
    assert find_root(jobs, jobs) == jobs
    assert find_root(jobs, tmp_path / "elsewhere") == jobs
    assert find_root(jobs, tmp_path) == jobs, "a folder that holds the whole home is no project"
    (unpacked / "runner.yaml").touch()
    assert find_root(jobs, tmp_path) == unpacked
    (jobs / ".git").mkdir()
    assert find_root(jobs, unpacked) == jobs


def test_samples_that_were_unpacked_run_from_their_folder_and_say_how_from_another(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", "/nowhere")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "schema.json").write_text('{"type": "object", "properties": {"a": {}}}')
    (tmp_path / "jobs" / "a.yaml").write_text("name: a\nquery: x\noutput: ../schema.json\n")
    monkeypatch.chdir(tmp_path)
    assert load(tmp_path / "jobs" / "a.yaml").errors == ()
    monkeypatch.chdir(tmp_path / "jobs")
    (problem,) = load(tmp_path / "jobs" / "a.yaml").errors
    assert "an empty runner.yaml in a folder above" in problem.hint
