"""What makes two requests the same question: the name under which it is billed and drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from runner.jsonvalue import JSON

SHAPING = (
    "task_spec",
    "source_policy",
    "advanced_settings",
    "previous_interaction_id",
    "mcp_servers",
)
"""What shapes the answer of a run, besides its input and processor."""


def canonical_json(value: JSON) -> str:
    """Return the one text of a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def shape_hash(body: Mapping[str, JSON]) -> str:
    """Hash what shapes the answer besides the input and the processor."""
    shape = {name: body[name] for name in SHAPING if body.get(name) is not None}
    return hashlib.sha256(canonical_json(shape).encode()).hexdigest()[:16]


def canonical(body: Mapping[str, JSON], shape: str | None = None) -> str:
    """Name what is bought: equal for equal questions, whatever their metadata.

    `shape` is the `shape_hash` of the body, where it is known.
    """
    if "input" not in body:
        return canonical_json({name: body[name] for name in body if name != "session_id"})
    return canonical_json(
        {
            "input": body["input"],
            "processor": body.get("processor"),
            "spec": shape_hash(body) if shape is None else shape,
        }
    )
