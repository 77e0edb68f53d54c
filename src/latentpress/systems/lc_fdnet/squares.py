"""Least squares that adapt within a sub-image: a linear prediction of its own for every block of columns of a lane.

The weights of a row come from the rows above it in the lane, the nearest most, in the block and those beside it, and
with little weight from all pixels of the sub-image that are known. Exact as in `latentpress.codecs.lossless.adaptive`:
whole numbers, and elimination by elementwise operations only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.adaptive import FRACTION, solve
from latentpress.systems.lc_fdnet.subimages import BLOCK, Grid

__all__ = ["BlockSquares"]

Floats = NDArray[np.float64]

_FADE = 0.125  # of a block's past that is forgotten with each row
_BESIDE = 0.5  # weight of the blocks left and right
_EVERYWHERE = 128.0  # pixels that all pixels known count as, or half as many
_START = 8192  # pixels that the start stands for
_RIDGE = 4096.0
_LARGEST = 4.0 * FRACTION


class BlockSquares:
    """Adaptive linear predictors of one step of a tile. start: (n, n + 1), as in `LeastSquares`."""

    def __init__(self, start: NDArray[np.integer[Any]], grid: Grid) -> None:
        self._n, self._blocks = start.shape[0], grid.blocks
        self.everything: Floats = start.astype(np.float64)
        self._recent = np.zeros((grid.lanes, grid.blocks, *start.shape))
        self._seen = _START
        self._solve()

    def predict(self, linear: Floats) -> tuple[Floats, Floats]:
        """Predictions (N,) of linear features (n, N) of a batch, in 1/16 of a normalised unit: those of the block, and
        those that weights of the whole sub-image give.
        """
        # whole numbers below 2^53 in every partial sum: any order gives the same
        samples = linear.reshape(self._n, -1, self._blocks, BLOCK)
        local = (self._weights[:, : samples.shape[1], :, None] * samples).sum(axis=0).reshape(-1)
        return _rounded(local), _rounded(self._shared @ linear)

    def learn(self, linear: Floats, target: Floats) -> None:
        """Take in the features of a batch and the normalised differences (N,) that were right; both 0 outside."""
        samples = np.concatenate([linear, target[None]]).reshape(self._n + 1, -1, self._blocks, BLOCK)
        samples = np.ascontiguousarray(samples.transpose(1, 2, 0, 3))
        sums = samples[:, :, :-1] @ samples.transpose(0, 1, 3, 2)
        self.everything += sums.sum(axis=(0, 1))
        self._recent -= np.floor(self._recent * _FADE)
        self._recent[: len(sums)] += sums
        self._seen += linear.shape[1]
        self._solve()

    def _solve(self) -> None:
        n, lanes = self._n, len(self._recent)
        # a power of two, so that products are exact
        sums = self._recent + self.everything * (_EVERYWHERE * 2.0 ** -self._seen.bit_length())
        sums[:, 1:] += self._recent[:, :-1] * _BESIDE
        sums[:, :-1] += self._recent[:, 1:] * _BESIDE
        systems = np.empty((n, n + 1, lanes * self._blocks + 1))
        systems[:, :, :-1] = sums.reshape(-1, n, n + 1).transpose(1, 2, 0)
        systems[:, :, -1] = self.everything
        systems[np.arange(n), np.arange(n)] += _RIDGE
        found = np.clip(np.floor(solve(systems) * FRACTION + 0.5), -_LARGEST, _LARGEST)
        self._shared = np.ascontiguousarray(found[:, -1])
        self._weights = found[:, :-1].reshape(n, lanes, self._blocks)


def _rounded(total: Floats) -> Floats:
    """Sums in 1 / FRACTION as 1/16, halves up."""
    out: Floats = np.floor((total + FRACTION // 32) * (16.0 / FRACTION))
    return out
