"""Prices are the vendor's list prices, exactly, unless runner.yaml puts others in place."""

from decimal import Decimal

import pytest

from runner.job.schemas.language import job_schema
from runner.planning.prices import PRICES, price
from runner.planning.processors import PROCESSORS

D = Decimal


@pytest.mark.parametrize(
    ("kind", "body", "least", "most"),
    [
        ("task", {"processor": "lite"}, "0.005", "0.005"),
        ("task", {"processor": "base"}, "0.01", "0.01"),
        ("task", {"processor": "core"}, "0.025", "0.025"),
        ("task", {"processor": "core2x"}, "0.05", "0.05"),
        ("task", {"processor": "pro"}, "0.1", "0.1"),
        ("task", {"processor": "ultra"}, "0.3", "0.3"),
        ("task", {"processor": "ultra2x"}, "0.6", "0.6"),
        ("task", {"processor": "ultra4x"}, "1.2", "1.2"),
        ("task", {"processor": "ultra8x-fast"}, "2.4", "2.4"),
        ("search", {}, "0.005", "0.005"),
        ("search", {"advanced_settings": {"max_results": 10}}, "0.005", "0.005"),
        ("search", {"advanced_settings": {"max_results": 13}}, "0.008", "0.008"),
        ("extract", {"urls": ["a"] * 25}, "0.025", "0.025"),
        ("findall", {"generator": "preview", "match_limit": 10}, "0.1", "0.1"),
        ("findall", {"generator": "base", "match_limit": 10}, "0.25", "0.55"),
        ("findall", {"generator": "core", "match_limit": 20}, "2", "5"),
        ("findall", {"generator": "pro", "match_limit": 5}, "10", "15"),
    ],
)
def test_list_prices(kind, body, least, most):
    assert price("parallel", kind, body) == (D(least), D(most))
    assert price("local", kind, body) == (0, 0)


def test_another_price_goes_before_the_list():
    prices = {**PRICES, "core": D("0.02"), "pro-fast": D("0.09")}
    for processor, expected in (
        ("core", "0.02"),
        ("core-fast", "0.02"),
        ("pro", "0.1"),
        ("pro-fast", "0.09"),
    ):
        assert price("parallel", "task", {"processor": processor}, prices)[0] == D(expected)


def test_the_language_knows_the_price_of_everything_that_has_one():
    """And of nothing else."""
    known = job_schema()["$defs"]["prices"]["properties"]
    names = {name for name in known if name != "findall"}
    for generator in known["findall"]["properties"]:
        names |= {f"findall.{generator}.{part}" for part in ("run", "match")}
    assert names == {*PRICES, *PROCESSORS}
