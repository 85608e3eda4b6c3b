"""What a sheet's XML says of its cells and openpyxl does not tell: merged ones, empty formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipFile

_CHUNK = 1024 * 1024

_OVERLAP = 20_000
"""A formula has at most 8,192 characters, and a chunk may end inside of it."""

_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_FORMULA = re.compile(
    rb"<c ([^>]*)>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_CELL = re.compile(rb'\br="([A-Z]{1,3}(\d{1,7}))"')
_IS_TEXT = re.compile(rb'\bt="str"')


@dataclass(frozen=True, slots=True)
class _Block:
    """Cells merged into one; rows from 1, columns from 0, the last of each belongs to it."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Marks:
    """What is known of a sheet before its rows are read.

    Attributes:
        unvalued: Name and row of the first cell whose formula has no value; None for none.
        blocks: The merged cells, by their first row.
        open: Those that reach into the row that was read last, with their value.
    """

    unvalued: tuple[str, int] | None = None
    blocks: dict[int, list[_Block]] = field(default_factory=dict)
    open: list[tuple[_Block, Any]] = field(default_factory=list)

    def filled(self, row: int, first: int, cells: tuple[Any, ...], width: int) -> list[Any]:
        """Return a row's cells, as many as `width`; each merged one has its block's value.

        Rows are asked for in order; `first` is the column of the first cell.
        """
        whole = [*cells, *[None] * (width - len(cells))]
        self.open = [(block, value) for block, value in self.open if block.bottom >= row]
        for block in self.blocks.get(row, ()):
            if first <= block.left < first + width:
                self.open.append((block, whole[block.left - first]))
        for block, value in self.open:
            for column in range(block.left, min(block.right + 1, first + width)):
                whole[column - first] = value
        return whole


def read_marks(packed: ZipFile, name: str) -> Marks:
    """Return what a sheet's XML says, read in pieces."""
    marks = Marks()
    seen: set[_Block] = set()
    for piece in _pieces(packed, name):
        if marks.unvalued is None:
            marks.unvalued = next(_unvalued(piece), None)
        for left, top, right, bottom in _MERGED.findall(piece):
            block = _Block(int(top), _column(left), int(bottom), _column(right))
            if block not in seen:
                seen.add(block)
                marks.blocks.setdefault(block.top, []).append(block)
    return marks


def _pieces(packed: ZipFile, name: str) -> Iterator[bytes]:
    kept = b""
    with packed.open(name.removeprefix("/")) as file:
        while chunk := file.read(_CHUNK):
            piece = kept + chunk
            yield piece
            kept = piece[-_OVERLAP:]


def _unvalued(piece: bytes) -> Iterator[tuple[str, int]]:
    """Yield the cells whose formula was never worked out; one that gives no text has its type."""
    if b"<f" not in piece:
        return
    for match in _FORMULA.finditer(piece):
        cell = _CELL.search(match[1])
        if cell is not None and not _IS_TEXT.search(match[1]):
            yield cell[1].decode(), int(cell[2])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
