"""In which order a component's blocks are coded, and which neighbours each of them can see by then.

Blocks are visited in six levels, from a coarse grid to all of it; three quarters of them lie between neighbours on both
sides. All blocks of a level are coded at once, coefficient by coefficient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIRECTIONS", "LEVELS", "Level", "levels"]

DIRECTIONS = ((0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Steps (down, right) to the eight neighbours: left, right, upper, lower, and those at the corners."""

_SIDES, _CORNERS = (0, 1, 2, 3), (4, 5, 6, 7)
_MIRRORS = ((1, 2, 3), (0, 2, 3), (3, 0, 1), (2, 0, 1), (5, 6, 7), (4, 7, 6), (7, 4, 5), (6, 5, 4))

# (which rows and columns modulo 4, distance of the neighbours, which of them are known)
_PLAN: tuple[tuple[tuple[tuple[int, int], ...], int, tuple[int, ...]], ...] = (
    (((0, 0),), 2, ()),
    (((2, 2),), 2, _CORNERS),
    (((0, 2), (2, 0)), 2, _SIDES),
    (((1, 1), (1, 3), (3, 1), (3, 3)), 1, _CORNERS),
    (((0, 1), (0, 3), (2, 1), (2, 3)), 1, _SIDES),
    (((1, 0), (1, 2), (3, 0), (3, 2)), 1, (*_SIDES, *_CORNERS)),
)

LEVELS = len(_PLAN)


@dataclass(frozen=True)
class Level:
    """A level of one component. number: 0..5. known: which of `DIRECTIONS` its blocks see.

    blocks: (N,) numbers of its blocks. near: (len(known), N) blocks in those directions; beyond the border the one on
    the other side stands in, and where there is none of them the number that follows the last block. inside: as near,
    whether the neighbour is there.
    """

    number: int
    known: tuple[int, ...]
    blocks: NDArray[np.int64]
    near: NDArray[np.int64]
    inside: NDArray[np.bool_]


def levels(rows: int, columns: int) -> Iterator[Level]:
    """The levels of a grid of blocks, but for empty ones."""
    y, x = (part.ravel() for part in np.mgrid[:rows, :columns])
    for number, (places, distance, known) in enumerate(_PLAN):
        here = np.flatnonzero(np.any([(y % 4 == row) & (x % 4 == column) for row, column in places], axis=0))
        if not here.size:
            continue
        down = [y[here] + distance * step[0] for step in DIRECTIONS]
        right = [x[here] + distance * step[1] for step in DIRECTIONS]
        inside = [(a >= 0) & (a < rows) & (b >= 0) & (b < columns) for a, b in zip(down, right, strict=True)]
        near = np.full((len(known), here.size), rows * columns)
        for place, direction in enumerate(known):
            for other in (*reversed(_MIRRORS[direction]), direction):
                near[place] = np.where(inside[other], down[other] * columns + right[other], near[place])
        seen = np.array([inside[direction] for direction in known], bool).reshape(len(known), here.size)
        yield Level(number, known, here, near, seen)
