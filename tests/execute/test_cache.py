"""Laws of the cache: JSON only, ages respected, and broken files end in words."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import diskcache
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import StateError
from runner.execute.cache import LOOK, Cache, Entry

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


# -- many at once ---------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def one_by_one(cache, fingerprints):
    return {each: entry for each in fingerprints if (entry := cache.entry(each)) is not None}


@settings(max_examples=40)
@given(values=st.lists(VALUES, max_size=5), missing=st.integers(0, 3))
def test_looking_at_many_finds_what_looking_at_each_finds(tmp_path_factory, values, missing):
    with Cache(tmp_path_factory.mktemp("cache"), lambda: 7.0) as cache:
        cache.put_many((f"{n:064x}", value, n / 2) for n, value in enumerate(values))
        wanted = [f"{n:064x}" for n in range(len(values) + missing)]
        found = cache.look(wanted)
        assert found == one_by_one(cache, wanted)
        assert set(found) == set(wanted[: len(values)])
        assert cache.ages(wanted) == {each: 7.0 - e.stored_at for each, e in found.items()}


def test_more_are_found_than_one_query_takes(cache):
    wanted = [f"{n:064x}" for n in range(2 * LOOK + 1)]
    cache.put_many((each, n, None) for n, each in enumerate(wanted))
    found = cache.look(wanted)
    assert [found[each].answer for each in wanted] == list(range(len(wanted)))
    assert len(cache.ages(wanted)) == len(wanted)
    assert cache.look([]) == cache.ages([]) == {}


def files_of(cache):
    return list(cache._folder.rglob("*.val"))


def damage(cache, sql, *values):
    with closing(sqlite3.connect(cache._folder / "cache.db")) as database, database:
        database.execute(sql, values)


def test_large_answers_are_found_in_their_files(cache):
    noise = "".join(map(chr, range(0x4E00, 0x9FA5))) * 10
    cache.put("large", noise)
    cache.put("small", 1)
    assert files_of(cache)
    assert cache.look(["large", "small"]) == {
        "large": Entry(answer=noise, stored_at=1_000_000.0),
        "small": Entry(answer=1, stored_at=1_000_000.0),
    }
    for file in files_of(cache):
        file.unlink()
    assert set(cache.look(["large", "small"])) == {"small"}
    assert cache.entry("large") is None


@pytest.mark.parametrize(
    "value",
    [
        b"no compressed text",
        b"",
        "text",
        7,
        1.5,
        None,
        b"x\x9c\x03\x00\x00\x00\x00\x01",  # nothing, compressed
    ],
)
def test_a_damaged_row_is_as_if_it_were_not_there(cache, value):
    cache.put("a", 1)
    cache.put("b", 2)
    damage(cache, "UPDATE Cache SET value = ? WHERE key = 'a'", value)
    assert one_by_one(cache, ["a", "b"]) == cache.look(["a", "b"])
    assert set(cache.look(["a", "b"])) == {"b"}


@pytest.mark.parametrize("stored_at", ["soon", None, [1]])
def test_an_entry_without_a_time_is_as_if_it_were_not_there(cache, stored_at):
    cache._store.set("a", {"answer": 1, "stored_at": stored_at})
    assert cache.entry("a") is None
    assert cache.look(["a"]) == {}
    assert cache.ages(["a"]) == {}


def test_looking_at_many_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with diskcache.Cache(str(tmp_path / "cache")) as pickling:
        pickling["a" * 64] = Bomb()
        pickling[Bomb()] = "value"
    with Cache(tmp_path / "cache", lambda: 0.0) as cache:
        assert cache.look(["a" * 64]) == {}
        assert cache.ages(["a" * 64]) == {}
    assert not Path("exploded").exists()


WRITER = """
import sys
from pathlib import Path
from runner.execute.cache import Cache
with Cache(Path(sys.argv[1]), lambda: 999_999.0) as cache:
    cache.put("new", "from elsewhere")
    cache.put("old", "changed")
"""


def test_what_another_process_writes_is_seen_by_the_next_look(tmp_path, cache):
    cache.put("old", "as it was")
    assert cache.look(["old", "new"])["old"].answer == "as it was"
    subprocess.run([sys.executable, "-c", WRITER, tmp_path / "cache"], check=True)
    found = cache.look(["old", "new"])
    assert {each: entry.answer for each, entry in found.items()} == {
        "old": "changed",
        "new": "from elsewhere",
    }
    assert cache.ages(["new"]) == {"new": 1.0}


def test_a_store_that_breaks_while_it_is_open_says_what_to_do(tmp_path, cache):
    (tmp_path / "cache" / "cache.db").write_bytes(b"this is no database" * 100)
    for file in (tmp_path / "cache").glob("cache.db-*"):
        file.unlink()
    for use in (cache.look, cache.ages):
        with pytest.raises(StateError, match="damaged"):
            use(["a"])
    with pytest.raises(StateError, match="damaged"):
        cache.put("a", 1)


# -- what is written is diskcache's own -----------------------------------------------------


def test_diskcache_itself_finds_counts_and_weighs_what_is_put(tmp_path, cache, clock):
    noise = "".join(map(chr, range(0x4E00, 0x9FA5))) * 10
    cache.put_many([("a", {"x": 1}, 5.0), ("b", noise, None), ("c", 3, clock.now + 99)])
    assert len(cache._store) == 3
    assert cache._store.volume() > len(noise)
    assert cache._store.check() == []
    assert [key for key, _ in cache.entries()] == ["a", "b", "c"]
    assert cache.entry("a") == Entry(answer={"x": 1}, stored_at=5.0)
    assert cache.entry("c").stored_at == clock.now
    assert cache._store.get("a", tag=True) == ({"answer": {"x": 1}, "stored_at": 5.0}, 5.0)


def test_an_answer_that_is_replaced_leaves_no_file_behind(cache):
    noise = "".join(map(chr, range(0x4E00, 0x9FA5))) * 10
    cache.put("a", noise)
    cache.put("a", noise[::-1])
    assert cache.entry("a").answer == noise[::-1]
    assert len(files_of(cache)) == 1
    cache.put("a", 1)
    assert files_of(cache) == []
    assert len(cache._store) == 1
    assert cache._store.check() == []


def test_all_answers_are_stored_or_none(tmp_path, cache):
    with pytest.raises(TypeError):
        cache.put_many([("a", 1, None), ("b", object(), None)])
    assert cache.look(["a", "b"]) == {}
    with closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON Cache WHEN NEW.key = 'b'"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(StateError):
        cache.put_many([("a", 1, None), ("b", 2, None)])
    assert cache.look(["a", "b"]) == {}
    cache.put("c", 3)
    assert set(cache.look(["a", "b", "c"])) == {"c"}
