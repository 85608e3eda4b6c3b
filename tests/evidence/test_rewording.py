"""Rewording told from change: numbers, dates, names and polarity, whatever the words."""

import datetime as dt
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.evidence.rewording import difference

REWORDED = [
    ("Bern, Switzerland", "bern, switzerland"),
    ("It was founded in 1901.", "It was founded in 1901"),
    ("“Best” of 2025 – again", '"Best" of 2025 - again'),
    ("Founded on 10 October 2025", "Founded on 2025-10-10"),
    ("Founded on October 10, 2025", "founded on the 10th of October 2025"),
    ("closed in Oct. 2025", "closed in October 2025"),
    ("10.10.2025", "2025-10-10"),
    ("$1.2 billion", "US$1,200 million"),
    ("revenue of 1.2bn dollars", "revenue of $1,200,000,000"),
    ("12%", "12 percent"),
    ("12.0 %", "12%"),
    ("1,234,567 employees", "1234567 employees"),
    ("three plants in Ohio", "3 plants in Ohio"),
    ("San Francisco, CA", "San Francisco, California"),
    ("based in the US", "based in the United States"),
    ("a U.K. company", "a company in the United Kingdom"),
    ("Acme Inc.", "Acme"),
    ("Acme GmbH & Co. KG", "Acme GmbH"),
    ("Payments, Billing, Tax", "Tax; Payments and Billing"),
    ("anvils and rope", "rope, anvils"),
    ("https://www.example.com/", "https://example.com"),
    (
        "The company makes anvils in Bern for smiths",
        "Anvils for smiths are made by the company in Bern",
    ),
    ("It isn't profitable", "It is not profitable"),
    ("It does not have any revenue in Norway", "It has no revenue in Norway"),
    (
        "Revenue rose 12% to $5 million in 2024, driven by anvils",
        "Driven by anvils, revenue grew by 12 percent to 5 million dollars in 2024",
    ),
    ("It employs 250 people.", "250 people are employed."),
    (["anvils", "rope"], ["rope", "anvils"]),
    (["Acme Inc.", "Globex"], ["globex", "Acme"]),
    ({"a": "Bern", "b": 1}, {"a": "bern", "b": 1}),
    ("1901", 1901),
    (1200, "1,200"),
    ("Gegründet 2010 – in «Bern».", 'gegründet 2010 - in "Bern"'),
    ("anviles; cuerdas, yunques", "cuerdas, yunques, anviles"),
    ("12 % de marge", "12% de marge"),
]

CHANGED = [
    (1901, 1902),
    (1901, "1902"),
    (15, "1,5"),
    (1.234, "1,234"),
    (True, False),
    (True, 1),
    ([True], [1]),
    (None, "Bern"),
    ("Bern", None),
    ([], ["a"]),
    ("Bern", "Basel"),
    ("Bern, Switzerland", "Basel, Switzerland"),
    ("Acme makes anvils for smiths in Bern", "Globex makes anvils for smiths in Bern"),
    ("It is profitable", "It is not profitable"),
    ("It is profitable", "It is unprofitable"),
    ("It is profitable", "It isn't profitable"),
    ("It can export", "It cannot export"),
    ("Revenue rose 12% in 2024", "Revenue fell 12% in 2024"),
    ("Revenue rose 12% in 2024", "Revenue rose 13% in 2024"),
    ("Revenue rose 12% in 2024", "Revenue rose 12 million in 2024"),
    ("$5 million", "€5 million"),
    ("$5 million", "$5 billion"),
    ("$5", "-$5"),
    ("a margin of 5%", "a margin of -5%"),
    ("1.5 million", "15 million"),
    ("10 October 2025", "11 October 2025"),
    ("10 October 2025", "10 November 2025"),
    ("from 5 to 7 plants", "from 7 to 5 plants"),
    ("Acme has 5 plants, Globex 7", "Acme has 7 plants, Globex 5"),
    ("a public company", "a private company"),
    ("The deal was approved by the court in Bern", "The deal was rejected by the court in Bern"),
    ("It acquired Globex in 2020", "It may acquire Globex in 2020"),
    ("It bought Globex in 2020", "It sold Globex in 2020"),
    ("at least 5 plants", "at most 5 plants"),
    ("red", "blue"),
    ("a software company", "a hardware company"),
    ("It sells software to banks in many regions", "It sells hardware to banks in many regions"),
    ("two plants", "three plants"),
    (["anvils", "rope"], ["anvils", "wire"]),
    (["anvils"], ["anvils", "rope"]),
    ("Payments, Billing, Tax", "Payments, Billing"),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1}, [1]),
    ("https://example.com/a", "https://example.com/b"),
    ("Bern", "Bern, Switzerland"),
    ("The bank sues the state", "The state sues the bank"),
    # In other languages no word is known, so every word counts.
    ("L'entreprise est rentable depuis 2010", "L'entreprise n'est pas rentable depuis 2010"),
    ("Die Firma macht seit 2010 Gewinn", "Die Firma macht seit 2010 keinen Gewinn"),
    ("la empresa creció un 12% en el año 2024", "la empresa cayó un 12% en el año 2024"),
    ("la banque poursuit en justice l'état", "l'état poursuit en justice la banque"),
    ("компания работает в 5 странах", "компания не работает в 5 странах"),
    ("2010年以来黒字である", "2010年以来赤字である"),
]


@pytest.mark.parametrize(("old", "new"), REWORDED, ids=ascii)
def test_other_words_are_no_change(old, new):
    assert difference(old, new) == "reworded"
    assert difference(new, old) == "reworded"


@pytest.mark.parametrize(("old", "new"), CHANGED, ids=ascii)
def test_another_fact_is_a_change(old, new):
    assert difference(old, new) == "changed"
    assert difference(new, old) == "changed"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_a_value_is_the_same_as_itself(value):
    assert difference(value, value) == "same"


@given(json_values, json_values)
def test_a_difference_is_the_same_both_ways(old, new):
    assert difference(old, new) == difference(new, old)


WORDS = (
    "the",
    "company",
    "Acme",
    "makes",
    "2",
    "anvils",
    "in",
    "Bern",
    "1,901",
    "and",
    "fell",
    "€5",
)
sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@given(sentences, st.randoms(use_true_random=False))
def test_typography_and_white_space_are_no_change(text, dice: random.Random):
    spaced = "".join(dice.choice((" ", "  ", "\n", "\u00a0")) if c == " " else c for c in text)
    assert difference(text, f" {spaced.upper() if dice.random() < 0.3 else spaced}. ") != "changed"


@given(sentences, st.integers(0, 9), st.data())
def test_another_digit_is_a_change(text, digit, data):
    places = [n for n, c in enumerate(text) if c.isdigit()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    assume(text[place] != str(digit))
    assert difference(text, f"{text[:place]}{digit}{text[place + 1 :]}") == "changed"


@given(sentences, st.data())
def test_a_not_more_or_less_is_a_change(text, data):
    words = text.split(" ")
    place = data.draw(st.integers(0, len(words)))
    denied = " ".join([*words[:place], "not", *words[place:]])
    assert difference(text, denied) == difference(denied, text) == "changed"


@given(st.integers(0, 10**12))
def test_a_number_is_the_same_in_every_spelling(number):
    assert difference(f"{number} units", f"{number:,} units") != "changed"
    assert difference(number, f"{number:,}") == "reworded"
    assert difference(f"{number} million", f"{number}000000") != "changed"


@given(st.dates(dt.date(1000, 1, 1), dt.date(2999, 12, 31)))
def test_a_date_is_the_same_in_every_spelling(day):
    iso = f"It began on {day.isoformat()}"
    month = "January February March April May June July August September October November December"
    name = month.split()[day.month - 1]
    for text in (f"{day.day} {name} {day.year}", f"{name} {day.day}, {day.year}"):
        assert difference(iso, f"It began on {text}") == "reworded"


@given(st.lists(json_values, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_a_list_is_no_change(values, dice):
    shuffled = list(values)
    dice.shuffle(shuffled)
    assert difference(values, shuffled) != "changed"
