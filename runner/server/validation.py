"""The rules that the API holds requests to: the documented ones, as FastAPI would word them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TypeAlias

from runner.job.schemas.limits import (
    MAX_DEPTH,
    MAX_ENUM,
    MAX_METADATA_KEY,
    MAX_METADATA_VALUE,
    MAX_PROPERTIES,
    MAX_SPEC,
    MAX_TASK,
    UNSUPPORTED,
)
from runner.jsonvalue import JSON
from runner.planning.calls import WEBHOOK_EVENT

MAX_INPUTS = 1_000
MAX_URLS = 20
MAX_DOMAINS = 200
MAX_SESSION = 1_000

Place: TypeAlias = tuple[str | int, ...]
Complaint: TypeAlias = dict[str, JSON]
Kind: TypeAlias = tuple[str, Callable[[JSON], bool]]

TEXT: Kind = ("string", lambda value: isinstance(value, str))
FLAG: Kind = ("boolean", lambda value: isinstance(value, bool))
COUNT: Kind = ("integer", lambda value: isinstance(value, int) and not isinstance(value, bool))
OBJECT: Kind = ("dictionary", lambda value: isinstance(value, Mapping))
LIST: Kind = ("list", lambda value: isinstance(value, list))
TEXTS: Kind = (
    "list of strings",
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
)
FULL_CONTENT: Kind = ("boolean", lambda value: isinstance(value, bool | Mapping))

RUN: Mapping[str, Kind] = {
    "metadata": OBJECT,
    "source_policy": OBJECT,
    "advanced_settings": OBJECT,
    "task_spec": OBJECT,
    "previous_interaction_id": TEXT,
    "mcp_servers": LIST,
    "enable_events": FLAG,
    "webhook": OBJECT,
}
BOTH: Mapping[str, Kind] = {
    "objective": TEXT,
    "search_queries": TEXTS,
    "max_chars_total": COUNT,
    "session_id": TEXT,
    "client_model": TEXT,
    "advanced_settings": OBJECT,
}
SEARCH: Mapping[str, Kind] = {**BOTH, "mode": TEXT}
EXTRACT: Mapping[str, Kind] = {**BOTH, "urls": TEXTS}
SEARCH_SETTINGS: Mapping[str, Kind] = {
    "source_policy": OBJECT,
    "fetch_policy": OBJECT,
    "excerpt_settings": OBJECT,
    "location": TEXT,
    "max_results": COUNT,
}
EXTRACT_SETTINGS: Mapping[str, Kind] = {
    "fetch_policy": OBJECT,
    "excerpt_settings": OBJECT,
    "full_content": FULL_CONTENT,
}
EXCERPTS: Mapping[str, Kind] = {"max_chars_per_result": COUNT}
POLICY: Mapping[str, Kind] = {
    "include_domains": TEXTS,
    "exclude_domains": TEXTS,
    "after_date": TEXT,
}


def complaint(where: Place, message: str, kind: str = "value_error") -> Complaint:
    """Return what is wrong at a place in the body."""
    return {"loc": ["body", *where], "msg": message, "type": kind}


def run_complaints(
    body: JSON, where: Place = (), *, checked: set[str] | None = None
) -> Iterator[Complaint]:
    """Find what is wrong with one run; `checked` holds specifications known good."""
    if not isinstance(body, Mapping):
        yield complaint(where, "Input should be a valid dictionary", "dict_type")
        return
    mistyped = list(_mistyped(body, RUN, where))
    if mistyped:
        yield from mistyped
        return
    if not isinstance(body.get("processor"), str):
        yield complaint((*where, "processor"), "Field required", "missing")
    if not isinstance(body.get("input"), str | Mapping):
        yield complaint((*where, "input"), "Field required", "missing")
    if metadata := body.get("metadata"):
        yield from metadata_complaints(metadata, (*where, "metadata"))
    if policy := body.get("source_policy"):
        yield from _policy_complaints(policy, (*where, "source_policy"))
    if (webhook := body.get("webhook")) is not None:
        yield from _webhook_complaints(webhook, (*where, "webhook"))
    yield from _length_and_spec_complaints(body, where, checked)


def _length_and_spec_complaints(
    body: Mapping[str, JSON], where: Place, checked: set[str] | None
) -> Iterator[Complaint]:
    spec = body.get("task_spec")
    text = "" if spec is None else json.dumps(spec, ensure_ascii=False)
    length = len(text) + len(json.dumps(body.get("input"), ensure_ascii=False))
    if len(text) > MAX_SPEC or length > MAX_TASK:
        yield complaint((*where, "input"), "Specification and input are too long", "too_long")
    if spec is not None and (checked is None or text not in checked):
        found = list(_spec_complaints(spec, (*where, "task_spec")))
        yield from found
        if checked is not None and not found:
            checked.add(text)


def group_complaints(body: JSON) -> Iterator[Complaint]:
    """Find what is wrong with a batch."""
    inputs = body.get("inputs") if isinstance(body, Mapping) else None
    if not isinstance(inputs, list):
        yield complaint(("inputs",), "Field required", "missing")
        return
    if len(inputs) > MAX_INPUTS:
        yield complaint(("inputs",), f"List should have at most {MAX_INPUTS} items", "too_long")
        return
    if (default := body.get("default_task_spec")) is not None:
        yield from _spec_complaints(default, ("default_task_spec",))
    checked: set[str] = set()
    for number, each in enumerate(inputs):
        yield from run_complaints(each, ("inputs", number), checked=checked)


def search_complaints(body: JSON) -> Iterator[Complaint]:
    """Find what is wrong with a search."""
    queries = body.get("search_queries") if isinstance(body, Mapping) else None
    if not queries:
        yield complaint(("search_queries",), "At least one query is required", "missing")
        return
    yield from _settings_complaints(body, SEARCH, SEARCH_SETTINGS)
    if body.get("mode") not in (None, "basic", "advanced"):
        yield complaint(("mode",), "Input should be 'basic' or 'advanced'", "literal_error")


def extract_complaints(body: JSON) -> Iterator[Complaint]:
    """Find what is wrong with an extract."""
    urls = body.get("urls") if isinstance(body, Mapping) else None
    if not urls:
        yield complaint(("urls",), "Field required", "missing")
        return
    if isinstance(urls, list) and len(urls) > MAX_URLS:
        yield complaint(("urls",), f"List should have at most {MAX_URLS} items", "too_long")
    yield from _settings_complaints(body, EXTRACT, EXTRACT_SETTINGS)


def metadata_complaints(metadata: JSON, where: Place = ("metadata",)) -> Iterator[Complaint]:
    """Find what is wrong with the metadata of a run or a group."""
    if not isinstance(metadata, Mapping):
        yield complaint(where, "Input should be a valid dictionary", "dict_type")
        return
    for key, value in metadata.items():
        too_long = isinstance(value, str) and len(value) > MAX_METADATA_VALUE
        if len(key) > MAX_METADATA_KEY or too_long:
            yield complaint((*where, key), "Metadata is too long", "too_long")
        if not isinstance(value, str | int | float):
            yield complaint((*where, key), "Input should be a scalar", "scalar_type")


def _mistyped(
    body: Mapping[str, JSON], kinds: Mapping[str, Kind], where: Place
) -> Iterator[Complaint]:
    """Find known fields of the wrong type; null is as good as absent."""
    for name, (word, is_right) in kinds.items():
        value = body.get(name)
        if value is not None and not is_right(value):
            kind = f"{word.split(' ', maxsplit=1)[0]}_type"
            yield complaint((*where, name), f"Input should be a valid {word}", kind)


def _strange(
    body: Mapping[str, JSON], kinds: Mapping[str, Kind], where: Place
) -> Iterator[Complaint]:
    for name in sorted(body.keys() - kinds.keys()):
        yield complaint((*where, name), "Extra inputs are not permitted", "extra_forbidden")


def _settings_complaints(
    body: Mapping[str, JSON], kinds: Mapping[str, Kind], settings_kinds: Mapping[str, Kind]
) -> Iterator[Complaint]:
    """Find what is wrong with the fields that search and extract have in common."""
    wrong = [*_strange(body, kinds, ()), *_mistyped(body, kinds, ())]
    settings = body.get("advanced_settings")
    if isinstance(settings, Mapping):
        where: Place = ("advanced_settings",)
        wrong += _strange(settings, settings_kinds, where)
        wrong += _mistyped(settings, settings_kinds, where)
        excerpts, here = settings.get("excerpt_settings"), (*where, "excerpt_settings")
        if isinstance(excerpts, Mapping):
            wrong += _strange(excerpts, EXCERPTS, here)
            wrong += _mistyped(excerpts, EXCERPTS, here)
        full, here = settings.get("full_content"), (*where, "full_content")
        if isinstance(full, Mapping):
            wrong += _mistyped(full, EXCERPTS, here)
        if isinstance(settings.get("source_policy"), Mapping):
            wrong += _policy_complaints(settings["source_policy"], (*where, "source_policy"))
        if not wrong and settings.get("max_results") is not None and settings["max_results"] < 1:
            wrong.append(complaint((*where, "max_results"), "Input should be at least 1"))
    if not wrong and len(body.get("session_id") or "") > MAX_SESSION:
        message = f"String should have at most {MAX_SESSION} characters"
        wrong.append(complaint(("session_id",), message, "string_too_long"))
    yield from wrong


def _policy_complaints(policy: Mapping[str, JSON], where: Place) -> Iterator[Complaint]:
    mistyped = list(_mistyped(policy, POLICY, where))
    if mistyped:
        yield from mistyped
        return
    domains = [*(policy.get("include_domains") or []), *(policy.get("exclude_domains") or [])]
    if len(domains) > MAX_DOMAINS or any("/" in domain for domain in domains):
        yield complaint(where, "Domains are not acceptable")
    if policy.get("after_date") is not None:
        try:
            date.fromisoformat(policy["after_date"])
        except ValueError:
            here = (*where, "after_date")
            yield complaint(here, "Input should be a date (YYYY-MM-DD)", "date_parsing")


def _webhook_complaints(webhook: Mapping[str, JSON], where: Place) -> Iterator[Complaint]:
    url = webhook.get("url")
    if not isinstance(url, str):
        yield complaint((*where, "url"), "Field required", "missing")
    elif not url.startswith(("https://", "http://")):
        yield complaint((*where, "url"), "Input should be a URL", "url_parsing")
    types = webhook.get("event_types")
    if types is not None and not (
        isinstance(types, list) and all(each == WEBHOOK_EVENT for each in types)
    ):
        message = f"Input should be '{WEBHOOK_EVENT}'"
        yield complaint((*where, "event_types"), message, "literal_error")


def _spec_complaints(spec: JSON, where: Place) -> Iterator[Complaint]:
    if not isinstance(spec, Mapping) or "output_schema" not in spec:
        yield complaint((*where, "output_schema"), "Field required", "missing")
        return
    given = spec.get("input_schema")
    if not isinstance(given, str | Mapping | None):
        message = "Input should be a json or text schema"
        yield complaint((*where, "input_schema"), message, "union_tag_invalid")
    output = spec["output_schema"]
    here = (*where, "output_schema")
    if isinstance(output, str):
        return
    form = output.get("type", "json") if isinstance(output, Mapping) else None
    if form not in ("json", "text", "auto"):
        yield complaint(here, "Input should be a json, text or auto schema", "union_tag_invalid")
    elif form == "text":
        yield from _mistyped(output, {"description": TEXT}, here)
    elif form == "json":
        yield from _json_schema_complaints(output.get("json_schema"), (*here, "json_schema"))


def _json_schema_complaints(schema: JSON, where: Place) -> Iterator[Complaint]:
    if not isinstance(schema, Mapping) or schema.get("type") != "object" or "anyOf" in schema:
        yield complaint(where, "The root must be an object")
        return
    problems = sorted(set(_schema_problems(schema, 1)))
    counts = list(_counts(schema))
    if sum(properties for properties, _ in counts) > MAX_PROPERTIES:
        problems.append(f"at most {MAX_PROPERTIES} properties")
    if sum(values for _, values in counts) > MAX_ENUM:
        problems.append(f"at most {MAX_ENUM} enum values")
    yield from (complaint(where, problem) for problem in problems)


def _schema_problems(schema: JSON, depth: int) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    yield from (f"{word} is not supported" for word in UNSUPPORTED & schema.keys())
    if depth > MAX_DEPTH:
        yield f"nested deeper than {MAX_DEPTH}"
        return
    for inner in _properties(schema):
        yield from _schema_problems(inner, depth + 1)
    yield from _schema_problems(schema.get("items"), depth + 1)
    for inner in _branches(schema):
        yield from _schema_problems(inner, depth)


def _counts(schema: JSON) -> Iterator[tuple[int, int]]:
    """Yield how many properties and enum values each part of a schema has."""
    if isinstance(schema, Mapping):
        inner, values = _properties(schema), schema.get("enum")
        yield len(inner), len(values) if isinstance(values, list) else 0
        for each in (*inner, schema.get("items"), *_branches(schema)):
            yield from _counts(each)


def _properties(schema: Mapping[str, JSON]) -> list[JSON]:
    properties = schema.get("properties")
    return list(properties.values()) if isinstance(properties, Mapping) else []


def _branches(schema: Mapping[str, JSON]) -> list[JSON]:
    branches = schema.get("anyOf")
    return branches if isinstance(branches, list) else []
