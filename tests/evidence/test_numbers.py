"""Numbers as JSON has them and as people write them, and nothing else."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.evidence.numbers import number_of


@given(st.integers(-(10**29), 10**29))
def test_a_whole_number_is_the_same_in_every_spelling(number):
    assert number_of(number) == number_of(str(number)) == number_of(f" {number:,} ") == number


@given(st.floats(-1e29, 1e29))
def test_a_fraction_is_what_it_is_written_as(number):
    assert number_of(number) == number_of(str(number)) == Decimal(str(number))


@given(st.text())
def test_any_text_is_a_number_or_none(text):
    assert number_of(text) is None or any(map(str.isdigit, text))


@pytest.mark.parametrize(
    "value",
    [
        *(True, None, [], {}, "", "-", ".", "many", "1,5", "12,34,567", "1,2345", "1 000", "1_000"),
        *("\uff11", "0x10", "nan", "inf", float("nan"), float("inf"), 10**30, 10**5000, "1e99999"),
    ],
    ids=lambda value: ascii(value)[:20] if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_number_that_people_agree_on_is_none(value):
    assert number_of(value) is None
