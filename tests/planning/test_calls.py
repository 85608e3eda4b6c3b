"""Laws of fingerprints."""

from hypothesis import given
from hypothesis import strategies as st

from runner.planning.calls import fingerprint

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.text(min_size=1), values, max_size=5)


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(list(value))}
    if isinstance(value, list):
        return [reversed_keys(entry) for entry in value]
    return value


@given(bodies)
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(body):
    assert fingerprint("p", "task", body) == fingerprint("p", "task", reversed_keys(body))


@given(bodies, st.dictionaries(st.text(), st.text(), max_size=2))
def test_metadata_does_not_change_the_question(body, metadata):
    plain = {key: value for key, value in body.items() if key != "metadata"}
    assert fingerprint("p", "task", plain) == fingerprint(
        "p", "task", {**plain, "metadata": metadata}
    )


@given(bodies, bodies)
def test_different_requests_have_different_fingerprints(one, other):
    same = one == other and repr(one) == repr(other)
    for body in (one, other):
        body.pop("metadata", None)
        body.pop("webhook", None)
    if not same and one != other:
        assert fingerprint("p", "task", one) != fingerprint("p", "task", other)


def test_provider_and_kind_count():
    body = {"input": "x"}
    assert fingerprint("a", "task", body) != fingerprint("b", "task", body)
    assert fingerprint("a", "task", body) != fingerprint("a", "search", body)
