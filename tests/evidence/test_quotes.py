"""An excerpt stands in a page word by word; a value stands in an excerpt by what it states."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.evidence.quotes import Page, is_stated

PAGE = """\
# Acme

**Founded:** 1901 by [two brothers](https://example.com/brothers_(1901) "not here").
The company is **not** profitable – it lost “$1.5 million” in 2024&nbsp;already.

| Head office | Bern, Switzerland |
| --- | --- |
| Margin | -5% |

Staff: 1,200 (2023: 1,100). It isn't listed. A<sub>2</sub> grade.
"""

STANDS = [
    "Founded: 1901",
    "founded 1901 by two brothers",
    'The company is not profitable - it lost "$1.5 million" in 2024 already',
    "Head office: Bern, Switzerland",
    "Margin: -5%",
    "Margin: −5 %",
    "It isn’t listed.",
    "  Staff:\n1,200 ",
    "Founded: 1901 … It isn't listed",
    "Founded: 1901 [...] Bern, Switzerland",
    "FOUNDED 1901",
    "A2 grade",
]
MISSING = [
    "The company is profitable",
    "The company is not profitable - it lost $1.6 million",
    "it lost $15 million",
    "it lost 1.5 million",
    "Founded: 190",
    "Founded: 19011",
    "Margin: 5%",
    "Staff: 1,100",
    "It is listed",
    "Bern … Acme … Founded",
    "It isn't listed … Founded: 1901",
    "Founded: not here",
    "profit",
    "",
    "…",
    " . ",
]


@pytest.mark.parametrize("excerpt", STANDS, ids=ascii)
def test_typography_markup_and_case_are_folded(excerpt):
    assert Page(PAGE).holds(excerpt)


@pytest.mark.parametrize("excerpt", MISSING, ids=ascii)
def test_another_word_or_digit_is_not_there(excerpt):
    assert not Page(PAGE).holds(excerpt)


WORDS = ("profit", "not", "12", "1,200", "rose", "isn't", "Bern", "$5", "never", "-3", "A220")
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=10)


@given(texts, texts, texts)
def test_what_is_cut_from_a_page_stands_in_it(before, cut, after):
    assert Page(" ".join(before + cut + after)).holds(" ".join(cut))


@given(texts, st.data())
def test_a_page_without_the_excerpt_s_not_does_not_hold_it(words, data):
    """And neither does a page with a "not" more, nor one with another digit."""
    assume("not" not in words)
    place = data.draw(st.integers(1, len(words)))
    denied = " ".join([*words[:place], "not", *words[place:]])
    assert not Page(" ".join(words)).holds(denied)
    if place < len(words):
        assert not Page(denied).holds(" ".join(words))


@given(texts, st.integers(0, 9), st.data())
def test_a_page_with_another_digit_does_not_hold_an_excerpt(words, digit, data):
    text = " ".join(words)
    places = [n for n, c in enumerate(text) if c.isdigit()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    assume(text[place] != str(digit))
    assert not Page(f"{text[:place]}{digit}{text[place + 1 :]}").holds(text)


@given(texts, st.randoms(use_true_random=False))
def test_markup_around_words_changes_nothing(words, dice: random.Random):
    marked = " ".join(
        dice.choice(
            ("{}", "**{}**", "*{}*", "[{}](https://x.example/not)", "<b>{}</b>", "\n{}")
        ).format(w)
        for w in words
    )
    assert Page(marked).holds(" ".join(words))


@given(st.text())
def test_any_text_can_be_a_page_and_an_excerpt(text):
    Page(text).holds(text)
    is_stated(text, [text])


@pytest.mark.parametrize(
    ("value", "excerpt", "stated"),
    [
        (1901, "Founded in 1901", True),
        (1901, "Founded on 10 October 1901", True),
        (1901, "Founded in 1902", False),
        (1200, "It has 1,200 people", True),
        (1200000, "1.2 million people", True),
        (12, "112 people", False),
        (0.12, "a margin of 12%", True),
        (12, "a margin of 12%", True),
        (-11, "Sales declined by 11 percent", True),
        (-11, "Sales rose by 11 percent", False),
        ("Bern", "Its head office is in Bern.", True),
        ("Bern", "Bernadotte", False),
        ("Bern, Switzerland", "in the town of Bern", False),
        ("2025-10-10", "on October 10, 2025", True),
        ("$5 million", "5 million dollars", True),
        ("15,673 million euros", "Million euros: 2023: 13,247; 2024: 15,673", True),
        (["anvils", "rope"], "It makes rope and anvils", True),
        (["anvils", "wire"], "It makes rope and anvils", False),
        (["anvils", None], "anvils", True),
        ([[1]], "1", None),
        ({"a": 1}, "1", None),
        (True, "true", None),
        (None, "x", None),
        ("", "x", None),
        ("x " * 150, "x", None),
    ],
)
def test_a_value_is_stated_by_what_it_says(value, excerpt, stated):
    assert is_stated(value, [excerpt]) is stated
    assert is_stated(value, ["Nothing of it.", excerpt]) is stated
