"""Guesses of coefficients: linear, from the coefficients of neighbouring blocks and from those of the block itself.

What a block's border looks like follows from its neighbours' borders; least squares over many pictures find how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.systems.jpeg.field import Field
from latentpress.systems.jpeg.grid import Level

__all__ = ["SCALE", "Guess", "Predictor"]

SCALE = 1024
"""What weights are in units of."""

_LARGEST = 1 << 15  # a dequantised coefficient of 8-bit samples never comes near
_FARTHEST = 1 << 19  # of a guess, in 16ths of a step

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Predictor:
    """Weights of a level, whole numbers as float64, so that sums are exact in any order.

    near: (64 coefficients, known neighbours * 64). own: (64, 64), only of coefficients coded earlier. first, luma:
    (64,) of how the first chroma component and luma surprised at the same place.
    """

    near: Doubles
    own: Doubles
    first: Doubles
    luma: Doubles

    def start(self, level: Level, field: Field, guides: Sequence[Field]) -> Guess:
        """What is known before the blocks of the level are coded."""
        table = field.table.astype(np.float64)
        sums = np.zeros((64, level.blocks.size))
        for number in range(len(level.known)):
            seen = _dequantised(field.values[level.near[number]], table)
            seen[:, 1:] *= level.inside[number][:, None]
            sums += self.near[:, 64 * number : 64 * number + 64] @ seen.T
        sums *= 16
        for guide, weights in zip(guides, (self.luma, self.first), strict=False):
            if (guide.rows, guide.columns) == (field.rows, field.columns):
                sums += weights[:, None] * (guide.surprise[level.blocks] * guide.table).T
        return Guess(self.own, table, sums)


class Guess:
    """Guesses of a level's coefficients, better with each that is learnt."""

    def __init__(self, own: Doubles, table: Doubles, sums: Doubles) -> None:
        self._own, self._table, self._sums = own, table, sums
        self._values = np.zeros_like(sums)

    def at(self, place: int) -> NDArray[np.int64]:
        """Guesses (N,) in 16ths of a step."""
        used = np.flatnonzero(self._own[place])
        sums = self._sums[place] + 16 * (self._own[place, used] @ self._values[used])
        guess = np.floor(sums / (SCALE * self._table[place]) + 0.5)
        whole: NDArray[np.int64] = np.clip(guess, -_FARTHEST, _FARTHEST).astype(np.int64)
        return whole

    def learn(self, place: int, values: NDArray[np.int16]) -> None:
        """Take in the values (N,) of a coefficient."""
        self._values[place] = _dequantised(values, self._table[place])


def _dequantised(values: NDArray[np.int16], table: Doubles | np.float64) -> Doubles:
    return np.clip(values * table, -_LARGEST, _LARGEST)
