"""The adaptive part of prediction: one step, a plane of a sub-image, batch by batch, with no network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.predictor import Guess
from latentpress.systems.lc_fdnet.features import Gatherer
from latentpress.systems.lc_fdnet.squares import BlockSquares
from latentpress.systems.lc_fdnet.subimages import Grid, Sheet

__all__ = ["StepPredictor"]

Floats = NDArray[np.float64]


class StepPredictor:
    """Predicts the pixels of a position in the last of the planes given.

    values, errors: sheets of the planes up to this one; errors are of this predictor, in 1/16 pixel value. start:
    normal equations to begin with. shift: bits of a sample beyond 8.
    """

    def __init__(
        self,
        grid: Grid,
        position: int,
        values: list[Sheet],
        errors: list[Sheet],
        start: NDArray[np.integer[Any]],
        shift: int,
    ) -> None:
        self._grid, self._position = grid, position
        self._values, self._errors = values[-1], errors[-1]
        self._gather = Gatherer(grid, position, values, errors, shift)
        self._squares = BlockSquares(start, grid)
        self._inside = np.arange(grid.columns) < grid.shape(position)[1]

    @property
    def everything(self) -> Floats:
        """What least squares remember of the sub-image: normal equations (n, n + 1)."""
        return self._squares.everything

    def inside(self, r: int) -> NDArray[np.bool_]:
        """Which of the pixels of a batch (N,) lie in the picture; the last columns may not."""
        return np.tile(self._inside, self._grid.count(self._position, r))

    def look(self, r: int) -> Guess:
        """Predict a batch: N pixels, lane by lane."""
        features = self._gather(r)
        return Guess(slice(0, len(features.base)), features, *self._squares.predict(features.linear))

    def learn(self, r: int, guess: Guess, values: Floats) -> None:
        """Take in the values (N,) of the pixels that were predicted; those outside the picture are passed over."""
        rows, width = self._grid.rows(self._position, r), self._grid.shape(self._position)[1]
        shape = (-1, self._grid.columns)
        error = 16.0 * values - guess.value()
        self._values.inside(self._position)[rows] = values.reshape(shape)[:, :width]
        self._errors.inside(self._position)[rows] = error.reshape(shape)[:, :width]
        inside = self.inside(r)
        self._squares.learn(guess.features.linear * inside, guess.target(values) * inside)

    def close(self) -> None:
        """After the last batch."""
        self._values.close(self._position)
        self._errors.close(self._position)
