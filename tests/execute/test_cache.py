"""Laws of the cache: JSON only, ages respected, and broken files end in words."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import diskcache
import pytest

from runner.errors import StateError
from runner.execute.cache import Cache

DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(tmp_path, clock):
    with Cache(tmp_path / "cache", clock) as opened:
        yield opened


def test_what_is_put_is_got_until_it_is_too_old(cache, clock):
    cache.put("a", {"x": [1, None, "é"]})
    assert cache.get("a", DAY) == {"x": [1, None, "é"]}
    clock.now += DAY.total_seconds() + 1
    assert cache.get("a", DAY) is None
    assert cache.entry("a").answer == {"x": [1, None, "é"]}


def test_nothing_is_pickled(tmp_path, cache):
    cache.put("a", {"x": "y" * 100_000})
    for file in (tmp_path / "cache").rglob("*"):
        if file.is_file():
            assert b"cposix" not in file.read_bytes()
    assert cache.get("a", DAY) == {"x": "y" * 100_000}


def test_prune_removes_only_what_is_older(cache, clock):
    cache.put("old", 1)
    clock.now += 100
    cache.put("new", 2)
    assert cache.prune(timedelta(seconds=50)) == 1
    assert [key for key, _ in cache.entries()] == ["new"]


def test_clear_removes_everything(cache):
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.clear() == 2
    assert list(cache.entries()) == []


def test_a_second_process_sees_the_answer(tmp_path, cache, clock):
    cache.put("a", 1)
    with Cache(tmp_path / "cache", clock) as second:
        assert second.get("a", DAY) == 1


def test_a_damaged_cache_says_what_to_do(tmp_path, clock):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "cache.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StateError) as caught:
        Cache(folder, clock)
    assert "damaged" in caught.value.message
    assert "Delete" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_says_so(tmp_path, clock):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StateError, match="cannot be"):
        Cache(folder, clock)


class Bomb:
    """What would leave a mark if anyone unpickled it."""

    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_a_cache_that_someone_hands_over_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with diskcache.Cache(str(tmp_path / "cache")) as pickling:
        pickling["a" * 64] = Bomb()
        pickling[Bomb()] = "value"
    with Cache(tmp_path / "cache", lambda: 0.0) as cache:
        assert cache.get("a" * 64, timedelta(days=1)) is None
        assert list(cache.entries()) == []
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    "value", [10**30, -(2**63), 2**64, "\ud800", {"a": [1.5, None, "é\u2028"]}, "x" * 100_000]
)
def test_an_answer_comes_back_as_it_was(tmp_path, value):
    with Cache(tmp_path / "cache", lambda: 0.0) as cache:
        cache.put("a" * 64, {"output": value})
        assert cache.get("a" * 64, DAY) == {"output": value}
