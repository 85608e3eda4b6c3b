from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.providers.local.values import (
    clean_text,
    cut_to_example,
    first_name,
    parse_amount,
    parse_boolean,
    parse_date,
    parse_enum,
    parse_number,
    parse_url,
    parse_year,
    split_list,
)
from runner.providers.local.versions import allows


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1,200", 1200),
            ("1 200", 1200),
            ("1.200.000", 1200000),
            ("3.2 billion", 3200000000),
            ("$4.5bn", 4500000000),
            ("12 %", 12),
            ("12,5 %", 12.5),
            ("-3", -3),
            ("−3 percent", -3),
            ("seven", 7),
            ("about 320,000 (30 September 2023)", 320000),
            ("(2023)", 2023),
            ("EUR 1,672 million", 1672000000),
        ],
    )  # fmt: skip
    def test_numbers_are_read_as_people_write_them(self, text: str, value: float) -> None:
        parsed = parse_number(text)
        assert parsed is not None
        assert parsed.value == value

    @pytest.mark.parametrize("text", ["", "none", "h11", "v", "..."])
    def test_what_holds_no_number_is_none(self, text: str) -> None:
        assert parse_number(text) is None

    @pytest.mark.parametrize("text", ["10-20", "between 10 and 20", "20 of 30"])
    def test_several_numbers_are_not_clean(self, text: str) -> None:
        parsed = parse_number(text)
        assert parsed is not None
        assert not parsed.clean

    def test_a_scale_is_brought_to_the_fields_unit(self) -> None:
        parsed = parse_number("3.2 billion", divisor=1e6)
        assert parsed is not None
        assert parsed.value == 3200

    @given(st.integers(0, 10**15))
    def test_a_number_with_thousands_separators_is_itself(self, number: int) -> None:
        parsed = parse_number(f"{number:,}")
        assert parsed is not None
        assert (parsed.value, parsed.clean) == (number, True)

    @given(st.text(max_size=60))
    def test_no_text_raises(self, text: str) -> None:
        parse_number(text)
        parse_year(text)
        parse_date(text)
        parse_boolean(text)
        parse_url(text)
        parse_amount(text)
        parse_enum(text, ["1-10", "11+", "high", 3])
        allows(text, "3.11")
        split_list(text)
        first_name(text)


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("15.67 billion euros", "15.67 billion euros"),
            ("rose by 18 percent to 15.67 billion euros in 2024", "15.67 billion euros"),
            ("$4.5bn, up from $4bn", "$4.5bn"),
            ("about 45.1 trillion yen", "about 45.1 trillion yen"),
            ("EUR 1,672 million (2023)", "EUR 1,672 million"),
            ("-659 million euros", "-659 million euros"),
        ],
    )  # fmt: skip
    def test_the_amount_is_taken_as_written(self, text: str, amount: str) -> None:
        assert parse_amount(text) == amount

    @pytest.mark.parametrize("text", ["in 2024", "18 percent", "18 %", "much", ""])
    def test_years_and_percentages_are_no_amounts(self, text: str) -> None:
        assert parse_amount(text) is None


class TestDates:
    @given(st.dates(date(1600, 1, 1), date(2099, 12, 31)))
    def test_every_way_to_write_a_date_is_read(self, day: date) -> None:
        for text in (
            day.isoformat(),
            f"on {day.day} {day:%B} {day.year}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day.day}. {day:%b} {day.year}",
        ):
            parsed = parse_date(text)
            assert parsed is not None, text
            assert parsed.value == day.isoformat()

    @pytest.mark.parametrize(
        "text", ["03/04/2024", "31 February 2024", "2024-13-01", "14 Foo 2020"]
    )
    def test_what_is_ambiguous_or_impossible_is_none(self, text: str) -> None:
        assert parse_date(text) is None

    @pytest.mark.parametrize(
        ("text", "day"),
        [("25/12/2020", "2020-12-25"), ("12/25/2020", "2020-12-25"), ("5.5.2020", "2020-05-05")],
    )
    def test_slashes_are_read_where_only_one_order_fits(self, text: str, day: str) -> None:
        parsed = parse_date(text)
        assert parsed is not None
        assert parsed.value == day

    def test_a_price_is_no_year(self) -> None:
        assert parse_year("for $1999 or 2000 %") is None
        found = parse_year("founded in 1847, again in 1897")
        assert found is not None
        assert (found.value, found.clean) == (1847, False)


class TestChoices:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("yes", True),
            ("Supported since 3.2", True),
            ("✗", False),
            ("no longer", False),
            ("maybe", None),
            ("", None),
        ],
    )
    def test_booleans(self, text: str, value: bool | None) -> None:
        parsed = parse_boolean(text)
        assert (None if parsed is None else parsed.value) == value

    @pytest.mark.parametrize(
        ("text", "members", "value"),
        [
            ("High", ["low", "high", "very high"], "high"),
            ("a very high share", ["low", "high", "very high"], "very high"),
            ("about 7,700", ["1-50", "51-10,000", "10,001+"], "51-10,000"),
            ("more than 10,000", ["1-50", "51-10,000", "10,001+"], "10,001+"),
            ("12", ["under 10", "over 10"], "over 10"),
            ("4", ["less than 10", "more than 10"], "less than 10"),
            ("3", [1, 2, 3], 3),
            ("none of them", ["low", "high"], None),
            ("low or high", ["low", "high"], None),
        ],
    )  # fmt: skip
    def test_enums(self, text: str, members: list[str | int], value: object) -> None:
        parsed = parse_enum(text, members)
        assert (None if parsed is None else parsed.value) == value


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("Homepage, https://x.org/a.", "https://x.org/a"),
            ("www.example.com/a", "www.example.com/a"),
            ("example.com", "example.com"),
            ("see the manual", None),
            ("me@example.com", None),
        ],
    )
    def test_urls(self, text: str, url: str | None) -> None:
        parsed = parse_url(text)
        assert (None if parsed is None else parsed.value) == url

    @pytest.mark.parametrize(
        ("text", "items"),
        [
            ("a, b and c", ["a", "b", "c"]),
            ("a; b, c; and d", ["a", "b, c", "d"]),
            (
                "the Billy bookcase and the Poäng armchair",
                ["the Billy bookcase", "the Poäng armchair"],
            ),
            ("Acme, Inc., Foo Ltd", ["Acme, Inc", "Foo Ltd"]),
            ("JYSK, Wayfair and many discount stores", ["JYSK", "Wayfair"]),
            ("a, b, etc.", ["a", "b"]),
            ("a (first), b (second)", ["a", "b"]),
        ],
    )
    def test_lists(self, text: str, items: list[str]) -> None:
        assert split_list(text) == items

    def test_names(self) -> None:
        assert first_name("Jane Doe <jane@x.org>, John Roe <john@x.org>") == "Jane Doe"
        assert first_name("Jane Doe, John Roe, Ann Poe") == "Jane Doe"
        assert first_name("Acme, Inc.") == "Acme, Inc."
        assert clean_text('  **"Jane"**  ') == "Jane"
        assert clean_text("'Jane'  Doe <j@x.org>") == "'Jane' Doe"

    @pytest.mark.parametrize(
        ("text", "example", "value"),
        [
            ("Python >=3.8, <4", ">=3.8", ">=3.8, <4"),
            ("3.8 or later", ">=3.8", ">=3.8"),
            ("any", ">=3.8", None),
            ("version 1.2.3 of May", "1.0.0", "1.2.3"),
            ("unreleased", "1.0.0", None),
            ("15.67 billion euros", "15.67 billion euros", "15.67 billion euros"),
        ],
    )
    def test_an_example_gives_the_shape(self, text: str, example: str, value: str | None) -> None:
        assert cut_to_example(text, example) == value


class TestVersions:
    @pytest.mark.parametrize(
        ("range_text", "allowed"),
        [
            (">=3.8", True),
            (">=3.8, !=3.11.*, <4", False),
            ("<3.11", False),
            ("<=3.11", True),
            (">3.11", False),
            ("~=3.8", True),
            ("~=3.8.2", False),
            ("^3.8", True),
            ("==3.11", True),
            ("==3.*", True),
            ("!=3.11", False),
            ("3.11", None),
        ],
    )
    def test_ranges(self, range_text: str, allowed: bool | None) -> None:
        assert allows(range_text, "3.11") is allowed
