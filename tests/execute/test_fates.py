"""Fates by fingerprint agree with a dict, in a fraction of its memory."""

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.execute.fates import ATTACHED, CACHED, NEW, PAID, Fate, Fates


def fingerprint(number):
    return hashlib.sha256(b"%d" % number).hexdigest()


NUMBERS = st.integers(0, 30).map(fingerprint)
FATES = st.sampled_from([CACHED, NEW, PAID, ATTACHED]) | st.builds(
    Fate, st.just("failed"), st.just("new"), st.text(max_size=2)
)


@given(st.lists(st.tuples(NUMBERS, FATES)), st.integers(0, 40))
def test_they_are_a_mapping(pairs, few):
    """Also where few become many."""
    fates, known = Fates(few=few), {}
    for name, fate in pairs:
        assert (name in fates) == (name in known)
        fates[name] = known[name] = fate
    for number in range(31):
        name = fingerprint(number)
        assert fates.get(name) == known.get(name)


@given(st.sets(st.text("0123456789abcdef", min_size=16, max_size=16)))
def test_any_first_digits_are_told_apart(starts):
    fates = Fates(few=0)
    starts -= {"0" * 15 + "1"}
    fates.update({f"{start}{'a' * 48}": Fate("failed", error=start) for start in starts})
    assert all(fates[f"{start}{'a' * 48}"].error == start for start in starts)


def test_the_constants_stay_themselves():
    fates = Fates()
    fates[fingerprint(1)], fates[fingerprint(2)] = CACHED, NEW
    assert fates[fingerprint(1)] is CACHED
    assert fates[fingerprint(2)] is NEW


def test_a_call_without_a_fate_is_an_error():
    with pytest.raises(KeyError):
        Fates()[fingerprint(1)]


def test_they_take_at_most_48_bytes_each_and_the_room_to_grow():
    fates = Fates()
    tracemalloc.start()
    try:
        for number in range(40_000):
            fates[fingerprint(number)] = NEW
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40_000 * 48 * 1.6
    assert all(fates[fingerprint(number)] is NEW for number in range(40_000))
