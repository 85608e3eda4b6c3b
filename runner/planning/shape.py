"""How much an output schema asks for: its fields by weight, its lists of records, its depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.frozen import frozen
from runner.jsonvalue import JSON

LIST_WEIGHT = 2
"""A list is as much work as so many single values."""


@frozen
class Shape:
    """What a schema asks for.

    Attributes:
        fields: Single values count one; a list counts its record's fields, or one, twice.
        record_lists: Lists whose elements have fields of their own.
        depth: How many records stand inside one another, below the root; lists do not count.
    """

    fields: int = 1
    record_lists: int = 0
    depth: int = 0


def shape_of(schema: Mapping[str, JSON]) -> Shape:
    """Return the shape of a JSON Schema; references inside it are followed."""
    return _Measure(schema).shape(schema)


class _Measure:
    def __init__(self, root: Mapping[str, JSON]) -> None:
        self._root = root
        self._known: dict[str, Shape] = {}

    def shape(self, schema: JSON) -> Shape:
        if not isinstance(schema, Mapping):
            return Shape()
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference not in self._known:
                # A schema that holds itself: once is enough.
                self._known[reference] = Shape()
                self._known[reference] = self.shape(self._target(reference))
            return self._known[reference]
        union = schema.get("anyOf")
        if isinstance(union, Sequence) and union:
            shapes = [self.shape(part) for part in union]
            return max(shapes, key=lambda each: (each.fields, each.record_lists, each.depth))
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            return self._record(properties)
        return self._list(schema)

    def _record(self, properties: Mapping[str, JSON]) -> Shape:
        shapes = [self.shape(entry) for entry in properties.values()]
        depths = [
            each.depth + self._is_record(entry)
            for each, entry in zip(shapes, properties.values(), strict=True)
        ]
        return Shape(
            fields=sum(each.fields for each in shapes),
            record_lists=sum(each.record_lists for each in shapes),
            depth=max(depths),
        )

    def _list(self, schema: Mapping[str, JSON]) -> Shape:
        items = schema.get("items")
        if items is None and not _has_type(schema, "array"):
            return Shape()
        element = self.shape(items)
        return Shape(
            fields=LIST_WEIGHT * element.fields,
            record_lists=element.record_lists + self._is_record(items),
            depth=element.depth,
        )

    def _is_record(self, schema: JSON) -> bool:
        seen: set[str] = set()
        while isinstance(schema, Mapping):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or reference in seen:
                return bool(schema.get("properties"))
            seen.add(reference)
            schema = self._target(reference)
        return False

    def _target(self, reference: str) -> JSON:
        """Return what a reference into the schema itself points at; None where it does not."""
        if not reference.startswith("#"):
            return None
        found: JSON = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            if not isinstance(found, Mapping):
                return None
            found = found.get(part.replace("~1", "/").replace("~0", "~"))
        return found


def _has_type(schema: Mapping[str, JSON], name: str) -> bool:
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list | tuple) and name in kind)
