"""At which quality a JPEG file was compressed the first time, from the coefficients of the second."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.restoration.tables import standard_tables

__all__ = ["first_quality"]

_QUALITIES = tuple(range(20, 100))
_FREQUENCIES = tuple((u, v) for u in range(5) for v in range(5) if 0 < u + v <= 4)
_ROUNDING = 0.5  # standard deviation of a coefficient's error by samples that were rounded to whole RGB between
_REACH = 24  # levels to each side of zero that are looked at
_BACKGROUND = 1e-3  # chance of a coefficient that nothing explains, such as of a clipped block


def first_quality(levels: NDArray[np.integer[Any]], steps: NDArray[Any]) -> tuple[int, float]:
    """The libjpeg quality of the compression before, in the same block grid, and what speaks for it.

    levels: luma coefficients (rows, columns, 8, 8) as the file has them, divided by ``steps`` (8, 8). The second value
    is how many nats of likelihood a coefficient gains by assuming that compression: 0 where nothing speaks for one.

    At each of 14 low frequencies coefficients of the original are taken for Laplacian; multiples of the first step,
    moved by the rounding of samples, fall into bins of the second, and how full the bins are tells the first step
    (after the idea of Lukas and Fridrich 2003).
    """
    gains, counted = np.zeros(len(_QUALITIES)), 0
    tables = np.stack([standard_tables(quality)[0] for quality in _QUALITIES])
    for u, v in _FREQUENCIES:
        found = np.abs(levels[:, :, u, v]).ravel()
        found = found[found <= _REACH]
        histogram = np.bincount(found, minlength=_REACH + 1)
        spread = max(float(found.mean()) * float(steps[u, v]), 0.1)
        single = _likelihood(histogram, float(steps[u, v]), spread, None)
        once = {
            int(step): _likelihood(histogram, float(steps[u, v]), spread, int(step)) for step in set(tables[:, u, v])
        }
        gains += np.array([once[int(step)] - single for step in tables[:, u, v]])
        counted += len(found)
    best = int(np.argmax(gains))
    return _QUALITIES[best], max(0.0, float(gains[best]) / max(1, counted))


def _likelihood(histogram: NDArray[np.intp], step: float, spread: float, first: int | None) -> float:
    """Log likelihood of the absolute levels 0.._REACH of one frequency: Laplacian with mean absolute value ``spread``,
    quantised by ``first`` and then by ``step``, or by ``step`` alone.
    """
    edges = (np.arange(_REACH + 2) - 0.5) * step
    if first is None:
        chances = np.diff(_below(edges, spread))
    else:
        most = int(edges[-1] / first) + 2
        points = np.arange(-most, most + 1)
        weights = np.diff(_below((np.arange(-most, most + 2) - 0.5) * first, spread))
        chances = weights @ np.diff(_normal((edges[None, :] - points[:, None] * first) / _ROUNDING), axis=1)
    chances[1:] *= 2  # both signs
    chances = (1 - _BACKGROUND) * chances / max(chances.sum(), 1e-12) + _BACKGROUND / len(chances)
    return float(histogram @ np.log(chances))


def _below(values: NDArray[np.floating[Any]], spread: float) -> NDArray[np.floating[Any]]:
    """Cumulative distribution of the Laplacian."""
    tail = 0.5 * np.exp(-np.abs(values) / spread)
    below: NDArray[np.floating[Any]] = np.where(values < 0, tail, 1 - tail)
    return below


def _normal(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Cumulative distribution of the standard normal, by the logistic curve next to it (to 0.01)."""
    below: NDArray[np.floating[Any]] = 0.5 * (1 + np.tanh(0.851 * values))
    return below
