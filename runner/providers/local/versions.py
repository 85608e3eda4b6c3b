"""Ranges of versions, such as `>=3.8, !=3.9.*, <4`, and whether they allow a version."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Final, TypeAlias

_Version: TypeAlias = tuple[int, ...]

_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|>|<|\^)\s*v?(\d+(?:\.(?:\d+|\*))*)")
_COMPARED: Final[dict[str, Callable[[_Version, _Version], bool]]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


def allows(range_text: str, version: str) -> bool | None:
    """Whether a range such as `>=3.8, !=3.9.*, <4` allows `3.11`; None if it is no range."""
    clauses = _CLAUSE.findall(range_text)
    if not clauses:
        return None
    asked = _version(version)
    return all(_holds(asked, sign, bound) for sign, bound in clauses)


def _holds(asked: _Version, sign: str, bound: str) -> bool:
    limit = _version(bound.removesuffix(".*"))
    if sign in _COMPARED:
        return _COMPARED[sign](_padded(asked), _padded(limit))
    if sign in ("==", "!="):
        wild = bound.endswith(".*")
        same = asked[: len(limit)] == limit if wild else _padded(asked) == _padded(limit)
        return same == (sign == "==")
    # "~=3.8.2" allows 3.8.9, "^3.8.2" allows 3.9: what stays the same is all but the last number,
    # or the first one.
    kept = 1 if sign == "^" else max(1, len(limit) - 1)
    return asked[:kept] == limit[:kept] and _padded(asked) >= _padded(limit)


def _version(text: str) -> _Version:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _padded(version: _Version) -> _Version:
    return (version + (0,) * 4)[:4]
