"""From coarse to fine: an order of coding in which most places have known neighbours on all four sides.

The coarsest places come first, every 16th in rows and columns; then the grid is refined, each time first the middles of
its squares, seen from their corners, then the middles of its sides, seen from above, below, left and right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "interlaced"]

_CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_DOWN, _ACROSS = ((-1, 0), (1, 0)), ((0, -1), (0, 1))


@dataclass(frozen=True)
class Batch:
    """Places that are coded together. places: their rows and columns. reach: how far away their known neighbours are, 0
    where none are known. corners: whether those are the corners of a square, and not above, below, left and right.
    """

    places: tuple[slice, slice]
    reach: int = 0
    corners: bool = False
    _around: tuple[tuple[Any, ...], ...] = ()

    def known(self, values: NDArray[Any]) -> NDArray[Any]:
        """The four neighbours (4, ..., rows, columns) of each place in values (..., height, width). Beyond an edge the
        one on the other side counts, and where there is none either, those along the other axis count twice.
        """
        return np.stack([values[(..., *seen)] for seen in self._around])


def interlaced(height: int, width: int, coarsest: int = 16) -> Iterator[Batch]:
    """Batches that hold every place of a grid once. coarsest: distance of the first ones, a power of two."""
    yield Batch((slice(None, None, coarsest), slice(None, None, coarsest)))
    step = coarsest
    while step > 1:
        reach = step // 2
        odd, even = slice(reach, None, step), slice(None, None, step)
        for places in ((odd, odd), (even, odd), (odd, even)):
            rows, columns = np.arange(height)[places[0]], np.arange(width)[places[1]]
            if rows.size and columns.size:
                corners = places == (odd, odd)
                offsets = _CORNERS if corners else _sides(height > reach, width > reach)
                around = tuple(
                    np.ix_(_inside(rows, y * reach, height), _inside(columns, x * reach, width)) for y, x in offsets
                )
                yield Batch(places, reach, corners, around)
        step = reach


def _sides(vertical: bool, horizontal: bool) -> tuple[tuple[int, int], ...]:
    """Where neighbours are, if there are any that far along each axis."""
    down = _DOWN if vertical else _ACROSS
    return down + (_ACROSS if horizontal else down)


def _inside(lines: NDArray[np.intp], away: int, length: int) -> NDArray[np.intp]:
    """Lines so far away; beyond an edge those on the other side."""
    far = lines + away
    return np.where((far < 0) | (far >= length), lines - away, far)
