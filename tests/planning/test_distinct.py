"""Counting distinct fingerprints agrees with a set, in a fraction of its memory."""

import hashlib
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from runner.planning.distinct import Distinct


def fingerprint(number):
    return hashlib.sha256(b"%d" % number).hexdigest()


@given(st.lists(st.integers(0, 50)), st.integers(0, 60))
def test_it_is_a_set(numbers, few):
    """Also where few become many."""
    met, seen = Distinct(few=few), set()
    for number in numbers:
        assert met.add(fingerprint(number)) == (number not in seen)
        seen.add(number)
    assert len(met) == len(seen)


@given(st.sets(st.text("0123456789abcdef", min_size=16, max_size=16)))
def test_any_first_digits_are_told_apart(starts):
    met = Distinct(few=0)
    assert all(met.add(f"{start}{'0' * 48}") for start in starts - {"0" * 15 + "1"})
    assert not any(met.add(f"{start}{'f' * 48}") for start in starts - {"0" * 15 + "1"})


def test_it_takes_at_most_32_bytes_each_and_the_room_to_grow():
    met = Distinct()
    tracemalloc.start()
    try:
        assert sum(met.add(fingerprint(number % 100_000)) for number in range(120_000)) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000 * 32 * 1.6
