"""The four sub-images of a plane, which are coded one after another, and where a pixel's neighbours lie in them.

Position a holds the pixels (2i, 2j) of a tile, b (2i, 2j + 1), c (2i + 1, 2j), d (2i + 1, 2j + 1). A sub-image after
the first is cut into lanes of about 32 rows; row r of all lanes is a batch, coded at once, so a pixel knows the row
above it, of its own sub-image, unless it is the first of its lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["A", "BLOCK", "ORDER", "Grid", "Place", "Sheet", "known_before"]

Floats = NDArray[np.float64]
Place = tuple[int, int]

A, B, C, D = range(4)

ORDER = (D, B, C)
"""Positions in the order in which they are coded, after a."""

BLOCK = 32
"""Columns of a sub-image that share the weights of least squares."""

_LANE_ROWS = 32
_MARGIN = 2  # rows and columns around a sub-image that hold copies of its border: neighbours are at most 3 pixels away


def known_before(position: int) -> tuple[int, ...]:
    """The positions that are known when one is coded."""
    return (A, *ORDER[: ORDER.index(position)])


@dataclass(frozen=True)
class Grid:
    """Geometry of the sub-images of a tile of ``height`` x ``width`` pixels."""

    height: int
    width: int

    def shape(self, position: int) -> tuple[int, int]:
        """Rows and columns of a sub-image; either may be 0."""
        return (self.height + 1 - (position >> 1)) // 2, (self.width + 1 - (position & 1)) // 2

    @cached_property
    def lanes(self) -> int:
        """Lanes of a sub-image, at most; the last may have fewer rows than the others or none."""
        return max(1, (self.shape(A)[0] + _LANE_ROWS // 2) // _LANE_ROWS)

    @cached_property
    def lane_rows(self) -> int:
        """Rows of a lane."""
        return -(-self.shape(A)[0] // self.lanes)

    @cached_property
    def blocks(self) -> int:
        """Blocks side by side."""
        return -(-self.shape(A)[1] // BLOCK)

    @cached_property
    def columns(self) -> int:
        """Columns that are computed: whole blocks."""
        return self.blocks * BLOCK

    def rows(self, position: int, r: int) -> slice:
        """The rows of a sub-image that are row ``r`` of a lane."""
        return slice(r, self.shape(position)[0], self.lane_rows)

    def count(self, position: int, r: int) -> int:
        """How many those are."""
        return len(range(*self.rows(position, r).indices(self.height)))


class Sheet:
    """The sub-images of one plane, float64, of values or of what belongs to each value."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        rows = grid.shape(A)[0] + 2 * _MARGIN
        self._array: Floats = np.zeros((4, rows, grid.columns + 2 * _MARGIN))

    @classmethod
    def of(cls, plane: NDArray[Any]) -> Sheet:
        """The sheet of a whole plane (height, width), without copies of borders."""
        sheet = cls(Grid(*plane.shape))
        for position in range(4):
            sheet.inside(position)[:] = plane[position >> 1 :: 2, position & 1 :: 2]
        return sheet

    def near(self, position: int, place: Place, r: int) -> Floats:
        """The neighbours (dy rows down, dx columns right, at most 3, in pixels of the tile) of the pixels of a batch:
        (lanes, columns), a view.
        """
        y, x = (position >> 1) + place[0], (position & 1) + place[1]
        rows = self.grid.rows(position, r)
        top, left = (y >> 1) + _MARGIN, (x >> 1) + _MARGIN
        return self._array[
            2 * (y & 1) + (x & 1),
            rows.start + top : rows.stop + top : rows.step,
            left : left + self.grid.columns,
        ]

    def inside(self, position: int) -> Floats:
        """A sub-image without margins: a view."""
        height, width = self.grid.shape(position)
        return self._array[position, _MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width]

    def close(self, position: int) -> None:
        """When a sub-image is complete: copies of its border around it. One without pixels is taken to be like a."""
        height, width = self.grid.shape(position)
        if height == 0 or width == 0:
            self._array[position] = self._array[A]
            return
        part, m = self._array[position], _MARGIN
        part[:, :m] = part[:, m, None]
        part[:, m + width :] = part[:, m + width - 1, None]
        part[:m] = part[m]
        part[m + height :] = part[m + height - 1]

    def fill(self, position: int, values: NDArray[Any]) -> None:
        """Store a whole sub-image."""
        self.inside(position)[:] = values
        self.close(position)

    def plane(self) -> NDArray[np.int64]:
        """The plane (height, width) of all four."""
        out = np.empty((self.grid.height, self.grid.width), np.int64)
        for position in range(4):
            out[position >> 1 :: 2, position & 1 :: 2] = self.inside(position)
        return out
