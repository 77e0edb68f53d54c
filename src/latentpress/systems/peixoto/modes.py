"""Planar, mean and 33 directions: the intra prediction of HEVC (ITU-T H.265, 8.4.4.2), without its smoothing filters.

Each mode is a matrix of whole numbers: a predicted value is the sum of 32nds of the values along the block's upper and
left edge. These are one vector: the left column from below, of twice the block's height, the corner, and the row above,
of twice its width. What is below on the left is never decoded before the block; the lowest value repeats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MODES", "edge_of", "modes_of"]

MODES = 35
"""Planar, mean, directions 2 to 34."""

_ANGLES = (32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26)
_STEEP = 17  # modes from here on, but for the first, lean on the row above
_WEIGHT = 32


def modes_of(side: int) -> NDArray[np.int64]:
    """Weights (modes, side^2, 4 side + 1) in 1/32; they sum up to 32, for which planar needs a side of 16."""
    weights = np.zeros((MODES, side, side, 4 * side + 1), np.int64)
    corner = 2 * side
    for row in range(side):
        for column in range(side):
            across, down = corner + 1 + column, corner - 1 - row
            planar = weights[0, row, column]
            planar[down] += side - 1 - column
            planar[corner + 1 + side] += column + 1
            planar[across] += side - 1 - row
            planar[corner - 1 - side] += row + 1
            weights[1, row, column, corner - side : corner] = weights[1, row, column, corner + 1 :][:side] = 1
    for mode in range(2, MODES):
        steep = mode > _STEEP
        angle = ([*_ANGLES, -32, *reversed(_ANGLES)])[mode - 2]
        for along, across in np.ndindex(side, side):
            whole, part = divmod((along + 1) * angle, _WEIGHT)
            for place, weight in ((across + whole + 1, _WEIGHT - part), (across + whole + 2, part)):
                if not weight:
                    continue
                if place < 0:  # beyond the corner: on the other edge, where the line of the direction meets it
                    place = -_projected(-place, -angle)
                at = corner + place if steep else corner - place
                pixel = (along, across) if steep else (across, along)
                weights[(mode, *pixel, at)] += weight
    return weights.reshape(MODES, side * side, -1)


def _projected(beyond: int, angle: int) -> int:
    """How far along the other edge, from the corner, a value is that lies so far beyond it; halves go up."""
    inverse = (2 * 8192 + angle) // (2 * angle)
    return (beyond * inverse + 128) >> 8


def edge_of(levels: NDArray[np.integer], side: int) -> NDArray[np.int64]:
    """The vectors (..., 4 side + 1) of surroundings (..., reach + side, reach + 2 side)."""
    reach = levels.shape[-2] - side
    column, row = levels[..., reach - 1 :, reach - 1], levels[..., reach - 1, reach:]
    below = np.repeat(column[..., -1:], side, axis=-1)
    return np.concatenate([below, column[..., ::-1], row], axis=-1).astype(np.int64)
