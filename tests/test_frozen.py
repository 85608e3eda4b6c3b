"""A frozen value is to its users what the standard library's dataclass is."""

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.frozen import frozen


@frozen
class Ours:
    """With every kind of field."""

    name: str
    number: int = 7
    parts: dict[str, int] = field(default_factory=dict)
    memo: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """The same."""

    name: str
    number: int = 7
    parts: dict[str, int] = field(default_factory=dict)
    memo: Any = field(default=None, compare=False, repr=False)


@frozen
class Empty:
    """Without fields."""


@frozen
class More(Ours):
    """With those of another."""

    flag: bool = False


given_fields = st.fixed_dictionaries(
    {"name": st.text(max_size=3)},
    optional={
        "number": st.integers(0, 2) | st.floats(0, 1),
        "parts": st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
        "memo": st.none() | st.integers(0, 1),
    },
)


@given(given_fields, given_fields)
def test_it_compares_prints_and_lists_like_a_dataclass(one, other):
    ours, theirs = Ours(**one), Theirs(**one)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours == Ours(**other)) == (theirs == Theirs(**other))
    assert ours == Ours(**one)
    assert ours != theirs
    assert repr(asdict(ours)) == repr(asdict(theirs))
    assert repr(astuple(ours)) == repr(astuple(theirs))
    assert repr(replace(ours, **other)) == repr(Ours(**{**one, **other}))
    assert [each.name for each in fields(Ours)] == [each.name for each in fields(Theirs)]
    if isinstance(one.get("number", 0), int):
        assert pickle.loads(pickle.dumps(ours)) == copy.deepcopy(ours) == ours


def test_it_cannot_be_changed_and_has_no_room_for_more():
    ours = Ours(name="a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        ours.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del ours.name
    assert not hasattr(ours, "__dict__")


def test_each_has_a_default_of_its_own():
    one, other = Ours(name="a"), Ours(name="a")
    one.parts["x"] = 1
    assert other.parts == {}


@pytest.mark.parametrize("arguments", [{}, {"name": "a", "none": 1}], ids=["missing", "unknown"])
def test_what_it_is_made_from_is_checked(arguments):
    with pytest.raises(TypeError) as ours:
        Ours(**arguments)
    with pytest.raises(TypeError) as theirs:
        Theirs(**arguments)
    assert str(ours.value) == str(theirs.value).replace("Theirs", "Ours")
    with pytest.raises(TypeError):
        Ours("a")


def test_it_can_be_a_key_where_its_fields_can():
    assert len({Empty(), Empty()}) == 1
    assert len({More(name="a", parts=()), More(name="a", parts=(), memo=1)}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours(name="a"))


def test_it_takes_over_the_fields_of_another():
    more = More(name="a", flag=True)
    assert (more.name, more.number, more.flag) == ("a", 7, True)
    assert more != Ours(name="a")
    assert repr(more) == "More(name='a', number=7, parts={}, flag=True)"
