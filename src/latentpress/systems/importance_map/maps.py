"""The importance map in the file: from coarse to fine, each value seen from those around it that are known.

Values 0..7 (planes dropped) on a grid. The coarsest are coded first, every 16th in rows and columns; then the grid is
refined, each time first the middles of its squares, then the middles of its sides. A level map costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy import ProbabilityTables, SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.layout import MOST_DROPPED

__all__ = ["TABLES", "decode_map", "encode_map", "walk_map"]

TABLES = 19
"""Probability tables: one for the coarsest values; for the finest and for all other grids, one where the neighbours
agree and one for each quarter that their mean has after the point, where they differ by one or by more.
"""

_COARSEST = 16

Map = NDArray[np.uint8]
Places = tuple[slice, slice]
Code = Callable[[Places, NDArray[np.int32], NDArray[np.uint8]], None]


def walk_map(values: Map, code: Code) -> None:
    """Call ``code`` for each batch of places with what is expected there and the tables; it fills in ``values``."""
    step = _COARSEST
    first = values[::step, ::step]
    guess = np.full(first.shape, 3, np.int32)
    code((slice(None, None, step), slice(None, None, step)), guess, np.zeros(first.shape, np.uint8))
    while step > 1:
        half = step // 2
        odd, even = slice(half, None, step), slice(None, None, step)
        _batch(values, (odd, odd), half, True, code)
        _batch(values, (even, odd), half, False, code)
        _batch(values, (odd, even), half, False, code)
        step = half


def _batch(values: Map, places: Places, reach: int, corners: bool, code: Code) -> None:
    """The places that have known neighbours ``reach`` away: at the corners, or above, below, left and right."""
    rows, columns = (np.arange(length)[part] for length, part in zip(values.shape, places, strict=True))
    if not rows.size or not columns.size:
        return
    if corners:
        around = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    else:
        down, across = [(-1, 0), (1, 0)], [(0, -1), (0, 1)]
        if values.shape[0] <= reach:  # nothing above or below
            down = across
        elif values.shape[1] <= reach:
            across = down
        around = down + across
    known = np.stack([_seen(values, rows, columns, y * reach, x * reach) for y, x in around])
    total, spread = known.sum(axis=0), known.max(axis=0) - known.min(axis=0)
    table = 1 + 9 * (reach > 1) + np.where(spread == 0, 0, np.where(spread == 1, 1, 5) + total % 4)
    code(places, (total + 2) // 4, table.astype(np.uint8))


def _seen(values: Map, rows: NDArray[np.intp], columns: NDArray[np.intp], down: int, across: int) -> NDArray[np.int32]:
    """Values so far away; beyond an edge those on the other side."""
    far = [
        np.where((line + away < 0) | (line + away >= length), line - away, line + away)
        for line, away, length in ((rows, down, values.shape[0]), (columns, across, values.shape[1]))
    ]
    seen: NDArray[np.int32] = values[np.ix_(*far)].astype(np.int32)
    return seen


def encode_map(values: Map, tables: ProbabilityTables, writer: SymbolWriter) -> None:
    """Code a map (h, w)."""

    def code(places: Places, guess: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        writer.write((values[places].astype(np.int32) - guess).ravel(), table.ravel(), tables)

    walk_map(values, code)


def decode_map(height: int, width: int, tables: ProbabilityTables, reader: SymbolReader) -> Map:
    """The map (height, width) that `encode_map` coded. Raises CorruptFileError for values out of range."""
    values = np.zeros((height, width), np.uint8)

    def code(places: Places, guess: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        found = reader.read(table.ravel(), tables).reshape(guess.shape) + guess
        if found.size and not 0 <= found.min() <= found.max() <= MOST_DROPPED:
            raise CorruptFileError("the symbol stream is damaged: an importance is out of range")
        values[places] = found

    walk_map(values, code)
    return values
