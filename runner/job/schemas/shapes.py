"""What a JSON Schema says of the values that fit it, for the templates that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.frozen import frozen
from runner.templating.shapes import ANY, FLAG, NUMBER, TEXT, Shape, list_of, record_of

if TYPE_CHECKING:
    from runner.jsonvalue import JSON

_DEEPEST = 12
_SINGLE = {"string": TEXT, "integer": NUMBER, "number": NUMBER, "boolean": FLAG}
_ALSO_FIELDS = frozenset({"allOf", "anyOf", "oneOf", "if", "patternProperties", "$ref"})
"""What may bring fields that `properties` does not name."""


def shape_of_schema(schema: Mapping[str, JSON], called: str) -> Shape:
    """Return what is known of a value that fits a schema.

    Args:
        schema: It names the fields of a mapping unless it allows others by `additionalProperties`.
        called: What the value is called in messages.
    """
    return _Reader(root=schema, called=called).shape(schema, "", 0)


@frozen
class _Reader:
    root: Mapping[str, JSON]
    called: str

    def shape(self, schema: JSON, path: str, depth: int) -> Shape:
        """Return what a part of the schema says; `path` leads to it from the whole value."""
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return ANY
        part = self._instead(schema)
        if part is not None:
            return self.shape(part, path, depth + 1)
        match _type(schema):
            case "object":
                found = self._record(schema, path, depth)
            case "array":
                found = self._list(schema, path, depth)
            case str(kind) if kind in _SINGLE:
                found = replace(_SINGLE[kind], called=self._called(path))
            case _:
                found = ANY
        return found

    def _instead(self, schema: Mapping[str, JSON]) -> JSON:
        """Return what a schema says in another place: of a union what is beside null."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._target(reference) or False
        for union in ("anyOf", "oneOf"):
            options = schema.get(union)
            if isinstance(options, list | tuple) and "type" not in schema:
                real = [each for each in options if not _is_null(each)]
                return real[0] if len(real) == 1 else False
        return None

    def _list(self, schema: Mapping[str, JSON], path: str, depth: int) -> Shape:
        called = self._called(path)
        reader = _Reader(root=self.root, called=f"an entry of {called}")
        entry = ANY if "prefixItems" in schema else reader.shape(schema.get("items"), "", depth + 1)
        most = schema.get("maxItems")
        bound = int(most) if isinstance(most, int | float) and most >= 0 else None
        return list_of(entry, called=called, most=bound)

    def _record(self, schema: Mapping[str, JSON], path: str, depth: int) -> Shape:
        fields = schema.get("properties")
        rest = schema.get("additionalProperties")
        known = {
            str(name): self.shape(each, f"{path}.{name}" if path else str(name), depth + 1)
            for name, each in (fields.items() if isinstance(fields, Mapping) else ())
        }
        is_open = not known or rest not in (None, False) or not _ALSO_FIELDS.isdisjoint(schema)
        return record_of(known, called=self._called(path), is_open=is_open)

    def _called(self, path: str) -> str:
        return f"{path} in {self.called}" if path else self.called

    def _target(self, reference: str) -> JSON:
        """Return what a reference into the schema itself points at; None where it does not."""
        if not reference.startswith("#"):
            return None
        found: JSON = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            if not isinstance(found, Mapping):
                return None
            found = found.get(part.replace("~1", "/").replace("~0", "~"))
        return found


def _type(schema: Mapping[str, JSON]) -> str | None:
    """Return the only type, beside null, of what fits a schema; None where there are several."""
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else kind if isinstance(kind, list | tuple) else []
    real = [each for each in kinds if each != "null"]
    return str(real[0]) if len(real) == 1 else None


def _is_null(schema: JSON) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"
