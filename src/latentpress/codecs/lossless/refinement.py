"""The last step before coding: cancel a bias that the picture shows, and choose the probability table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.features import UNIT, level_of
from latentpress.codecs.lossless.predictor import Guess
from latentpress.codecs.lossless.tables import CLASSES, PHASES, table_of

__all__ = ["OCTAVE", "TEXTURES", "TRAINED", "BiasMemory", "Refined", "Refinement"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OCTAVE = 64
"""Steps of the spread to an octave."""

_LEVELS = 6
TEXTURES = 256 * _LEVELS
"""Contexts that a bias is found in."""

_LARGEST = 8192.0  # 1/16 pixel value; a single outlier may not outweigh many
_MOST_PIXELS = 1 << 20
_CHECK = 16  # waves between two looks for contexts that remember enough

# place of a prediction between two pixel values, in 1/16 from halfway below a value: mirrored below the value
_PLACES = np.arange(16)
_SIGNS = np.where(_PLACES < 8, -1, 1)
_PHASES = np.where(_PLACES < 8, 7 - _PLACES, _PLACES - 8) * PHASES // 8
_TABLES = table_of(np.repeat(np.arange(CLASSES), 16), np.tile(_PHASES, CLASSES))


@dataclass(frozen=True)
class BiasMemory:
    """How soon a context's mean error counts, in full only after many times ``caution`` pixels, and how many pixels are
    remembered. Networks whose predictions have little bias do with more caution: a mean of few errors is mostly noise.
    """

    caution: int = 8
    remembered: int = 128

    def __post_init__(self) -> None:
        if not (0 < self.caution <= _MOST_PIXELS and 0 < self.remembered <= _MOST_PIXELS):
            raise ValueError(f"a memory of biases of {self.caution} and {self.remembered} pixels")


TRAINED = BiasMemory(256, 1024)
"""Of new packages. With networks 8 and 128 pixels cost 0.6 % on training pictures, without any they gain 0.1 %."""


@dataclass(frozen=True)
class Refined:
    """What a wave is coded with. nearest: the pixel value next to the prediction; sign: -1 where the prediction is
    below it, so that tables are used mirrored; tables: of the residuals' symbols. What these come from: value, the
    prediction in 1/16 pixel value; width: log2 of the scale of the error, in `OCTAVE` steps from 1/16 pixel
    value on; texture: the context of its bias, below `TEXTURES`. All (N,).
    """

    nearest: Integers
    sign: Integers
    tables: Integers
    value: Integers
    width: Integers
    texture: Integers


class Refinement:
    """Bias cancellation by context (Wu and Memon 1997, CALIC) and choice of tables, for one plane.

    shift: bits of a sample beyond 8. step: of the residual quantiser, 1 for lossless. memory: of biases.
    """

    def __init__(self, shift: int, step: int, memory: BiasMemory) -> None:
        self._caution, self._remembered = float(memory.caution), float(memory.remembered)
        self._offset = OCTAVE // 8 - 3 * OCTAVE - (OCTAVE // 16) * int(level_of(np.array([step]))[0])
        self._floor = 16 * (6 + shift)
        self._sums = np.zeros(TEXTURES)
        self._counts = np.zeros(TEXTURES)
        self._context: Integers = np.zeros(0, np.int64)
        self._plain: Floats = np.zeros(0)
        self._waves = 0

    def __call__(self, guess: Guess, correction: Floats | float, spread: Floats | float) -> Refined:
        """Refine a wave. correction: of the guess, (N,), in 1/16 of a normalised unit; spread: in `OCTAVE` steps, log2
        of the scale of the error over an eighth of the activity.
        """
        features = guess.features
        if (fast := loops()) is not None:
            value = np.empty(features.base.size)
            out = np.empty((6, value.size), np.int64)
            wrong, wide = (np.atleast_1d(np.asarray(some, np.float64)) for some in (correction, spread))
            fast.values(guess.prediction, wrong, features.scale, features.base, 1.0 / (16 * UNIT), value)
            fast.refine(
                features.linear, guess.prediction, features.level, value, wide, self._sums, self._counts, self._floor,
                _LEVELS, self._caution, self._offset, CLASSES, (OCTAVE // 16, 4 / OCTAVE), _SIGNS, _TABLES, out,
            )  # fmt: skip
            refined = Refined(*out)
            self._plain, self._context = value, refined.texture
            return refined
        value = guess.value(correction)
        # which neighbours lie above the prediction: their difference from the base exceeds that of the prediction
        bits = features.linear[:8] * 16.0 > guess.prediction
        level = np.minimum(np.maximum((features.level - self._floor) >> 4, 0), _LEVELS - 1)
        context = np.packbits(bits, axis=0)[0] * np.int64(_LEVELS) + level
        self._plain, self._context = value, context
        bias = np.floor(self._sums[context] / (self._counts[context] + self._caution) + 0.5)
        corrected = (value + bias).astype(np.int64) + 8

        width = (features.level * (OCTAVE // 16) + self._offset + spread).astype(np.int64)
        klass = np.minimum(np.maximum(width // (OCTAVE // 4), 0), CLASSES - 1)
        place = corrected & 15
        return Refined(corrected >> 4, _SIGNS[place], _TABLES[(klass << 4) + place], corrected - 8, width, context)

    def learn(self, values: Floats) -> None:
        """Take in the pixel values of the wave that was refined last."""
        if (fast := loops()) is not None:
            fast.learn_bias(self._sums, self._counts, self._context, self._plain, values, _LARGEST)
        else:
            error = np.minimum(np.maximum(16.0 * values - self._plain, -_LARGEST), _LARGEST)
            self._sums += np.bincount(self._context, error, TEXTURES)
            self._counts += np.bincount(self._context, None, TEXTURES)
        self._waves += 1
        if self._waves % _CHECK == 0:
            full = np.flatnonzero(self._counts > self._remembered)
            self._sums[full] = np.floor(self._sums[full] * 0.5)
            self._counts[full] = np.floor(self._counts[full] * 0.5)
