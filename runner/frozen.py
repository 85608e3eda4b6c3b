"""Frozen values: dataclasses that are made, and make their instances, in a third of the time.

`dataclass` compiles six functions for each frozen class, which would be a third of the time that a
command takes to start. Here one is compiled, `__init__`, and that only when the first instance is
made; to compare, hash and print a value its fields are read by their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import (
    MISSING,
    Field,
    FrozenInstanceError,
    dataclass,
    field,
    fields,
)
from operator import attrgetter
from typing import Any, Final, TypeVar, dataclass_transform

Class = TypeVar("Class")

_MISSING: Final = object()


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[Class]) -> type[Class]:
    """Make a class what `@dataclass(frozen=True, slots=True, kw_only=True)` would make it.

    It knows no `__post_init__`, no `InitVar`, and no fields that `__init__` does not take.
    """
    made: Any = dataclass(slots=True, kw_only=True, init=False, repr=False, eq=False)(cls)
    its = fields(made)
    made.__init__ = _initializer_at_first(made, its)
    made.__setattr__, made.__delattr__ = _refuse_setting, _refuse_deleting
    compared = [each.name for each in its if each.compare]
    key = attrgetter(*compared) if compared else _nothing

    def equals(self: Any, other: object) -> bool:
        return bool(key(self) == key(other)) if type(other) is type(self) else NotImplemented

    made.__eq__ = equals
    made.__hash__ = lambda self: hash(key(self))
    made.__getstate__, made.__setstate__ = _state, _restore
    if made.__repr__ is object.__repr__:
        made.__repr__ = _printed
    result: type[Class] = made
    return result


def _initializer_at_first(made: Any, its: tuple[Field[Any], ...]) -> Any:
    """Return an `__init__` that has the class's own compiled, and takes itself away."""

    def initialize(_self: Any, **given: Any) -> None:
        made.__init__ = _initializer(made, its)
        made.__init__(_self, **given)

    initialize.__qualname__ = f"{made.__qualname__}.__init__"
    return initialize


def _initializer(made: Any, its: tuple[Field[Any], ...]) -> Any:
    """Compile the `__init__` of a class, which sets each field by its slot."""
    given: dict[str, Any] = {"_missing": _MISSING}
    parameters: list[str] = []
    lines: list[str] = []
    for number, each in enumerate(its):
        name, value = each.name, each.name
        given[f"_set{number}"] = getattr(made, name).__set__
        if each.default_factory is not MISSING:
            given[f"_make{number}"] = each.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make{number}() if {name} is _missing else {name}"
        elif each.default is not MISSING:
            given[f"_default{number}"] = each.default
            parameters.append(f"{name}=_default{number}")
        else:
            parameters.append(name)
        lines.append(f" _set{number}(_self, {value})")
    star = ", *, " if parameters else ""
    text = f"def __init__(_self{star}{', '.join(parameters)}):\n" + "\n".join(lines or [" pass"])
    exec(text, given)  # noqa: S102 - as dataclasses do, with nothing but the names of fields
    initializer = given["__init__"]
    initializer.__qualname__ = f"{made.__qualname__}.__init__"
    return initializer


def _refuse_setting(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


def _nothing(_value: object) -> None:
    """Return what values without fields are compared by."""


def _printed(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(_shown(self))})"


def _shown(self: Any) -> Iterator[str]:
    for each in fields(self):
        if each.repr:
            yield f"{each.name}={getattr(self, each.name)!r}"
