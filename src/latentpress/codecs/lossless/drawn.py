"""Pictures that were drawn in part: screenshots, scans with writing, combed histograms. Two things photographs lack.

Flat places: where all known neighbours are equal, the next pixel nearly always is too, and is coded with tables of its
own, apart from places that are merely smooth. Uneven histograms: where some values are much more frequent in a plane
than those beside them, probabilities are weighted by how frequent each value has been so far. All numbers are whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import DIRECT, Alphabet
from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.features import own_features
from latentpress.codecs.lossless.predictor import Guess
from latentpress.codecs.lossless.refinement import Refined
from latentpress.codecs.lossless.tables import TABLES
from latentpress.image.colour import rgb_to_yuv

__all__ = ["DrawnPlane", "flat_counts", "looks_drawn"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_UNEVEN = 0.75  # bits a pixel that a histogram is away from being smooth; photographs: 0 to 0.5
_NARROW = 3  # values to either side that a histogram is compared with,
_WIDE = 15  # and a value's weight
_CAUTION = 4.0  # counts that are added to those of a value and of its surroundings
_UNIT = 256.0  # a weight of 1
_EVERY = 16  # waves between two looks at the counts
_NEAREST = 6  # neighbours that must be equal for a place to be flat


def looks_drawn(samples: NDArray[Any]) -> bool:
    """Whether a tile (H, W, channels) has a plane with a histogram uneven enough to be coded as drawn."""
    planes = rgb_to_yuv(samples) if samples.shape[2] == 3 else np.moveaxis(samples, 2, 0).astype(np.int32)
    return max(_unevenness(plane) for plane in planes) >= _UNEVEN


def flat_counts(finest: NDArray[Any], coarsest: NDArray[Any]) -> NDArray[np.int64]:
    """What the two tables of flat places start with: (2, symbols), of a model's first and last table."""
    counts: NDArray[np.int64] = 2 * finest.astype(np.int64) + coarsest // 64 + 1
    return np.stack([counts, counts])


class DrawnPlane:
    """What is special about a plane of a drawn tile. low, high: its values; step: of the residual quantiser."""

    def __init__(self, low: int, high: int, alphabet: Alphabet, step: int) -> None:
        self._low, self._high, self._step = low, high, step
        self._counts = np.zeros(high - low + 1)
        # of each value, with one before and one behind that stand for all that no sample can have
        self._weights = np.pad(np.full(high - low + 1, _UNIT), 1)
        reach = DIRECT - 1
        self._direct = slice(alphabet.zero - reach, alphabet.zero + reach + 1)
        self._offsets = step * np.arange(-reach, reach + 1)
        self._waves = 0

    def refine(self, guess: Guess, refined: Refined) -> Refined:
        """What a wave is coded with: in flat places the value of the neighbours, and tables TABLES and TABLES + 1: all
        neighbours equal and expected before, or only the nearest.
        """
        linear, errors, own = guess.features.linear, guess.features.errors, own_features(guess.features.linear)
        near = ~linear[:_NEAREST].any(axis=0) & ~linear[own:].any(axis=0) & ~errors[_NEAREST:].any(axis=0)
        if not near.any():
            return refined
        everywhere = near & ~linear[_NEAREST:own].any(axis=0) & ~errors[:_NEAREST].any(axis=0)
        return replace(
            refined,
            nearest=np.where(near, guess.features.base.astype(np.int64), refined.nearest),
            sign=np.where(near, 1, refined.sign),
            tables=np.where(everywhere, TABLES, np.where(near, TABLES + 1, refined.tables)),
        )

    def weigh(self, rows: Floats, centre: Integers, sign: Integers) -> Floats:
        """The probabilities (N, symbols) of residuals around ``centre``, with weights for values near it. ``rows`` are
        for this to overwrite.
        """
        if (fast := loops()) is not None:
            direct, count = self._direct.start, self._offsets.size
            fast.weigh(rows, centre, sign, self._weights, self._low, self._step, direct, count, _UNIT)
            return rows
        values = centre[:, None] + sign[:, None] * self._offsets
        place = np.minimum(np.maximum(values, self._low - 1), self._high + 1) - (self._low - 1)
        weighted = rows * _UNIT
        weighted[:, self._direct] = np.maximum(np.floor(rows[:, self._direct] * self._weights[place]), 1.0)
        return weighted

    def learn(self, values: Floats) -> None:
        """Count the values of a wave."""
        if (fast := loops()) is not None:
            fast.count_values(self._counts, values, self._low)
        else:
            inside = np.minimum(np.maximum(values, self._low), self._high).astype(np.int64) - self._low
            np.add.at(self._counts, inside, 1.0)
        self._waves += 1
        if self._waves % _EVERY == 0:
            around = _means(self._counts, _WIDE)
            self._weights[1:-1] = np.floor(_UNIT * (self._counts + _CAUTION) / (around + _CAUTION))


def _means(counts: Floats, reach: int) -> Floats:
    """Means of counts and ``reach`` others to either side."""
    sums = np.concatenate([np.zeros(1), np.cumsum(counts)])
    place = np.arange(counts.size)
    first, last = np.maximum(place - reach, 0), np.minimum(place + reach + 1, counts.size)
    means: Floats = (sums[last] - sums[first]) / (last - first)
    return means


def _unevenness(plane: NDArray[Any]) -> float:
    """Bits a pixel by which a plane's histogram is away from its own local means."""
    counts = np.pad(np.bincount(plane.reshape(-1) - int(plane.min())).astype(np.float64), _NARROW)
    ratio = (counts + _CAUTION) / (_means(counts, _NARROW) + _CAUTION)
    return float((counts * np.log2(ratio)).sum() / plane.size)
