"""Expected times follow the documented latencies and rate limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.planning.processors import PROCESSORS
from runner.planning.time import expected_seconds


@pytest.mark.parametrize(
    ("kind", "processor", "calls", "expected"),
    [
        ("task", "core", 0, (0, 0)),
        ("task", "core", 1, (60, 300)),
        ("task", "core-fast", 1, (30, 150)),
        ("task", "core", 2_000, (60, 300)),
        ("task", "core", 2_001, (60, 360)),
        ("task", "lite", 20_001, (20, 1_320)),
        ("search", None, 50, (1, 5)),
        ("search", None, 51, (2, 10)),
        ("search", None, 601, (61, 65)),
        ("extract", None, 1, (1, 20)),
    ],
)
def test_expected_seconds(kind, processor, calls, expected):
    assert expected_seconds(kind, processor, calls, 50) == expected


@given(
    st.sampled_from(
        [*(("task", name) for name in PROCESSORS), ("search", None), ("extract", None)]
    ),
    st.integers(0, 100_000),
    st.integers(1, 1_000),
)
def test_more_calls_never_take_less_time(asked, calls, concurrency):
    shortest, longest = expected_seconds(*asked, calls, concurrency)
    assert 0 <= shortest <= longest
    more = expected_seconds(*asked, calls + 1, concurrency)
    assert shortest <= more[0]
    assert longest <= more[1]
