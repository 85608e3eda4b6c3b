"""What the JSON Schema says of the job language, as markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from runner.job.schemas.language import DEFAULTABLE, job_schema, project_schema
from runner.job.text.yamltext import block, flow
from runner.reference.pages import table

if TYPE_CHECKING:
    from runner.jsonvalue import JSON

_TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
}
_FORMS: Mapping[str, str] = {
    "a duration is": "a duration",
    "a day is": "a day",
    "a budget is": "US dollars",
    "a price is": "US dollars",
    "a country is": "two letters",
    "a name is": "a name",
    "a provider is": "a name",
    "a step's id": "a name",
    "a webhook's address": "an address",
    "write it as one template": "one template",
    "write a list, or": "one template",
    "a text here must be": "one template",
}
"""What a text must be, by how the message begins that refuses another one."""

_HEADS: Mapping[str, str] = {
    "vars": "In a declaration",
    "checks": "In each check",
    "steps": "In each step",
    "source_policies": "In each policy",
}
"""What stands in a key that is a list, or whose own keys are names that the user gives."""

_WIDTH = 100


def describe_key(name: str, named: frozenset[str]) -> str:
    """Return the section of one key of a job; of `*`, of those that the page does not name."""
    keys = job_schema()["properties"]
    names = [key for key in keys if key not in named] if name == "*" else [name]
    sections = [_section(key, _resolved(keys[key]), _where(key)) for key in names]
    return "\n\n".join(["## Other keys", *sections] if name == "*" and sections else sections)


def describe_project(name: str, named: frozenset[str]) -> str:
    """Return the section of one key of runner.yaml; of `*`, of those the page does not name."""
    keys = project_schema()["properties"]
    names = [key for key in keys if key not in named] if name == "*" else [name]
    return "\n\n".join(_section(key, _resolved(keys[key]), "In runner.yaml") for key in names)


def _section(key: str, schema: Mapping[str, JSON], where: str) -> str:
    facts = [f"Takes {_takes(schema)}", *_default(schema), where]
    parts = [
        f"### `{key}`",
        schema["description"],
        f"*{'. '.join(facts)}.*",
        f"```yaml\n{_examples(key, schema)}```",
    ]
    rows = _merged(_rows(key, schema))
    if rows:
        parts.append(table((_HEADS.get(key, "Inside it"), "Takes", "Means", "For example"), rows))
    return "\n\n".join(parts)


def _resolved(schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, JSON] = job_schema()["$defs"][reference.rpartition("/")[2]]
    return found


def _where(key: str) -> str:
    """Return where a key may stand."""
    schema = job_schema()
    places = ["a job"]
    if key in schema["$defs"]["step"]["properties"]:
        places.append("a step")
    if key in DEFAULTABLE:
        places.append("the `defaults` of runner.yaml")
    required = ", where it must stand" if key in schema["required"] else ""
    *first, last = places
    return f"In {', '.join(first)} or {last}" if first else f"In {last}{required}"


def _default(schema: Mapping[str, JSON]) -> Iterator[str]:
    if "default" in schema:
        yield f"Without it: `{flow(schema['default'])}`"


def _takes(schema: Mapping[str, JSON]) -> str:
    if "enum" in schema:
        return _choices(schema["enum"])
    kinds = schema.get("type", [])
    named = [_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    *first, last = dict.fromkeys(named) or ["any value"]
    return f"{', '.join(first)} or {last}" if first else last


def _kind(kind: str, schema: Mapping[str, JSON]) -> str:
    refused = schema.get("patternErrorMessage", "")
    least, most = schema.get("minimum"), schema.get("maximum")
    if kind == "boolean" and schema.get("then", {}).get("const") is False:
        return "`false`"
    if kind == "string":
        return next((form for start, form in _FORMS.items() if refused.startswith(start)), "text")
    if kind == "number" and refused.startswith(("a budget", "a price")):
        return "US dollars"
    if kind in ("integer", "number") and most is not None:
        above = schema.get("exclusiveMinimum")
        room = f"from {least} to {most}" if above is None else f"above {above}, at most {most}"
        return f"{_TYPES[kind]} {room}"
    return _TYPES[kind]


def _choices(values: Sequence[JSON]) -> str:
    """Return the values that may be chosen; a processor's fast variant goes without saying."""
    said = [value for value in values if not f"{value}".endswith("-fast")]
    shown = ", ".join(f"`{flow(value)}`" for value in said)
    if len(said) == len(values):
        return shown
    which = "each but `auto`" if "auto" in values else "each"
    return f"{shown}; {which} also with `-fast` behind it"


def _examples(key: str, schema: Mapping[str, JSON]) -> str:
    return "# or\n".join(_example(key, each) for each in schema["examples"])


def _example(key: str, value: JSON) -> str:
    line = f"{key}: {flow(value)}\n"
    is_list = isinstance(value, list) and any(isinstance(each, Mapping) for each in value)
    is_deep = isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())
    return block({key: value}) if is_list or is_deep or len(line) > _WIDTH else line


def _rows(key: str, schema: Mapping[str, JSON], prefix: str = "") -> Iterator[tuple[str, ...]]:
    """Yield a row for each key inside a key; those of a key of the job itself are told there."""
    for name, given in _inner(key, schema).items():
        inner = _resolved(given)
        spot = f"{prefix}{name}"
        is_told = given.get("$ref") == f"#/$defs/{name}"
        means = f"See [`{name}`](#{name})" if is_told else inner["description"]
        if "default" in inner and not is_told:
            means += f" Without it: `{flow(inner['default'])}`."
        example = f"`{flow(inner['examples'][0])}`" if inner.get("examples") else ""
        yield f"`{spot}`", _takes(inner), means, example
        is_shown = all("$ref" in each for each in inner.get("properties", {}).values())
        if not is_told and not (is_shown and "properties" in inner):
            yield from _rows(name, inner, f"{spot}.")


def _merged(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the rows, those that say the same of several names as one."""
    names: dict[tuple[str, ...], list[str]] = {}
    for name, *said in rows:
        names.setdefault(tuple(said), []).append(name)
    return [(", ".join(same), *said) for said, same in names.items()]


def _inner(key: str, schema: Mapping[str, JSON]) -> Mapping[str, Mapping[str, JSON]]:
    """Return the keys inside a key: of a mapping, of a list's entries, or of named values."""
    if key == "steps":
        step = _resolved(schema["items"])["properties"]
        return {name: inner for name, inner in step.items() if "$ref" not in inner}
    if key == "defaults":
        return {}
    for part in (schema, schema.get("items"), schema.get("additionalProperties")):
        found = _resolved(part) if isinstance(part, Mapping) else {}
        inner = found.get("properties") or found.get("then", {}).get("properties")
        if isinstance(inner, Mapping):
            return inner
    return {}
