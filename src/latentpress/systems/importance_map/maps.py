"""The importance map in the file: from coarse to fine, each value seen from those around it that are known.

Values 0..7 (planes dropped) on a grid. The coarsest are coded first, every 16th in rows and columns; then the grid is
refined, each time first the middles of its squares, then the middles of its sides. A level map costs next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.layout import MOST_DROPPED

__all__ = ["code_map"]

_COARSEST = 16

Map = NDArray[np.uint8]
Places = tuple[slice, slice]


def code_map(port: Port, wanted: Map | None, shape: tuple[int, int], tables: ProbabilityTables) -> Map:
    """Code a map of that shape (h, w); wanted: the map, None where a decoder does not know it."""
    coder = _MapCoder(port, wanted, shape, tables)
    coder.run()
    return coder.values


class _MapCoder:
    """The walk over a map; ``values`` holds it when it is done."""

    def __init__(self, port: Port, wanted: Map | None, shape: tuple[int, int], tables: ProbabilityTables) -> None:
        self._port, self._wanted, self._tables = port, wanted, tables
        self.values: Map = np.zeros(shape, np.uint8)

    def run(self) -> None:
        """Code all values."""
        step = _COARSEST
        every = slice(None, None, step)
        first = self.values[every, every]
        self._code((every, every), np.full(first.shape, 3, np.int32), np.zeros(first.shape, np.uint8))
        while step > 1:
            half = step // 2
            odd, even = slice(half, None, step), slice(None, None, step)
            self._batch((odd, odd), half, corners=True)
            self._batch((even, odd), half, corners=False)
            self._batch((odd, even), half, corners=False)
            step = half

    def _code(self, places: Places, guess: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        """Code what differs from what is expected."""
        wanted = None if self._wanted is None else (self._wanted[places].astype(np.int32) - guess).ravel()
        symbols = self._port.symbols(wanted, table.ravel(), self._tables, MOST_DROPPED, "importances")
        values = symbols.reshape(guess.shape) + guess
        if values.size and not 0 <= values.min() <= values.max() <= MOST_DROPPED:
            raise CorruptFileError("the symbol stream is damaged: an importance is out of range")
        self.values[places] = values

    def _batch(self, places: Places, reach: int, corners: bool) -> None:
        """The places that have known neighbours ``reach`` away: at the corners, or above, below, left and right."""
        rows, columns = (np.arange(length)[part] for length, part in zip(self.values.shape, places, strict=True))
        if not rows.size or not columns.size:
            return
        if corners:
            around = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
        else:
            down, across = [(-1, 0), (1, 0)], [(0, -1), (0, 1)]
            if self.values.shape[0] <= reach:  # nothing above or below
                down = across
            elif self.values.shape[1] <= reach:
                across = down
            around = down + across
        known = np.stack([_seen(self.values, rows, columns, y * reach, x * reach) for y, x in around])
        total, spread = known.sum(axis=0), known.max(axis=0) - known.min(axis=0)
        table = 1 + 9 * (reach > 1) + np.where(spread == 0, 0, np.where(spread == 1, 1, 5) + total % 4)
        self._code(places, (total + 2) // 4, table.astype(np.uint8))


def _seen(values: Map, rows: NDArray[np.intp], columns: NDArray[np.intp], down: int, across: int) -> NDArray[np.int32]:
    """Values so far away; beyond an edge those on the other side."""
    far = [
        np.where((line + away < 0) | (line + away >= length), line - away, line + away)
        for line, away, length in ((rows, down, values.shape[0]), (columns, across, values.shape[1]))
    ]
    seen: NDArray[np.int32] = values[np.ix_(*far)].astype(np.int32)
    return seen
