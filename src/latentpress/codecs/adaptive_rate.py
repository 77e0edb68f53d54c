"""Where a progressive file goes on and where it stops: the layers of each place that make a picture most like the
original for its bits.

Johnston et al. 2018 (arXiv 1703.10114, section 3.3) stop a tile once it is good enough. Here each place stops where
error and bits together are least, at one price of a bit for the whole tile. The error is what MS-SSIM makes of it: at
each of its scales the squared error over the variance around (Wang et al. 2003), which is what the structural term is
for small errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.metrics.multiscale import SCALE_WEIGHTS

__all__ = ["Visibility", "stops"]

Float = NDArray[np.float32]

_BINOMIAL = np.array([1, 8, 28, 56, 70, 56, 28, 8, 1], np.float32) / 256  # as wide as the window of SSIM
_STEADY = np.float32(58.5225)  # (0.03 * 255)^2, the constant of SSIM
_POWER = -0.8  # of the variance; -1 gains no more in MS-SSIM and costs more PSNR
_BORDER = 3.0  # bits of the map for each layer by which a place differs from one beside it
_FAR = 4  # layers beyond which a difference costs no more
_HALVINGS, _ROUNDS = 50, 4


class Visibility:
    """How much errors in a picture are seen: planes (C, 16h, 16w), grey levels."""

    def __init__(self, planes: Float) -> None:
        self._scales = []
        for number, weight in enumerate(SCALE_WEIGHTS):
            planes = _halved(planes) if number else planes
            variance = np.maximum(_around(planes * planes) - _around(planes) ** 2, 0)
            self._scales.append(np.float32(weight * 4**number) * _around((2 * variance + _STEADY) ** _POWER))

    def __call__(self, error: Float) -> Float:
        """What of an error (C, 16h, 16w) is seen in each block (h, w)."""
        total: Float = np.zeros((), np.float32)
        for number, weights in enumerate(self._scales):
            error = _halved(error) if number else error
            seen, side = (weights * error * error).sum(axis=0), 16 >> number
            total = total + seen.reshape(seen.shape[0] // side, side, -1, side).sum(axis=(1, 3))
        return total


def stops(errors: NDArray[np.floating], bits: NDArray[np.floating], layers: int) -> NDArray[np.intp]:
    """How many layers each place (h, w) has: together about as many bits as the first ``layers`` of all places have.

    errors (L + 1, h, w): of a place after 0, 1 and so on layers. bits (L, h, w): of each layer.
    """
    paid = np.concatenate([np.zeros_like(bits[:1]), bits.cumsum(axis=0)])
    budget = paid[layers].sum()
    unit = (errors[0].mean() + 1e-9) / (paid[-1].mean() + 1e-9)
    low, high = -30.0, 30.0  # log2 of the price of a bit in those units
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        chosen = np.argmin(errors + unit * 2**middle * paid, axis=0)
        dear = np.take_along_axis(paid, chosen[None], axis=0).sum() > budget
        low, high = (middle, high) if dear else (low, middle)
    price = unit * 2**high
    return _steadied(errors + price * paid, price * _BORDER)


def _steadied(costs: NDArray[np.floating], border: float) -> NDArray[np.intp]:
    """The cheapest of costs (L + 1, h, w) at each place, where what differs from its four neighbours costs more."""
    chosen: NDArray[np.intp] = np.argmin(costs, axis=0)
    every = np.arange(len(costs))[:, None, None]
    odd = np.indices(chosen.shape).sum(axis=0) % 2
    for turn in range(2 * _ROUNDS):
        wide = np.pad(chosen, 1, mode="edge")
        beside = (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
        more = sum(np.minimum(np.abs(every - one), _FAR) for one in beside)
        chosen = np.where(odd == turn % 2, np.argmin(costs + border * more, axis=0), chosen)
    return chosen


def _halved(planes: Float) -> Float:
    """2x2 means."""
    means: Float = planes.reshape(len(planes), planes.shape[1] // 2, 2, -1, 2).mean(axis=(2, 4))
    return means


def _around(planes: Float) -> Float:
    """Means around each sample."""
    for axis in (1, 2):
        reach = _BINOMIAL.size // 2
        wide = np.pad(planes, [(reach, reach) if axis == one else (0, 0) for one in range(3)], mode="edge")
        size = planes.shape[axis]
        planes = np.zeros_like(planes)
        for first, weight in enumerate(_BINOMIAL):
            planes += weight * np.take(wide, range(first, first + size), axis)
    return planes
