"""Keys that nobody knows: what was meant by them, and what follows once that is taken for said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.job.diagnostics import MOST
from runner.job.spelling import closest, did_you_mean, same, strange

if TYPE_CHECKING:
    from runner.job.model import Where
    from runner.job.text.source import Source
    from runner.jsonvalue import JSON

Homes = Mapping[str, Sequence[str]]
"""For each key, the keys it may stand below ("" for the top level)."""

# What people call a key before they have read its name; the first one that is known here is meant.
_ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "after": ("after_date", "follows"),
    "allow": ("include_domains",),
    "answer": ("output",),
    "api_key": (),
    "columns": ("output",),
    "context": ("follows",),
    "country": ("location",),
    "csv": ("from", "items"),
    "data": ("items", "from"),
    "date": ("after_date",),
    "depends_on": ("follows",),
    "docs": ("documents",),
    "domains": ("include_domains", "source_policy"),
    "each": ("foreach",),
    "engine": ("processor",),
    "file": ("from", "path", "items"),
    "filter": ("where",),
    "goal": ("objective", "query"),
    "id": ("name",),
    "inputs": ("items",),
    "max_cost": ("budget",),
    "max_retries": ("attempts", "retry"),
    "model": ("processor",),
    "name": ("id",),
    "output_schema": ("output",),
    "path": ("from",),
    "prompt": ("query", "objective"),
    "query": ("objective",),
    "question": ("query", "objective"),
    "retries": ("retry", "attempts"),
    "rows": ("items", "from"),
    "schema": ("output",),
    "since": ("after_date",),
    "source": ("from", "items"),
    "sources": ("source_policy", "documents"),
    "title": ("name",),
    "ttl": ("cache",),
    "variables": ("vars",),
}
_SECRET = frozenset({"api_key", "apikey", "api-key", "token", "key_id"})
_EVERY_KEY = "`runner reference language` tells every key"
_NONE: Mapping[str, JSON] = {}


@frozen
class _Spot:
    """The place of a mapping, and where else keys may stand."""

    where: Where
    homes: Homes


def _meaning(key: str, known: Sequence[str], mapping: Mapping[str, JSON], at: _Spot) -> str | None:
    """Return the known key that was meant by an unknown one of a mapping, or None."""
    if ":" in key or key.lower() in _SECRET:
        return None
    if (twin := same(key, known)) is not None:
        return twin
    called = [name for name in _ALSO_CALLED.get(key.lower(), ()) if name in known]
    if (meant := next((name for name in called if name not in mapping), None)) is not None:
        return meant
    if _home(key, at):
        return None
    return called[0] if called else closest(key, known)


def advice(
    key: str, known: Sequence[str], mapping: Mapping[str, JSON], where: Where, homes: Homes
) -> str | None:
    """Return a hint for an unknown key.

    Args:
        key: As it is written.
        known: The keys that the mapping may have.
        mapping: What it stands in.
        where: The place of that mapping.
        homes: Where else keys may stand.
    """
    at = _Spot(where=where, homes=homes)
    if ":" in key:
        return f"put a space after the colon: {key.replace(':', ': ', 1)}"
    if key.lower() in _SECRET:
        return "the key of the API is read from the environment: PARALLEL_API_KEY"
    meant = _meaning(key, known, mapping, at)
    if meant is not None and meant in mapping:
        return f"{meant} is given beside it: remove one of them"
    if meant is not None:
        return f"did you mean {meant}?{strange(key)}"
    return _home(key, at) or did_you_mean(key, known) or _EVERY_KEY


def _home(key: str, at: _Spot) -> str | None:
    """Return a hint for a key that belongs elsewhere, or None."""
    for home in at.homes.get(key.lower(), ()):
        if home == "" and at.where:
            return f"{key} belongs to the top level of the job"
        if home and home not in at.where:
            return f"{key} belongs below {home}"
    return None


@frozen
class _Misspelt:
    """An unknown key whose meaning is plain."""

    where: Where
    key: str
    meant: str
    hint: str | None


def take_as_meant(source: Source, schema: Mapping[str, JSON], homes: Homes) -> None:
    """Report each misspelt key of a file, and read it from then on as the one that was meant.

    So what follows from a wrong word is not told as further mistakes, and what stands below it is
    checked with everything else.
    """
    while found := list(_misspelt(source.data, schema, schema, (), homes)):
        for each in found:
            problem = source.problem(
                source.key((*each.where, each.key)), f"unknown key '{each.key}'", hint=each.hint
            )
            source.problems = (*source.problems, replace(problem, kind="language"))
            source.rename(each.where, each.key, each.meant)


def _misspelt(
    data: JSON, schema: Mapping[str, JSON], root: Mapping[str, JSON], where: Where, homes: Homes
) -> Iterator[_Misspelt]:
    schema = _resolved(schema, root)
    if isinstance(data, list) and isinstance(entries := schema.get("items"), Mapping):
        for index, entry in enumerate(data):
            if isinstance(entry, dict | list):
                yield from _misspelt(entry, entries, root, (*where, index), homes)
    if not isinstance(data, dict):
        return
    known: Mapping[str, JSON] = schema.get("properties", _NONE)
    rest = schema.get("additionalProperties")
    for key, value in data.items():
        if isinstance(value, dict | list):
            part = known.get(key, rest)
            if isinstance(part, Mapping):
                yield from _misspelt(value, part, root, (*where, key), homes)
    if rest is False and not data.keys() <= known.keys():
        at = _Spot(where=where, homes=homes)
        yield from _unknown(data, {key: _resolved(known[key], root) for key in known}, at)


def _unknown(data: Mapping[str, JSON], known: Mapping[str, JSON], at: _Spot) -> Iterator[_Misspelt]:
    names, taken = list(known), set(data)
    for key in islice((key for key in data if key not in known), MOST):
        meant = _meaning(key, names, data, at)
        if meant and meant not in taken and _fits(data[key], known[meant]):
            taken.add(meant)
            hint = advice(key, names, data, at.where, at.homes)
            yield _Misspelt(where=at.where, key=key, meant=meant, hint=hint)


def _resolved(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> Mapping[str, JSON]:
    name = schema.get("$ref")
    if not isinstance(name, str):
        return schema
    target: Mapping[str, JSON] = root["$defs"][name.removeprefix("#/$defs/")]
    return target


def _fits(value: JSON, schema: Mapping[str, JSON]) -> bool:
    """Return whether a key takes such a value: a list, a mapping, or a single value of any kind."""
    wanted = schema.get("type", [])
    kinds = {wanted} if isinstance(wanted, str) else set(wanted)
    if value is None or not kinds:
        return True
    if isinstance(value, list | dict):
        return ("array" if isinstance(value, list) else "object") in kinds
    return bool(kinds - {"array", "object"})
