"""Laws of durations and money: what is written is what is meant, or nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.durations import LONGEST, parse_duration, parse_money, suggested, suggested_money

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@given(st.integers(0, 3650), st.sampled_from("smhd"))
def test_a_number_and_a_unit_are_a_duration(number, unit):
    assert parse_duration(f"{number}{unit}") == timedelta(seconds=number * SECONDS[unit])


@given(st.text(max_size=12))
def test_any_other_text_is_none_and_never_an_error(text):
    found = parse_duration(text)
    assert found is None or timedelta(0) <= found <= LONGEST
    near = suggested(text)
    assert near is None or near[-1] in SECONDS


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("24 h", "24h"),
        ("10 minutes", "10m"),
        ("1 day", "1d"),
        ("1w", "7d"),
        ("2 Weeks", "14d"),
        ("30SEC", "30s"),
        ("1h30m", "90m"),
        ("1 hour and 30 minutes", "90m"),
        ("2 days, 12 hours", "60h"),
        ("a day", "1d"),
        ("ten minutes", "10m"),
        ("3 months", "90d"),
        ("1y", "365d"),
        ("12:30", None),
        ("some days", None),
        ("soon", None),
        ("10 x", None),
    ],
)
def test_a_duration_in_words_is_understood(text, meant):
    assert suggested(text) == meant


def test_more_than_ten_years_is_no_duration():
    assert parse_duration("3650d") == LONGEST
    assert parse_duration("3651d") is None


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (5, "5"),
        (0.5, "0.5"),
        ("5.00", "5.00"),
        ("$5", "5"),
        ("5 USD", "5"),
        ("5,00", None),
        ("-1", None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_money_is_dollars_or_nothing(value, amount):
    assert parse_money(value) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5$", "5"),
        ("5,00", "5.00"),
        ("1.000,50", "1000.50"),
        ("1,000", "1000"),
        ("USD 1,000.50", "1000.50"),
        ("5 dollars", "5"),
        ("5 EUR", None),
        ("five", None),
        ("1.2.3", None),
    ],
)
def test_a_sum_in_another_form_is_understood(text, meant):
    assert suggested_money(text) == meant


@given(st.text(max_size=20))
def test_a_sum_that_is_suggested_can_be_read(text):
    near = suggested_money(text)
    assert near is None or parse_money(near) is not None
