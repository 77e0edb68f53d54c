"""The adaptive part of prediction: one plane of a tile, wave by wave, with no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.adaptive import HALF, LeastSquares
from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.features import UNIT, Features, Gatherer, inputs_of, middle_of
from latentpress.codecs.lossless.lanes import Lanes, Skewed

__all__ = ["TARGET_CLIP", "Guess", "PlanePredictor", "tile_predictors"]

Floats = NDArray[np.float64]

TARGET_CLIP = 2 * UNIT
"""Largest magnitude of a normalised difference that least squares learn from."""


@dataclass(frozen=True)
class Guess:
    """A wave before its values are known. prediction: (N,), value minus base in 1/16 of a normalised unit, by weights
    fitted nearby; shared: the same by weights fitted to the whole tile. plain: `value` of the prediction, inputs: of
    the network, where they are made in the same loop.
    """

    slots: slice
    features: Features
    prediction: Floats
    shared: Floats
    plain: Floats | None = None
    inputs: NDArray[np.float32] | None = None

    def value(self, correction: Floats | float = 0.0) -> Floats:
        """Predicted values (N,) in 1/16 pixel value, whole numbers; correction: added to ``prediction``."""
        if self.plain is not None and isinstance(correction, float):
            return self.plain
        features = self.features
        step = np.floor((self.prediction + correction) * features.scale * (1.0 / (16 * UNIT)) + 0.5)
        value: Floats = 16.0 * features.base + step
        return value

    def target(self, values: Floats) -> Floats:
        """The normalised differences (N,) that least squares learn from."""
        features = self.features
        if (fast := loops()) is not None:
            out = np.empty_like(features.base)
            fast.targets(values, features.scale, features.base, 16.0 * UNIT, float(TARGET_CLIP), out)
            return out
        target = np.floor((values - features.base) * (16.0 * UNIT) / features.scale + 0.5)
        bounded: Floats = np.minimum(np.maximum(target, -TARGET_CLIP), TARGET_CLIP)
        return bounded


class PlanePredictor:
    """Predicts a plane of a tile with neighbours, local activity and adaptive least squares.

    values, errors: of all planes of the tile in the skewed layout (planes, pixels); errors are of the planes'
    predictors, in 1/16 pixel value. planes: those that it sees, then its own. own: that plane's values and errors.
    """

    def __init__(
        self,
        lanes: Lanes,
        values: Floats,
        errors: Floats,
        planes: Sequence[int],
        own: tuple[Skewed, Skewed],
        start: NDArray[np.integer[Any]],
        shift: int,
    ) -> None:
        self._gather, self._shift = Gatherer(lanes, values, errors, planes, shift), shift
        self._squares = LeastSquares(start, lanes)
        self._values, self._errors, self._kind = *own, len(planes) - 1

    @property
    def older(self) -> Floats:
        """What least squares remember of the whole plane: normal equations (n, n + 1)."""
        return self._squares.everything

    def look(self, wave: int, slots: slice) -> Guess:
        """Predict the pixels at ``slots``, the active ones of a wave."""
        self._values.open(wave)
        self._errors.open(wave)
        if (fast := loops()) is not None:
            count = slots.stop - slots.start
            room = self._gather.room(count)
            guesses, inputs = np.empty((3, count)), np.empty((count, inputs_of(self._kind)), np.float32)
            fast.look(
                *self._gather.given(wave, slots), room, *self._squares.given(slots), (HALF, 1.0 / (16 * UNIT)), guesses,
                middle_of(self._shift), inputs,
            )  # fmt: skip
            linear, errors, base, scale, level = room
            local, whole, plain = guesses
            return Guess(slots, Features(linear, base, scale, level, errors), local, whole, plain, inputs)
        features = self._gather(wave, slots)
        return Guess(slots, features, *self._squares.predict(features.linear, slots))

    def store(self, wave: int, guess: Guess, values: Floats) -> None:
        """Keep the values (N,) of the pixels that were predicted, for pixels to come and for other planes."""
        if (fast := loops()) is not None and guess.plain is not None:
            shape, at = self._values.lanes.borders, self._values.place(wave, guess.slots)
            fast.store(self._values.array, self._errors.array, shape, at, values, guess.plain)
            return
        self._values.close(wave, guess.slots, values)
        self._errors.close(wave, guess.slots, 16.0 * values - guess.value())

    def learn(self, guess: Guess, values: Floats) -> None:
        """Fit the weights to the values that were stored."""
        self._squares.learn(guess.features.linear, guess.target(values), guess.slots)


def tile_predictors(
    lanes: Lanes,
    middles: Sequence[float],
    sees: Sequence[Sequence[int]],
    starts: Sequence[NDArray[np.integer[Any]]],
    shift: int,
) -> tuple[list[PlanePredictor], list[Skewed]]:
    """Predictors of all planes of a tile, and their skewed values. middles: what the planes' borders hold. sees: which
    planes before it each is predicted from too.
    """
    values, errors = np.zeros((2, len(middles), math.prod(lanes.shape)))
    known = [Skewed(lanes, middle, memory) for middle, memory in zip(middles, values, strict=True)]
    wrong = [Skewed(lanes, 0.0, memory) for memory in errors]
    predictors = [
        PlanePredictor(lanes, values, errors, [*sees[p], p], (known[p], wrong[p]), start, shift)
        for p, start in enumerate(starts)
    ]
    return predictors, known
