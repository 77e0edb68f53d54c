"""Least squares that adapt to the place: linear prediction fitted again and again to pixels coded just before, nearby.

The rows of a tile are grouped into bands, and each band of each lane has weights of its own, fitted to its recent past,
that of the bands above and below, and with little weight to everything before. The sums are whole numbers. The solver
works on double precision numbers one operation at a time, each correctly rounded (IEEE 754), with no sum whose order is
open, and its result is rounded to whole numbers: both sides find the same weights on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.lanes import Lanes

__all__ = ["FRACTION", "LeastSquares", "solve"]

Floats = NDArray[np.float64]

FRACTION = 4096
"""Weights are multiples of 1 / FRACTION."""

_BAND = 8  # rows
_EVERY = 4  # waves between two solutions
_FADE = 0.25  # of the recent past that becomes older past with each solution
_OLDER_FADE = 1 / 64  # of the older past that is forgotten
_BESIDE = 1.0  # weight of the bands above and below
_EVERYWHERE = 1 / 4096  # weight of the recent past of all bands, for each
_OLDER = 1 / 4096  # weight of the older past of all bands, for each
_RIDGE = 4096.0
_LARGEST = 4.0 * FRACTION


def solve(systems: Floats) -> Floats:
    """Solutions (n, S) of symmetric positive definite systems (n, n + 1, S), the last column their right sides.

    Elimination by elementwise operations only, so the bits of the result do not depend on the machine. Overwrites its
    argument.
    """
    n = systems.shape[0]
    for k in range(n):
        row = systems[k, k + 1 :]
        row /= np.maximum(systems[k, k], 1e-9)
        if k + 1 < n:
            systems[k + 1 :, k + 1 :] -= systems[k + 1 :, k, None] * row[None]
    right = systems[:, n].copy()
    for k in range(n - 1, 0, -1):
        right[:k] -= systems[:k, k] * right[k]
    return right


class LeastSquares:
    """Adaptive linear predictors of normalised differences (see `Features`) of one plane of a tile.

    start: (n, n + 1) whole numbers, the normal equations of a typical picture, which the first pixels are predicted
    with: sums of products of features, and in the last column of features and target.
    """

    def __init__(self, start: NDArray[np.integer[Any]], lanes: Lanes) -> None:
        self._n = start.shape[0]
        self._bands, self._count = -(-lanes.rows // _BAND), lanes.count
        self._first = lanes.row(0).start
        self._older = start.astype(np.float64)
        self._recent = np.zeros((self._bands, self._count, *start.shape))
        self._waves = np.zeros((_EVERY, self._n + 1, self._bands * _BAND * self._count))
        self._seen = 0
        self._solve()

    @property
    def everything(self) -> Floats:
        """Sums over the tile, the past fading: (n, n + 1)."""
        total: Floats = self._recent.sum(axis=(0, 1)) + self._older
        return total

    def predict(self, linear: Floats, slots: slice) -> tuple[Floats, Floats]:
        """Predictions (N,) of linear features (n, N) at ``slots``, in 1/16 of a normalised unit: those of the band, and
        those that weights of the whole tile give.
        """
        start = slots.start - self._first
        # whole numbers below 2^53 in every partial sum: any order gives the same
        local = (self._weights[:, start : start + linear.shape[1]] * linear).sum(axis=0)
        return _rounded(local), _rounded(self._shared @ linear)

    def learn(self, linear: Floats, target: Floats, slots: slice) -> None:
        """Take in the features of a wave and the normalised differences (N,) that were right."""
        start, stop = slots.start - self._first, slots.stop - self._first
        wave = self._waves[self._seen]
        wave[:, :start] = 0
        wave[:-1, start:stop] = linear
        wave[-1, start:stop] = target
        wave[:, stop:] = 0
        self._seen += 1
        if self._seen == _EVERY:
            self._seen = 0
            self._take_in()
            self._solve()

    def _take_in(self) -> None:
        shape = (_EVERY, self._n + 1, self._bands, _BAND, self._count)
        samples = self._waves.reshape(shape).transpose(2, 4, 1, 0, 3)
        samples = np.ascontiguousarray(samples).reshape(self._bands, self._count, self._n + 1, -1)
        faded = np.floor(self._recent * _FADE)
        self._recent -= faded
        self._recent += samples[:, :, :-1] @ samples.transpose(0, 1, 3, 2)
        self._older += faded.sum(axis=(0, 1)) - np.floor(self._older * _OLDER_FADE)

    def _solve(self) -> None:
        n = self._n
        recent = self._recent.sum(axis=(0, 1))
        shared = recent * _EVERYWHERE + self._older * _OLDER
        sums = self._recent + shared
        sums[1:] += self._recent[:-1] * _BESIDE
        sums[:-1] += self._recent[1:] * _BESIDE
        systems = np.empty((n, n + 1, self._bands * self._count + 1))
        systems[:, :, :-1] = sums.reshape(-1, n, n + 1).transpose(1, 2, 0)
        systems[:, :, -1] = recent + self._older
        systems[np.arange(n), np.arange(n)] += _RIDGE
        found = np.clip(np.floor(solve(systems) * FRACTION + 0.5), -_LARGEST, _LARGEST)
        self._shared = np.ascontiguousarray(found[:, -1])
        bands = found[:, :-1].reshape(n, self._bands, 1, self._count)
        self._weights = np.broadcast_to(bands, (n, self._bands, _BAND, self._count)).reshape(n, -1)


def _rounded(total: Floats) -> Floats:
    """Sums in 1 / FRACTION as 1/16, halves up."""
    out: Floats = np.floor((total + FRACTION // 32) * (16.0 / FRACTION))
    return out
