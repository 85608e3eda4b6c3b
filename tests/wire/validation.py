"""The rules that the API holds requests to: the documented ones, as FastAPI would word them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

PROCESSORS = frozenset(
    name + speed
    for name in (
        *("lite", "base", "core", "core2x", "pro"),
        *("ultra", "ultra2x", "ultra4x", "ultra8x"),
    )
    for speed in ("", "-fast")
)
MAX_INPUTS = 1_000
MAX_URLS = 20
MAX_KEY, MAX_VALUE = 16, 512
MAX_SPEC, MAX_ALL = 15_000, 25_000
MAX_DOMAINS = 200
MAX_DEPTH = 5
MAX_PROPERTIES = 100
UNSUPPORTED = frozenset(
    {
        *("contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
        *("format", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf"),
        *("minProperties", "maxProperties", "patternProperties", "propertyNames"),
        *("unevaluatedItems", "unevaluatedProperties"),
    }
)
SEARCH_FIELDS = frozenset(
    {
        *("objective", "search_queries", "mode", "max_chars_total"),
        *("session_id", "client_model", "advanced_settings"),
    }
)
EXTRACT_FIELDS = SEARCH_FIELDS - {"mode"} | {"urls"}

Complaint = dict[str, Any]


def complaint(where: tuple[str | int, ...], message: str, kind: str = "value_error") -> Complaint:
    return {"loc": ["body", *where], "msg": message, "type": kind}


def run_complaints(
    body: Any, where: tuple[str | int, ...] = (), *, checked: set[str] | None = None
) -> Iterator[Complaint]:
    """Find what is wrong with one run; `checked` holds specifications known good."""
    if not isinstance(body, Mapping):
        yield complaint(where, "Input should be a valid dictionary", "dict_type")
        return
    if not isinstance(body.get("processor"), str):
        yield complaint((*where, "processor"), "Field required", "missing")
    if not isinstance(body.get("input"), str | Mapping):
        yield complaint((*where, "input"), "Field required", "missing")
    if metadata := body.get("metadata"):
        yield from _metadata_complaints(metadata, (*where, "metadata"))
    if policy := body.get("source_policy"):
        yield from _policy_complaints(policy, (*where, "source_policy"))
    spec = body.get("task_spec")
    text = "" if spec is None else json.dumps(spec, ensure_ascii=False)
    length = len(text) + len(json.dumps(body.get("input"), ensure_ascii=False))
    if len(text) > MAX_SPEC or length > MAX_ALL:
        yield complaint((*where, "input"), "Specification and input are too long", "too_long")
    if spec is not None and (checked is None or text not in checked):
        found = list(_spec_complaints(spec, (*where, "task_spec")))
        yield from found
        if checked is not None and not found:
            checked.add(text)


def group_complaints(body: Any) -> Iterator[Complaint]:
    """Find what is wrong with a batch."""
    inputs = body.get("inputs") if isinstance(body, Mapping) else None
    if not isinstance(inputs, list):
        yield complaint(("inputs",), "Field required", "missing")
        return
    if len(inputs) > MAX_INPUTS:
        yield complaint(("inputs",), f"List should have at most {MAX_INPUTS} items", "too_long")
    if (default := body.get("default_task_spec")) is not None:
        yield from _spec_complaints(default, ("default_task_spec",))
    checked: set[str] = set()
    for number, each in enumerate(inputs):
        yield from run_complaints(each, ("inputs", number), checked=checked)


def search_complaints(body: Any) -> Iterator[Complaint]:
    queries = body.get("search_queries") if isinstance(body, Mapping) else None
    if not isinstance(queries, list) or not queries:
        yield complaint(("search_queries",), "At least one query is required", "missing")
        return
    if body.get("mode") not in {None, "basic", "advanced"}:
        yield complaint(("mode",), "Input should be 'basic' or 'advanced'", "literal_error")
    for name in body.keys() - SEARCH_FIELDS:
        yield complaint((name,), "Extra inputs are not permitted", "extra_forbidden")


def extract_complaints(body: Any) -> Iterator[Complaint]:
    urls = body.get("urls") if isinstance(body, Mapping) else None
    if not isinstance(urls, list) or not urls:
        yield complaint(("urls",), "Field required", "missing")
        return
    if len(urls) > MAX_URLS:
        yield complaint(("urls",), f"List should have at most {MAX_URLS} items", "too_long")
    for name in body.keys() - EXTRACT_FIELDS:
        yield complaint((name,), "Extra inputs are not permitted", "extra_forbidden")


def _metadata_complaints(
    metadata: Mapping[str, Any], where: tuple[str | int, ...]
) -> Iterator[Complaint]:
    for key, value in metadata.items():
        if len(key) > MAX_KEY or (isinstance(value, str) and len(value) > MAX_VALUE):
            yield complaint((*where, key), "Metadata is too long", "too_long")
        if not isinstance(value, str | int | float):
            yield complaint((*where, key), "Input should be a scalar", "scalar_type")


def _policy_complaints(
    policy: Mapping[str, Any], where: tuple[str | int, ...]
) -> Iterator[Complaint]:
    domains = [*(policy.get("include_domains") or []), *(policy.get("exclude_domains") or [])]
    if len(domains) > MAX_DOMAINS or any("/" in domain for domain in domains):
        yield complaint(where, "Domains are not acceptable")


def _spec_complaints(spec: Any, where: tuple[str | int, ...]) -> Iterator[Complaint]:
    if not isinstance(spec, Mapping) or "output_schema" not in spec:
        yield complaint((*where, "output_schema"), "Field required", "missing")
        return
    output = spec["output_schema"]
    here = (*where, "output_schema")
    if isinstance(output, str):
        return
    form = output.get("type", "json") if isinstance(output, Mapping) else None
    if form not in {"json", "text", "auto"}:
        yield complaint(here, "Input should be a json, text or auto schema", "union_tag_invalid")
    elif form == "json":
        schema = output.get("json_schema")
        if not isinstance(schema, Mapping) or schema.get("type") != "object" or "anyOf" in schema:
            yield complaint((*here, "json_schema"), "The root must be an object")
            return
        problems = sorted(set(_schema_problems(schema, 1)))
        if sum(_properties(schema)) > MAX_PROPERTIES:
            problems.append(f"at most {MAX_PROPERTIES} properties")
        yield from (complaint((*here, "json_schema"), problem) for problem in problems)


def _schema_problems(schema: Any, depth: int) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    yield from (f"{word} is not supported" for word in UNSUPPORTED & schema.keys())
    if depth > MAX_DEPTH:
        yield f"nested deeper than {MAX_DEPTH}"
    for inner in (schema.get("properties") or {}).values():
        yield from _schema_problems(inner, depth + 1)
    yield from _schema_problems(schema.get("items"), depth + 1)
    for inner in schema.get("anyOf") or ():
        yield from _schema_problems(inner, depth)


def _properties(schema: Any) -> Iterator[int]:
    if isinstance(schema, Mapping):
        inner = schema.get("properties") or {}
        yield len(inner)
        for each in (*inner.values(), schema.get("items"), *(schema.get("anyOf") or ())):
            yield from _properties(each)
