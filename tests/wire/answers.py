"""Answers as a pure function of the request, so that a test can compute them on its own.

Every value of an answer is drawn from a hash of what was asked; the same question always has
the same answer, on any server, in any process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from runner.server.answers import Output
from runner.server.questions import canonical

SITES = ("example.org", "example.com", "example.net", "sub.example.org")
WORDS = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "grove", "harbour")
CONFIDENCES = ("high", "medium", "low")
AUTO_SCHEMA = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "findings": {"type": "array", "items": {"type": "string"}},
        "year": {"type": "integer"},
    },
    "required": ["summary", "findings", "year"],
    "additionalProperties": False,
}


def expected_answer(
    body: Mapping[str, Any],
    *,
    default_task_spec: Mapping[str, Any] | None = None,
    elements: bool = False,
) -> dict[str, Any]:
    """Return the output of a run, or the answer of a search or an extract without its id.

    Args:
        body: The body of the request, or one of the inputs of a group.
        default_task_spec: The group's, for an input without a `task_spec`.
        elements: Whether the beta `field-basis-2025-11-25` was asked for.
    """
    if "urls" in body:
        return extract_answer(body)
    if "search_queries" in body:
        return search_answer(body)
    if default_task_spec is not None and body.get("task_spec") is None:
        body = {**body, "task_spec": default_task_spec}
    return run_output(body, canonical(body), elements=elements)


class DrawnAnswers:
    """The answers of the test server; they can be drawn again at any time."""

    is_repeatable = True
    sources: Sequence[str] = tuple(f"https://{site}/" for site in SITES)

    async def task(self, body: Mapping[str, Any], *, elements: bool) -> Output:
        return Output(output=run_output(body, canonical(body), elements=elements))

    async def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return search_answer(body)

    async def extract(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return extract_answer(body)

    async def close(self) -> None:
        pass


def run_output(body: Mapping[str, Any], key: str, *, elements: bool = False) -> dict[str, Any]:
    spec = body.get("task_spec") or {}
    schema = spec.get("output_schema", {"type": "auto"})
    form = "text" if isinstance(schema, str) else schema.get("type", "json")
    seed = hashlib.sha256(key.encode()).digest()
    if form == "text":
        return {
            "type": "text",
            "content": f"# On {_words(seed)}\n\n{_words(_branch(seed, 'body'))} [1].\n",
            "basis": [_basis("output", _branch(seed, "output"))],
        }
    json_schema = AUTO_SCHEMA if form == "auto" else schema["json_schema"]
    content = _value(json_schema, seed, json_schema)
    output = {
        "type": "json",
        "content": content,
        "basis": _bases(content, seed, elements=elements),
    }
    return {**output, "output_schema": AUTO_SCHEMA} if form == "auto" else output


def search_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    seed = hashlib.sha256(canonical(body).encode()).digest()
    settings = body.get("advanced_settings") or {}
    wanted = settings.get("max_results")
    results = [_page(_branch(seed, number)) for number in range(10 if wanted is None else wanted)]
    return {"results": results, "usage": [{"name": "sku_search", "count": 1}]}


def extract_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with one result per address; addresses with `missing` in them are errors."""
    full = (body.get("advanced_settings") or {}).get("full_content") not in {None, False}
    results, errors = [], []
    for url in body["urls"]:
        seed = _branch(hashlib.sha256(canonical(body).encode()).digest(), url)
        if "missing" in url:
            error = {"error_type": "http_error", "http_status_code": 404, "content": None}
            errors.append({"url": url, **error})
            continue
        page = {**_page(seed), "url": url}
        results.append({**page, "full_content": f"# {_words(seed)}\n"} if full else page)
    usage = [{"name": "sku_extract", "count": len(body["urls"])}]
    return {"results": results, "errors": errors, "usage": usage}


def _value(schema: Mapping[str, Any], seed: bytes, root: Mapping[str, Any]) -> Any:
    """Draw a value that the schema accepts."""
    schema = _settled(schema, seed, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][seed[0] % len(schema["enum"])]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[seed[0] % len(kind)]
    if kind == "object":
        properties = schema.get("properties", {})
        return {
            name: _value(inner, _branch(seed, name), root) for name, inner in properties.items()
        }
    if kind == "array":
        inner = schema.get("items", {})
        return [_value(inner, _branch(seed, number), root) for number in range(1 + seed[1] % 3)]
    return _scalar(kind, seed)


def _settled(schema: Mapping[str, Any], seed: bytes, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, and choose one of several branches."""
    while True:
        if "$ref" in schema:
            target: Any = root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        elif branches := schema.get("anyOf"):
            schema = branches[seed[0] % len(branches)]
        else:
            return schema


def _scalar(kind: str, seed: bytes) -> str | float | bool | None:
    match kind:
        case "integer":
            return int.from_bytes(seed[:3])
        case "number":
            return int.from_bytes(seed[:3]) / 64
        case "boolean":
            return seed[0] % 2 == 0
        case "null":
            return None
        case _:
            return _words(seed)


def _bases(content: Mapping[str, Any], seed: bytes, *, elements: bool) -> list[dict[str, Any]]:
    bases = []
    for name, value in content.items():
        bases.append(_basis(name, _branch(seed, name)))
        if elements and isinstance(value, list):
            bases.extend(
                _basis(f"{name}.{number}", _branch(seed, f"{name}.{number}"))
                for number in range(len(value))
            )
    return bases


def _basis(name: str, seed: bytes) -> dict[str, Any]:
    words = _words(seed)
    return {
        "field": name,
        "reasoning": f"The page on {words} states it.",
        "citations": [
            {
                "url": f"https://{SITES[seed[3] % 4]}/{seed[4:8].hex()}",
                "title": words.title(),
                "excerpts": [f"It is known that {name} follows from {words}."],
            }
        ],
        "confidence": CONFIDENCES[seed[8] % 3],
    }


def _page(seed: bytes) -> dict[str, Any]:
    words = _words(seed)
    return {
        "url": f"https://{SITES[seed[3] % 4]}/{seed[4:8].hex()}",
        "title": words.title(),
        "publish_date": f"20{10 + seed[5] % 16}-{1 + seed[6] % 12:02}-{1 + seed[7] % 28:02}",
        "excerpts": [f"About {words}.", f"More about {words}, in **markdown**."],
    }


def _words(seed: bytes) -> str:
    return f"{WORDS[seed[0] & 7]} {WORDS[seed[1] & 7]} {WORDS[seed[2] & 7]} {seed[9:12].hex()}"


def _branch(seed: bytes, name: object) -> bytes:
    return hashlib.blake2b(str(name).encode(), key=seed, digest_size=16).digest()
