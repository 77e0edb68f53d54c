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

from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.lanes import Lanes

__all__ = ["FRACTION", "HALF", "LeastSquares", "solve"]

Floats = NDArray[np.float64]

FRACTION = 4096
"""Weights are multiples of 1 / FRACTION."""

_BAND = 8  # rows
_EVERY = 4  # waves between two solutions,
_NEXT_ROWS = 2  # in which so many rows can begin
_FADE = 0.25  # of the recent past that becomes older past with each solution
_OLDER_FADE = 1 / 64  # of the older past that is forgotten
_BESIDE = 1.0  # weight of the bands above and below
_EVERYWHERE = 1 / 4096  # weight of the recent past of all bands, for each
_OLDER = 1 / 4096  # weight of the older past of all bands, for each
_RIDGE = 4096.0
_LARGEST = 4.0 * FRACTION
HALF = FRACTION / 32.0
"""Half of 1/16 of a normalised unit, in the unit of weights."""


def solve(systems: Floats) -> Floats:
    """Solutions (n, S) of symmetric positive definite systems (n, n + 1, S), the last column their right sides.

    Elimination by elementwise operations only, so the bits of the result do not depend on the machine. Overwrites its
    argument.
    """
    n = systems.shape[0]
    if (fast := loops()) is not None:
        fast.eliminate(systems)
        return systems[:, n].copy()
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
        self._recent = np.zeros((*start.shape, self._bands, self._count))
        self._waves = np.zeros((_EVERY, self._n + 1, self._bands * _BAND * self._count), np.float32)
        self._weights = np.empty((self._n, self._bands, _BAND, self._count))
        self._shared = np.zeros(self._n)
        self._seen = self._oldest = 0
        self._solve(slice(0, self._bands))

    @property
    def everything(self) -> Floats:
        """Sums over the tile, the past fading: (n, n + 1)."""
        total: Floats = self._recent.sum(axis=(2, 3)) + self._older
        return total

    def predict(self, linear: Floats, slots: slice) -> tuple[Floats, Floats]:
        """Predictions (N,) of linear features (n, N) at ``slots``, in 1/16 of a normalised unit: those of the band, and
        those that weights of the whole tile give.
        """
        weights, shared, start = self.given(slots)
        # whole numbers below 2^53 in every partial sum: any order gives the same
        local = (weights[:, start : start + linear.shape[1]] * linear).sum(axis=0)
        return _rounded(local), _rounded(shared @ linear)

    def given(self, slots: slice) -> tuple[Floats, Floats, int]:
        """What predictions are made of: weights of all slots (n, slots), of the whole tile, and where slots begin."""
        return self._weights.reshape(self._n, -1), self._shared, slots.start - self._first

    def learn(self, linear: Floats, target: Floats, slots: slice) -> None:
        """Take in the features of a wave and the normalised differences (N,) that were right."""
        start, stop = slots.start - self._first, slots.stop - self._first
        wave = self._waves[self._seen]
        if (fast := loops()) is not None:
            fast.keep(linear, target, start, wave)
        else:
            wave[:, :start] = 0
            wave[:-1, start:stop] = linear
            wave[-1, start:stop] = target
            wave[:, stop:] = 0
        first, last = start // self._count, -(-stop // self._count)
        if self._seen == 0:
            self._oldest = first
        self._seen += 1
        if self._seen == _EVERY:
            self._seen = 0
            self._take_in(self._bands_of(self._oldest, last))
            self._solve(self._bands_of(first, last + _NEXT_ROWS))

    def _bands_of(self, first: int, last: int) -> slice:
        """The bands that rows first .. last - 1 lie in."""
        return slice(first // _BAND, min(self._bands, -(-last // _BAND)))

    def _take_in(self, bands: slice) -> None:
        """bands: those with pixels in the waves that are taken in."""
        n, shape = self._n, (_EVERY, self._n + 1, self._bands, _BAND, self._count)
        if (fast := loops()) is not None:
            new = np.empty((n, n + 1, bands.stop - bands.start, self._count), np.float32)
            waves = self._waves.reshape(shape)
            fast.take_in(waves, bands.start, new, self._recent, self._older, _FADE, _OLDER_FADE)
            return
        samples = self._waves.reshape(shape)[:, :, bands].transpose(2, 4, 1, 0, 3)
        samples = np.ascontiguousarray(samples).reshape(-1, self._count, n + 1, _EVERY * _BAND)
        # sums of 32 products of at most 255 * 1024: exact in float32
        new = (samples[:, :, :-1] @ samples.transpose(0, 1, 3, 2)).transpose(2, 3, 0, 1)
        faded = np.floor(self._recent * _FADE)
        self._recent -= faded
        self._older += faded.sum(axis=(2, 3)) - np.floor(self._older * _OLDER_FADE)
        self._recent[:, :, bands] += new

    def _solve(self, bands: slice) -> None:
        """bands: those whose weights are needed before the next solution."""
        n, first, last = self._n, bands.start, bands.stop
        systems = np.empty((n, n + 1, (last - first) * self._count + 1))
        if (fast := loops()) is not None:
            shares = (_EVERYWHERE, _OLDER, _BESIDE)
            fast.resolve(
                self._recent, self._older, shares, first, _RIDGE, float(FRACTION), _LARGEST, systems, self._shared,
                self._weights,
            )  # fmt: skip
            return
        recent = self._recent.sum(axis=(2, 3))
        sums = self._recent[:, :, bands] + (recent * _EVERYWHERE + self._older * _OLDER)[:, :, None, None]
        above, below = max(first, 1), min(last, self._bands - 1)
        sums[:, :, above - first :] += self._recent[:, :, above - 1 : last - 1] * _BESIDE
        sums[:, :, : below - first] += self._recent[:, :, first + 1 : below + 1] * _BESIDE
        systems[:, :, :-1] = sums.reshape(n, n + 1, -1)
        systems[:, :, -1] = recent + self._older
        systems[np.arange(n), np.arange(n)] += _RIDGE
        found = np.floor(solve(systems) * FRACTION + 0.5)
        np.minimum(np.maximum(found, -_LARGEST, out=found), _LARGEST, out=found)
        self._shared = np.ascontiguousarray(found[:, -1])
        self._weights[:, bands] = found[:, :-1].reshape(n, -1, 1, self._count)


def _rounded(total: Floats) -> Floats:
    """Sums in 1 / FRACTION as 1/16, halves up."""
    out: Floats = np.floor((total + HALF) * (0.5 / HALF))
    return out
