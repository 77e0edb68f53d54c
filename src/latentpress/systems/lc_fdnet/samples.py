"""Training samples: stretches of 32 pixels side by side as the codec's own walk sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.model import network_inputs
from latentpress.codecs.lossless.predictor import Guess
from latentpress.image.colour import rgb_to_yuv
from latentpress.systems.lc_fdnet.features import layout_of
from latentpress.systems.lc_fdnet.frequencies import Statistics, statistics
from latentpress.systems.lc_fdnet.model import STEPS
from latentpress.systems.lc_fdnet.predictor import StepPredictor
from latentpress.systems.lc_fdnet.subimages import BLOCK, ORDER, A, Grid, Sheet
from latentpress.training.data import Pictures

__all__ = [
    "Starts",
    "StepSamples",
    "collect",
    "typical_starts",
    "walk_picture",
]

Starts = Mapping[tuple[int, int], NDArray[np.int64]]
Visit = Callable[[int, int, int, Guess, NDArray[np.float64], Statistics], None]
"""Called with position, plane, row of the lanes, guess, true values and statistics of each batch."""

_START_WEIGHT = 2.0**-3  # of the sums of a whole picture, in the start of the next


@dataclass(frozen=True)
class StepSamples:
    """Stretches of one step, S of them. inputs: (S, 32, n) int16, of the first network. offset: (S, 32) int32, value
    less base in 1/16 pixel value. prediction: (S, 32) int32 in 1/16 normalised unit; scale: (S, 32) float32, the
    activity in 1/16 pixel value. about: (S, 2) int16, mean and deviation of the sub-image's activity in 1/16 octave.
    """

    inputs: NDArray[np.int16]
    offset: NDArray[np.int32]
    prediction: NDArray[np.int32]
    scale: NDArray[np.float32]
    about: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.offset)


def walk_picture(picture: NDArray[np.uint8], starts: Starts, visit: Visit) -> dict[tuple[int, int], NDArray[Any]]:
    """Walk over a picture (H, W, 3) as the codec does, without networks; gives what least squares remember."""
    grid = Grid(*picture.shape[:2])
    planes = rgb_to_yuv(picture)
    values, errors = [Sheet(grid) for _ in planes], [Sheet(grid) for _ in planes]
    for sheet, plane in zip(values, planes, strict=True):
        sheet.fill(A, plane[::2, ::2])
    memories = {}
    for position in ORDER:
        for p, plane in enumerate(planes):
            true = np.zeros((grid.shape(A)[0], grid.columns))
            part = plane[position >> 1 :: 2, position & 1 :: 2]
            true[: part.shape[0], : part.shape[1]] = part
            about = statistics(values[p], grid, position, 0)
            start = starts[position, p]
            predictor = StepPredictor(grid, position, values[: p + 1], errors[: p + 1], start, 0)
            for r in range(grid.lane_rows):
                if grid.count(position, r):
                    guess, right = predictor.look(r), true[grid.rows(position, r)].reshape(-1)
                    visit(position, p, r, guess, right, about)
                    predictor.learn(r, guess, right)
            predictor.close()
            memories[position, p] = predictor.everything
    return memories


def typical_starts(pictures: Pictures) -> dict[tuple[int, int], NDArray[np.int64]]:
    """Normal equations to start with: means over pictures of what least squares hold at the end of each."""
    empty = {step: np.zeros((layout_of(*step).linear, layout_of(*step).linear + 1), np.int64) for step in STEPS}
    sums: dict[tuple[int, int], Any] = dict.fromkeys(STEPS, 0)
    for picture in pictures:
        for step, memory in walk_picture(picture, empty, lambda *_: None).items():
            sums[step] = sums[step] + memory
    return {step: np.floor(total * (_START_WEIGHT / len(pictures))).astype(np.int64) for step, total in sums.items()}


def collect(
    pictures: Pictures, starts: Starts, per_picture: int, seed: int, report: Callable[[str], None]
) -> list[StepSamples]:
    """Random stretches of each picture, about ``per_picture`` pixels in all, for every step."""
    parts: dict[tuple[int, int], list[StepSamples]] = {step: [] for step in STEPS}
    for number, picture in enumerate(pictures):
        rng = np.random.default_rng([seed, number])
        share = 4 * per_picture / (picture.shape[0] * picture.shape[1])
        whole = Grid(*picture.shape[:2]).shape(3)[1] // BLOCK  # blocks without columns outside

        def visit(
            position: int,
            plane: int,
            r: int,
            guess: Guess,
            values: NDArray[np.float64],
            about: Statistics,
            share: float = share,
            whole: int = whole,
            rng: np.random.Generator = rng,
            width: int = picture.shape[1],
        ) -> None:
            blocks = -(-((width + 1) // 2) // BLOCK)
            place = np.arange(len(values) // BLOCK)
            chosen = place[(rng.random(len(place)) < share) & (place % blocks < whole)]
            if not chosen.size:
                return
            offset = 16.0 * (values - guess.features.base)

            def pick(column: NDArray[Any], kind: type) -> NDArray[Any]:
                return column.reshape(-1, BLOCK, *column.shape[1:])[chosen].astype(kind)

            parts[position, plane].append(
                StepSamples(
                    pick(network_inputs(guess, 0), np.int16),
                    pick(offset, np.int32),
                    pick(guess.prediction, np.int32),
                    pick(guess.features.scale, np.float32),
                    np.tile(np.array([about.mean, about.deviation], np.int16), (len(chosen), 1)),
                )
            )

        walk_picture(picture, starts, visit)
        if number % 20 == 19:
            report(f"samples of {number + 1}/{len(pictures)} pictures")
    return [_joined(parts[step]) for step in STEPS]


def _joined(parts: list[StepSamples]) -> StepSamples:
    names = [field.name for field in fields(StepSamples)]
    return StepSamples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
