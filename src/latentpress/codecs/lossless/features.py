"""What a pixel is predicted from: known neighbours, made independent of brightness and contrast.

Differences of neighbours from a base prediction (the median edge detector of LOCO-I) are divided by the local activity,
so one network serves smooth and rough places, pictures of 8 and of 16 bits. All numbers are whole and far below 2^53.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.lanes import Lanes
from latentpress.codecs.lossless.powers import whole_power

__all__ = [
    "CLIP",
    "Features",
    "Gatherer",
    "LEVELS",
    "LAG",
    "UNIT",
    "inputs_of",
    "level_of",
    "linear_of",
    "middle_of",
    "normalised",
    "own_features",
]

Floats = NDArray[np.float64]


UNIT = 512
"""A normalised difference of ``UNIT`` is a difference as large as the activity."""

CLIP = 255
"""Largest magnitude of a network's input."""

LAG = 5
"""Waves by which a plane is behind the one before it, so that it sees that plane on all sides of the pixel."""

LEVELS = np.array([whole_power(k, 4) for k in range(16 * 28)], np.float64)
"""The smallest whole numbers of each level (see `level_of`)."""

_W, _N, _NW, _NE, _WW, _NN = range(6)
_OWN = (
    (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, 2), (-1, -2), (-2, 1), (-2, -1),
    (0, -3), (-2, 2), (-2, -2),
)  # fmt: skip
_OWN_NEXT = 10  # of these, for planes that see another plane too
_ACTIVITY = ((_W, _NW), (_N, _NW), (_N, _NE), (_W, _WW), (_N, _NN), (_NE, 8))
_ERRORS = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0))
_AROUND = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
_ERRORS_AROUND = ((0, 0), (0, 1), (1, 0))


def level_of(scale: NDArray[Any]) -> NDArray[np.int64]:
    """16 log2 of numbers >= 1, rounded down."""
    found: NDArray[np.int64] = np.searchsorted(LEVELS, scale, side="right") - 1
    return found


def linear_of(plane: int) -> int:
    """How many linear features a plane has (its number counts the planes before it that it sees, at most 2)."""
    return len(_OWN) if plane == 0 else _OWN_NEXT + 9 * plane


def own_features(linear: Floats) -> int:
    """How many of a plane's linear features come first and are of the plane itself."""
    return len(_OWN) if linear.shape[0] == len(_OWN) else _OWN_NEXT


def inputs_of(plane: int) -> int:
    """How many inputs the network of a plane has."""
    return linear_of(plane) + 3 + len(_ERRORS) + len(_ERRORS_AROUND) * plane


def middle_of(shift: int) -> int:
    """The level that networks count from. shift: bits of a sample beyond 8."""
    return 16 * (10 + shift)


@dataclass(frozen=True)
class Features:
    """Features of the pixels of a wave. linear: (n, N), -255..255. base: (N,), the base prediction in pixel values.
    scale: (N,), the activity D in 1/16 pixel value: a normalised difference d stands for d D / (16 * UNIT) pixel
    values. level: (N,), 16 log2 D, rounded down. errors: (m, N), normalised magnitudes 0..255 of earlier errors.
    """

    linear: Floats
    base: Floats
    scale: Floats
    level: NDArray[np.int64]
    errors: Floats


class Gatherer:
    """Collects the features of a plane of a tile.

    values, errors: all planes of the tile in the skewed layout (planes, pixels), pixel values, and signed errors of the
    adaptive predictor in 1/16. planes: those that it sees, and last its own. shift: bits of a sample beyond 8, which
    the smallest activity grows with.
    """

    def __init__(self, lanes: Lanes, values: Floats, errors: Floats, planes: Sequence[int], shift: int) -> None:
        kind = len(planes) - 1
        self._lanes, self._values, self._errors, self._planes = lanes, values, errors, np.array(planes)
        places = (_OWN if kind == 0 else _OWN[:_OWN_NEXT], _ERRORS, _AROUND, _ERRORS_AROUND)
        offsets = [np.array([lanes.offset(*place) for place in some]) for some in places]
        self._own, self._own_errors, self._around, self._errors_around = self._places = tuple(offsets)
        self._kind = kind
        self._floor = float(64 << shift)
        self._pairs = np.array(_ACTIVITY).T.copy()

    def __call__(self, wave: int, slots: slice) -> Features:
        """The features of the pixels at ``slots`` of a wave."""
        linear, errors, *_ = self.room(slots.stop - slots.start)
        return normalised(linear, errors, *self._gather(self._lanes.at(wave, slots), linear, errors))

    def room(self, count: int) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.int64]]:
        """Empty arrays for the `Features` of so many pixels: linear, errors, base, scale, level."""
        linear = np.empty((linear_of(self._kind), count))
        errors = np.empty((len(self._own_errors) + len(self._errors_around) * self._kind, count))
        return linear, errors, np.empty(count), np.empty(count), np.empty(count, np.int64)

    def given(self, wave: int, slots: slice) -> tuple[Any, ...]:
        """What the compiled loop takes in place of a call."""
        at, places = self._lanes.at(wave, slots), self._places
        return self._values, self._errors, self._planes, at, places, self._pairs, self._floor, LEVELS, float(CLIP)

    def _gather(self, at: int, linear: Floats, errors: Floats) -> tuple[Floats, Floats]:
        """Fill in differences in pixel values and signed errors of the pixels from ``at`` on; gives base and scale."""
        count, k, m = linear.shape[1], len(self._own), len(self._own_errors)
        *others, plane = self._planes
        flat = self._values[plane]
        for i, offset in enumerate(self._own):
            linear[i] = flat[at + offset : at + offset + count]
        west, north, corner = linear[_W], linear[_N], linear[_NW]
        low, high = np.minimum(west, north), np.maximum(west, north)
        base = np.minimum(np.maximum(west + north - corner, low), high)

        flat = self._errors[plane]
        for i, offset in enumerate(self._own_errors):
            errors[i] = flat[at + offset : at + offset + count]
        rough = np.abs(linear[self._pairs[0]] - linear[self._pairs[1]]).sum(axis=0)
        scale = 16.0 * rough + np.abs(errors[:4]).sum(axis=0) + self._floor

        linear[:k] -= base
        for p in others:
            flat = self._values[p]
            centre = flat[at : at + count]
            for i in range(1, 9):
                offset = self._around[i]
                np.subtract(flat[at + offset : at + offset + count], centre, out=linear[k])
                k += 1
            flat = self._errors[p]
            np.multiply(flat[at : at + count], 0.0625, out=linear[k])
            k += 1
            for offset in self._errors_around:
                errors[m] = flat[at + offset : at + offset + count]
                m += 1
        return base, scale


def normalised(linear: Floats, errors: Floats, base: Floats, scale: Floats) -> Features:
    """Features of differences ``linear`` in pixel values and signed ``errors`` in 1/16, both overwritten."""
    if (fast := loops()) is not None:
        level = np.empty(scale.size, np.int64)
        fast.normalise(linear, errors, scale, LEVELS, float(CLIP), np.empty(scale.size), level)
        return Features(linear, base, scale, level, errors)
    # floor(2^33 / D): exact, both below 2^53 and far from a rounding edge
    inverse = np.floor(2.0**33 / scale)
    linear *= inverse
    linear *= 2.0**-20
    linear += 0.5
    np.floor(linear, out=linear)
    np.maximum(linear, -CLIP, out=linear)
    np.minimum(linear, CLIP, out=linear)
    np.abs(errors, out=errors)
    errors *= inverse
    errors *= 2.0**-24
    np.floor(errors, out=errors)
    np.minimum(errors, CLIP, out=errors)
    return Features(linear, base, scale, level_of(scale), errors)
