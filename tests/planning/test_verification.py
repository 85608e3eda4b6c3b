"""What verifying may cost: a range that a plan can show."""

from decimal import Decimal

import pytest

from runner.job.model import AutoOutput, JsonOutput, Search, Step, Task
from runner.planning.verification import PAGES_A_FIELD, PAGES_OF_A_TEXT, verification_price


def step(action, *, verify=True):
    return Step(action=action, verify=verify)


TWO = Task(input="x", output=JsonOutput(schema={"properties": {"a": {}, "b": {}}}))


def test_the_most_grows_with_fields_and_calls_and_the_least_is_nothing():
    most = Decimal("0.001") * PAGES_A_FIELD * 2 * 10
    assert verification_price("parallel", step(TWO), 10) == (0, most)
    text = step(Task(input="x", output=AutoOutput()))
    assert verification_price("parallel", text, 1) == (0, Decimal("0.001") * PAGES_OF_A_TEXT)


@pytest.mark.parametrize(
    ("provider", "verified"),
    [
        ("local", step(TWO)),
        ("parallel", step(TWO, verify=False)),
        ("parallel", step(Search(objective="x"))),
    ],
)
def test_what_verifies_nothing_costs_nothing(provider, verified):
    assert verification_price(provider, verified, 10) == (0, 0)
