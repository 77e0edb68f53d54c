"""Low and high frequencies of a batch: the threshold between them, and what the second network reads.

A pixel belongs to the low frequencies if the scale of error that the first network expects is below a threshold, which
a learned function of the sub-image's activity sets. Low frequencies are coded first, so the pixels of high frequency
know those beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.features import CLIP, Features, level_of
from latentpress.codecs.lossless.predictor import Guess
from latentpress.systems.lc_fdnet.features import activity
from latentpress.systems.lc_fdnet.subimages import Grid, Sheet

__all__ = ["BESIDE", "HIGH_INPUTS", "Statistics", "high_inputs", "log_scale", "statistics", "threshold"]

Floats = NDArray[np.float64]

BESIDE = (-1, 1, -2, 2)
"""Columns of a sub-image, from a pixel, whose errors the second network reads."""

HIGH_INPUTS = 2 + 2 * len(BESIDE)
"""How many inputs the second network has besides those of the first."""

_KNOWN = 128.0  # input that says that a pixel beside is known
_EVERY = 4  # rows of which one goes into the statistics


@dataclass(frozen=True)
class Statistics:
    """Of the activity of a sub-image before it is coded: its mean, and its mean distance from that; 1/16 octave, for
    samples of 8 bits.
    """

    mean: int
    deviation: int


def statistics(values: Sheet, grid: Grid, position: int, shift: int) -> Statistics:
    """The statistics of a sub-image from what is known before it. shift: bits of a sample beyond 8."""
    rows = [activity(values, position, r)[:, : grid.shape(position)[1]] for r in range(0, grid.lane_rows, _EVERY)]
    levels = level_of(16.0 * np.concatenate(rows) + (64 << shift))
    mean = int(levels.sum()) // levels.size
    return Statistics(mean - 16 * shift, int(np.abs(levels - mean).sum()) // levels.size)


def threshold(weights: NDArray[np.int64], about: Statistics) -> int:
    """The threshold of a sub-image, in the steps of `log_scale`. weights: (3,), of 1 (in steps) and of the statistics
    (in 1/64 step).
    """
    constant, of_mean, of_deviation = (int(weight) for weight in weights)
    return constant + ((of_mean * about.mean + of_deviation * about.deviation) >> 6)


def log_scale(features: Features, spread: Floats, shift: int) -> Floats:
    """log2 of the expected scale of error (N,), in 1/64, but for a constant, and as if samples had 8 bits."""
    scale: Floats = features.level * 4.0 + spread - 64 * shift
    return scale


def high_inputs(
    inputs: NDArray[np.float32],
    guess: Guess,
    outputs: tuple[Floats, Floats],
    errors: Floats,
    known: NDArray[np.bool_],
    chosen: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What the second network reads: (chosen pixels, inputs), whole numbers -255..255.

    inputs: (N, n), of the first network; outputs: its correction and spread, (N,) each. errors: (lanes, columns), of
    its predictions in 1/16 pixel value, 0 where not ``known``.
    """
    n = inputs.shape[1]
    x = np.empty((n + HIGH_INPUTS, len(chosen)), np.float32)
    np.take(inputs.T, chosen, axis=1, out=x[:n], mode="clip")
    x[n] = np.floor(outputs[0][chosen] * 0.0625)
    x[n + 1] = outputs[1][chosen]
    reach, (lanes, columns) = max(map(abs, BESIDE)), errors.shape
    place = chosen + (2 * (chosen // columns) + 1) * reach  # in rows with margins
    wide = np.zeros((2, lanes, columns + 2 * reach))
    wide[0, :, reach:-reach], wide[1, :, reach:-reach] = errors, known
    wide_errors, wide_known = wide.reshape(2, -1)
    inverse = np.floor(2.0**33 / guess.features.scale[chosen])
    for i, dx in enumerate(BESIDE):
        x[n + 2 + i] = np.floor(wide_errors[place + dx] * inverse * 2.0**-24 + 0.5)
        x[n + 2 + len(BESIDE) + i] = wide_known[place + dx] * _KNOWN
    new = x[n:]
    np.minimum(np.maximum(new, -CLIP, out=new), CLIP, out=new)
    return x.T
