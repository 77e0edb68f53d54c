"""In which contexts a residual is coded, for logistic mixing: what other predictions say, how far wrong the refined
ones were nearby and in the planes seen, and how bright it is, noise being as large as light makes it.

Differences are divided by the expected scale of the error and mirrored as residuals are. All numbers are whole, or
quotients that are rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.features import LEVELS, UNIT
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.mixing import Places
from latentpress.codecs.lossless.predictor import Guess
from latentpress.codecs.lossless.refinement import OCTAVE, TEXTURES, Refined

__all__ = ["SETS", "Surroundings", "context_sizes"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FINE = np.array([-128.0, -77, -45, -22, -6, 6, 22, 45, 77, 128])  # borders of differences, in 1/64 of the scale
_COARSE = np.array([-51.0, -13, 13, 51])
_F, _C = len(_FINE) + 1, len(_COARSE) + 1
_STEPS = 64.0
_SMALLEST = 48  # level of the smallest scale: half a pixel value
_OCTAVE_LEVELS = 16  # of `LEVELS`
SETS = 20
"""Sets of weights: of scales, an octave each."""
_HALVES, _PAIRS = 36, 10  # scales by halves of octaves, and by two octaves
_BRIGHTNESS = 64
_RATIOS = 24  # of the errors nearby to the scale, a quarter of an octave each, from 1/64 on
_RATIO_BORDERS = LEVELS[4 * np.arange(1, _RATIOS)] * 2.0  # in 1/128
_NEAR = ((0, -1), (-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0))
_OWN = (_F * _F * SETS, _F * _HALVES, _F * _F * SETS, _F * _F * SETS, _C**4 * _PAIRS, _RATIOS * _BRIGHTNESS, TEXTURES)
_SEES = (_F * _BRIGHTNESS, _F * _F * SETS)


def context_sizes(sees: int) -> tuple[int, ...]:
    """Sizes of the contexts of a plane that sees so many others."""
    return _OWN + _SEES[:sees]


class Surroundings:
    """The contexts of a plane's pixels, wave by wave.

    lanes: of the tile. errors: of the refined predictions of all planes, in 1/16, flat in the skewed layout (planes,
    pixels). sees: planes before it that it is predicted from too; own: its number; low, high: its values.
    """

    def __init__(self, lanes: Lanes, errors: Floats, sees: Sequence[int], own: int, low: int, high: int) -> None:
        self._lanes, self._errors, self._own = lanes, errors, errors[own]
        self._kept = Skewed(lanes, 0.0, errors[own])
        self._others = [errors[plane] for plane in reversed(sees)]
        self._near = [lanes.offset(*place) for place in _NEAR]
        self._low, self._shift = low, max(0, (high - low).bit_length() - _BRIGHTNESS.bit_length() + 1)

    def look(self, wave: int, guess: Guess, refined: Refined) -> Places:
        """Contexts of the pixels of a wave."""
        self._kept.open(wave)
        features, count = guess.features, refined.sign.size
        level = np.maximum(refined.width // (OCTAVE // 16), 0)
        scale = LEVELS[np.maximum(level, _SMALLEST)]
        unit = refined.sign * _STEPS / scale
        octaves = np.minimum(level // _OCTAVE_LEVELS, SETS - 1)
        halves = np.minimum(level // (_OCTAVE_LEVELS // 2), _HALVES - 1)

        def fine(difference: Floats) -> Integers:
            found: Integers = np.searchsorted(_FINE, np.floor(difference * unit), side="right")
            return found

        def pair(one: Integers, other: Integers) -> Integers:
            found: Integers = (one * _F + other) * SETS + octaves
            return found

        at = self._lanes.at(wave, guess.slots)
        near = [self._own[at + offset : at + offset + count] for offset in self._near]
        west, north = fine(near[0]), fine(near[1])
        ratio = np.abs(near).sum(axis=0) * (128.0 / len(near)) / scale
        whole = 16.0 * refined.nearest
        plain, step = 16.0 * features.base - whole, features.scale * (1.0 / UNIT)
        shared = np.floor(guess.shared * features.scale * (1.0 / (16 * UNIT)) + 0.5)
        local = guess.value() - whole
        neighbours = [fine(plain + np.floor(features.linear[i] * step)) for i in (0, 1)]
        four = np.zeros(count, np.int64)
        for error in near[:4]:
            four = four * _C + np.searchsorted(_COARSE, np.floor(error * unit), side="right")
        light = np.minimum(np.maximum((refined.nearest - self._low) >> self._shift, 0), _BRIGHTNESS - 1)
        found = [
            pair(fine(plain), fine(local)),
            fine(plain + shared) * _HALVES + halves,
            pair(*neighbours),
            pair(west, north),
            four * _PAIRS + np.minimum(level // (2 * _OCTAVE_LEVELS), _PAIRS - 1),
            np.searchsorted(_RATIO_BORDERS, np.floor(ratio), side="right") * _BRIGHTNESS + light,
            refined.texture,
        ]
        seen = [fine(error[at : at + count]) for error in self._others]
        if seen:
            found.append(seen[0] * _BRIGHTNESS + light)
        if len(seen) > 1:
            found.append(pair(seen[1], seen[0]))
        return Places(np.stack(found), octaves)

    def store(self, wave: int, guess: Guess, refined: Refined, values: Floats) -> None:
        """Keep how far wrong a wave's refined predictions were."""
        self._kept.close(wave, guess.slots, 16.0 * values - refined.value)
