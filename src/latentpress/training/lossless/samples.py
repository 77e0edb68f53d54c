"""Training samples: pixels as the codec's own walk sees them, features and what was right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.features import LAG, linear_of
from latentpress.codecs.lossless.lanes import Skewed
from latentpress.codecs.lossless.model import network_inputs
from latentpress.codecs.lossless.predictor import Guess, PlanePredictor, tile_predictors
from latentpress.codecs.lossless.walk import lanes_of
from latentpress.image.colour import rgb_to_yuv
from latentpress.training.data import Pictures

__all__ = ["PlaneSamples", "Visit", "collect", "typical_starts", "walk_picture"]

_START_WEIGHT = 2.0**-3  # of the sums of a whole picture, in the start of the next

Visit = Callable[[int, Guess, NDArray[np.float64]], None]
"""Called with plane, guess and true values of each wave."""


@dataclass(frozen=True)
class PlaneSamples:
    """Pixels of one plane. inputs: (N, inputs) int16, of the network. offset: (N,) int32, value less base in 1/16 pixel
    value. prediction: (N,) int32 in 1/16 normalised unit; scale: (N,) float32, the activity in 1/16 (see `Features`).
    """

    inputs: NDArray[np.int16]
    offset: NDArray[np.int32]
    prediction: NDArray[np.int32]
    scale: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offset)


def walk_picture(picture: NDArray[np.uint8], starts: Sequence[NDArray[np.int64]], visit: Visit) -> list[PlanePredictor]:
    """Walk over a picture (H, W, 3) as the codec does, without networks; gives the predictors at the end."""
    lanes = lanes_of(*picture.shape[:2])
    true = []
    for plane in rgb_to_yuv(picture):
        true.append(Skewed(lanes))
        true[-1].fill(plane)
    predictors, _ = tile_predictors(lanes, [128.0, 0.0, 0.0], [(), (0,), (0, 1)], starts, 0)
    for tick in range(lanes.waves + LAG * (len(true) - 1)):
        for p, predictor in enumerate(predictors):
            wave = tick - LAG * p
            if 0 <= wave < lanes.waves:
                slots = lanes.active(wave)
                guess = predictor.look(wave, slots)
                values = true[p].view(wave, slots)
                visit(p, guess, values)
                predictor.store(wave, guess, values)
                predictor.learn(guess, values)
    return predictors


def typical_starts(pictures: Pictures) -> list[NDArray[np.int64]]:
    """Normal equations to start with: means over pictures of what least squares hold at the end of each."""
    sums: list[Any] = [0, 0, 0]
    for picture in pictures:
        empty = [np.zeros((linear_of(p), linear_of(p) + 1), np.int64) for p in range(3)]
        for p, predictor in enumerate(walk_picture(picture, empty, lambda *_: None)):
            sums[p] = sums[p] + predictor.older
    return [np.floor(total * (_START_WEIGHT / len(pictures))).astype(np.int64) for total in sums]


def collect(
    pictures: Pictures,
    starts: Sequence[NDArray[np.int64]],
    per_picture: int,
    seed: int,
    report: Callable[[str], None],
) -> list[PlaneSamples]:
    """About ``per_picture`` random pixels of each picture, for every plane."""
    parts: list[list[tuple[NDArray[Any], ...]]] = [[], [], []]
    for number, picture in enumerate(pictures):
        rng = np.random.default_rng([seed, number])
        share = per_picture / (picture.shape[0] * picture.shape[1])

        def visit(
            plane: int, guess: Guess, values: NDArray[np.float64], share: float = share, rng: np.random.Generator = rng
        ) -> None:
            chosen = np.flatnonzero(rng.random(len(values)) < share)
            offset = 16.0 * (values - guess.features.base)
            parts[plane].append(
                (
                    network_inputs(guess, 0)[chosen].astype(np.int16),
                    offset[chosen].astype(np.int32),
                    guess.prediction[chosen].astype(np.int32),
                    guess.features.scale[chosen].astype(np.float32),
                )
            )

        walk_picture(picture, starts, visit)
        if number % 20 == 19:
            report(f"samples of {number + 1}/{len(pictures)} pictures")
    return [PlaneSamples(*(np.concatenate(column) for column in zip(*part, strict=True))) for part in parts]
